// Watches trainings at phone and desktop width, light and dark: in the training's own page and in that of `ae live`.
// Usage: node live.mjs AE SCREENSHOTS|none, in an empty folder
import { spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { faults } from "./faults.mjs";

const [ae, shots] = process.argv.slice(2);
const VIEWS = [390, 1280].flatMap((width) => ["light", "dark"].map((colorScheme) => ({ width, colorScheme })));
const PATIENCE = 60_000;
const problems = [];
if (shots !== "none") mkdirSync(shots, { recursive: true });

// Starts `ae`; resolves with its page's address, its end, and what it has told.
async function begin(args, address) {
  const child = spawn(ae, [...args, "--offline"], { stdio: ["ignore", "pipe", "pipe"] });
  const told = [];
  const end = new Promise((resolve) => child.on("close", (code) => resolve({ code, told: told.join("\n") })));
  const url = new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        told.push(line);
        const found = line.match(/http:\/\/127\.0\.0\.1:\d+\//);
        if (found) resolve(found[0]);
      });
    }
    end.then(() => reject(new Error(`ae ${args.join(" ")} has ended: ${told.join("\n")}`)));
  });
  // Who serves no page tells no address.
  url.catch(() => {});
  return { child, end, told, url: address === false ? null : await url };
}

const training = (name, epochs, ...rest) =>
  begin(["train", "--data", "digits", "--widths", "128,32", "--epochs", String(epochs), "--progress", "none", "--out", name, "--live", ...rest]);

async function open(browser, view, url, name) {
  const { width, colorScheme } = view;
  const context = await browser.newContext({ viewport: { width, height: width < 600 ? 844 : 900 }, colorScheme });
  const page = await context.newPage();
  const tell = (problem) => problems.push(`${name}, ${width} pixels, ${colorScheme}: ${problem}`);
  let hasEnded = false;
  page.on("console", (message) => {
    // A browser says so of every question that nobody answers.
    const isOfEnd = hasEnded && message.text().includes("ERR_CONNECTION_REFUSED");
    if (["error", "warning"].includes(message.type()) && !isOfEnd) tell(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => tell(`script: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith("data:") && !request.url().startsWith(url)) tell(`it asks for ${request.url()}`);
  });
  await page.goto(url);
  const look = async (moment) => {
    (await page.evaluate(faults)).forEach((fault) => tell(`${moment}: ${fault}`));
    if (shots !== "none") {
      await page.screenshot({ path: join(shots, `${name}-${moment}-${width}-${colorScheme}.png`), fullPage: true });
    }
  };
  return { context, page, tell, look, ends: () => { hasEnded = true; } };
}

// Epochs that the first curve shows.
const epochsOf = (page) => page.locator(".plot").first().getAttribute("data-epochs").then((text) => text.split(" ").length);
const waitFor = (page, check, argument) => page.waitForFunction(check, argument, { timeout: PATIENCE });

// A training is watched, and stopped with the keyboard alone.
async function stopIt(browser, view) {
  const run = `stopped-${view.width}-${view.colorScheme}`;
  const trained = await training(run, 100_000);
  const { context, page, tell, look, ends } = await open(browser, view, trained.url, "training");
  await waitFor(page, () => document.querySelectorAll("#parts .plot polyline").length > 0);
  await waitFor(page, () => document.querySelector("#reconstructions img")?.naturalWidth > 0);
  const before = await epochsOf(page);
  await waitFor(page, (count) => document.querySelector(".plot").dataset.epochs.split(" ").length > count + 2, before);
  // Who reads a curve goes on reading while it grows.
  const plot = () => page.locator(".plot").first();
  await plot().focus();
  await page.keyboard.press("Home");
  const count = await epochsOf(page);
  await waitFor(page, (count) => document.querySelector(".plot").dataset.epochs.split(" ").length > count, count);
  const read = await plot().evaluate((plot) => [plot === document.activeElement, plot.getAttribute("aria-valuetext")]);
  if (!read[0]) tell("a curve that grows loses the focus");
  if (!read[1].startsWith("epoch 1:")) tell(`a curve that grows loses the place that is read: ${read[1]}`);
  await plot().blur();
  for (const id of ["epoch", "rate", "left", "validation"]) {
    const text = await page.locator(`#${id}`).textContent();
    if (!/^\d/.test(text)) tell(`${id} is ${text}`);
  }
  await look("goes-on");
  await page.locator("#stop").focus();
  await page.keyboard.press("Enter");
  await page.locator("#confirm").waitFor({ state: "visible" });
  await look("asks");
  await page.keyboard.press("Escape");
  await page.locator("#confirm").waitFor({ state: "hidden" });
  const isFocused = await page.locator("#stop").evaluate((button) => button === document.activeElement);
  if (!isFocused) tell("the focus does not return to the button");
  await page.keyboard.press("Enter");
  await page.locator("#confirm").waitFor({ state: "visible" });
  await page.keyboard.press("Tab");
  ends();
  await page.keyboard.press("Enter");
  await waitFor(page, () => document.getElementById("verdict").textContent.startsWith("Stopped with a checkpoint"));
  const command = await page.locator("#command").textContent();
  if (command !== `ae resume ${run}`) tell(`it says ${command}`);
  const { code, told } = await trained.end;
  if (code !== 130 || !told.includes(`\`ae resume ${run}\` continues there`)) tell(`status ${code}: ${told}`);
  await page.locator("#lost").waitFor({ state: "visible", timeout: PATIENCE });
  if (await page.locator("#stop").isVisible()) tell("the button is there though nobody trains");
  await look("has-stopped");
  await context.close();
  return run;
}

// A training that ends shows its report.
async function seeTheEnd(browser, view) {
  const run = `finished-${view.width}-${view.colorScheme}`;
  const trained = await training(run, 8);
  const { context, page, tell, look, ends } = await open(browser, view, trained.url, "end");
  ends();
  await waitFor(page, () => document.querySelector("#figures img") && document.querySelector("#machine"));
  const { code, told } = await trained.end;
  if (code !== 0) tell(`status ${code}: ${told}`);
  await page.locator("#lost").waitFor({ state: "visible", timeout: PATIENCE });
  await look("finished");
  await context.close();
  return run;
}

// `ae live` follows a training of another process, and stops it with the pointer.
async function followIt(browser, view, run) {
  const resumed = await begin(["resume", run, "--progress", "none"], false);
  const followed = await begin(["live", run]);
  const { context, page, tell, look } = await open(browser, view, followed.url, "followed");
  await waitFor(page, () => document.getElementById("stop")?.checkVisibility() && !document.getElementById("stop").disabled);
  await waitFor(page, () => document.querySelector("#reconstructions img")?.naturalWidth > 0);
  await look("goes-on");
  await page.locator("#stop").click();
  await page.locator("#yes").click();
  await waitFor(page, () => document.getElementById("command").checkVisibility());
  const { code, told } = await resumed.end;
  if (code !== 130) tell(`status ${code}: ${told}`);
  await look("interrupted");
  if (existsSync(join(run, ".live"))) tell("the mailbox is still there");
  await context.close();
  followed.child.kill("SIGINT");
  if ((await followed.end).code !== 0) tell(`ae live has ended with ${(await followed.end).code}`);
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || undefined, args: ["--no-sandbox"] });
for (const view of VIEWS) {
  try {
    const run = await stopIt(browser, view);
    await followIt(browser, view, run);
    await seeTheEnd(browser, view);
  } catch (error) {
    problems.push(`${view.width} pixels, ${view.colorScheme}: ${error.message}`);
  }
}
await browser.close();
problems.forEach((problem) => console.error(problem));
console.log(`trainings watched at ${VIEWS.length} widths and colour schemes: ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
