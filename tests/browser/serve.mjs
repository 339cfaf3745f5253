// Uses the page of `ae serve` as a person does, at phone and desktop width, light and dark.
// Usage: node serve.mjs SCREENSHOTS|none NAME=ADDRESS...
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { faults } from "./faults.mjs";

const [shots, ...pages] = process.argv.slice(2);
const WIDTHS = [390, 1280];
const SCHEMES = ["light", "dark"];
/** The longest round trip while drawing in milliseconds, the median of a page. */
const MOST_TIME = 30;
/** A three, in fractions of the pad. */
const DIGIT = [
  [0.32, 0.24], [0.42, 0.17], [0.54, 0.16], [0.64, 0.22], [0.66, 0.32], [0.6, 0.42], [0.47, 0.48],
  [0.6, 0.52], [0.68, 0.62], [0.67, 0.74], [0.57, 0.82], [0.43, 0.83], [0.32, 0.76],
];
const problems = [];

/** The points of a smooth line through others. */
function smooth(points, steps = 6) {
  const at = (i) => points[Math.min(Math.max(i, 0), points.length - 1)];
  const line = [];
  for (let i = 0; i + 1 < points.length; i++) {
    for (let step = 0; step < steps; step++) {
      const t = step / steps;
      line.push([0, 1].map((axis) => {
        const [a, b, c, d] = [-1, 0, 1, 2].map((offset) => at(i + offset)[axis]);
        return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t ** 2 + (3 * b - a - 3 * c + d) * t ** 3);
      }));
    }
  }
  return [...line, at(points.length)];
}

/** Moves the mouse or a finger along fractions of an element, at the speed of a hand. */
async function drag(page, selector, fractions, touch) {
  const element = page.locator(selector);
  await element.evaluate((element) => element.scrollIntoView({ block: "center" }));
  const box = await element.boundingBox();
  const points = fractions.map(([x, y]) => ({ x: box.x + x * box.width, y: box.y + y * box.height }));
  if (touch) {
    const client = await page.context().newCDPSession(page);
    const send = (type, point) => client.send("Input.dispatchTouchEvent", { type, touchPoints: point ? [point] : [] });
    await send("touchStart", points[0]);
    for (const point of points.slice(1)) {
      await send("touchMove", point);
      await page.waitForTimeout(12);
    }
    await send("touchEnd");
    return client.detach();
  }
  await page.mouse.move(points[0].x, points[0].y);
  await page.mouse.down();
  for (const { x, y } of points.slice(1)) {
    await page.mouse.move(x, y);
    await page.waitForTimeout(12);
  }
  await page.mouse.up();
}

/** Moves a slider. */
const slide = (page, selector, value) => page.locator(selector).evaluate((slider, value) => {
  slider.value = value;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
}, value);

/** What a canvas shows, as a text. */
const shown = (page, selector) => page.locator(selector).first().evaluate((canvas) => canvas.toDataURL());

/** Waits until a canvas shows something else; whether it did. */
async function changes(page, selector, before) {
  for (let wait = 0; wait < 100; wait++) {
    if ((await shown(page, selector)) !== before) return true;
    await page.waitForTimeout(20);
  }
  return false;
}

/** From now on, the page keeps every round trip that it tells. */
const watchTimes = (page) => page.evaluate(() => {
  window.times = [];
  const stats = document.getElementById("stats");
  new MutationObserver(() => window.times.push(Number(stats.dataset.milliseconds))).observe(stats, { childList: true });
});

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

const MADE = "#views figure:nth-child(2) canvas";

async function draw(page, touch, tell) {
  await page.locator("#clear").click();
  const before = await shown(page, MADE);
  await slide(page, "#pen", "7");
  await watchTimes(page);
  await drag(page, ".pad", smooth(DIGIT), touch);
  if (!(await changes(page, MADE, before))) tell("drawing changes no reconstruction");
  await page.waitForTimeout(200);
  const times = await page.evaluate(() => window.times);
  if (times.length < 20) tell(`drawing was followed by ${times.length} answers`);
  return times;
}

async function corrupt(page, tell) {
  const text = (id) => page.locator(id).textContent();
  const [before, score] = [await shown(page, MADE), await text("#verdict")];
  await page.locator("#noise").selectOption("gaussian");
  if (!(await changes(page, MADE, before))) tell("a corruption changes no reconstruction");
  const [weak, error] = [await shown(page, MADE), await text("#stats")];
  await slide(page, "#strength", "0.8");
  if (!(await changes(page, MADE, weak))) tell("the strength changes no reconstruction");
  if ((await text("#stats")) === error) tell("the strength changes no error");
  if ((await text("#verdict")) === score) tell("the corruption changes no anomaly score");
  await slide(page, "#strength", "0.5");
}

async function dragMap(page, touch, tell) {
  const decoded = "#map-decoded canvas";
  const before = await shown(page, decoded);
  await drag(page, "#map", smooth([[0.5, 0.5], [0.35, 0.4], [0.3, 0.55]], 8), touch);
  if (!(await changes(page, decoded, before))) tell("dragging through the map decodes nothing else");
  const there = await shown(page, decoded);
  await page.locator("#map").focus();
  await page.keyboard.press("ArrowRight");
  if (!(await changes(page, decoded, there))) tell("an arrow key decodes no other place of the map");
}

async function morph(page, tell) {
  await page.locator("#take-a").click();
  await page.locator("#examples-strip button").nth(2).click();
  await page.locator("#take-b").click();
  const between = "#morph-between canvas";
  await page.waitForTimeout(100);
  for (const place of ["0.1", "0.9", "0.5"]) {
    const before = await shown(page, between);
    await slide(page, "#morph", place);
    if (!(await changes(page, between, before))) tell(`morphing to ${place} changes nothing`);
  }
}

/** A row is pasted, and its table follows. */
async function pasteRow(page, tell) {
  const table = () => page.locator("#views table").innerText();
  const before = await table();
  const row = (await page.locator("#paste").inputValue()).split(",").map((cell, i) => (Number(cell) + (i ? 0 : 1)).toFixed(3));
  await page.locator("#paste").fill(row.join("\t"));
  await page.waitForTimeout(300);
  if ((await table()) === before) tell("another row changes no table");
}

/** Everything that the page offers; the round trips while drawing. */
async function use(page, touch, tell) {
  await page.locator("#main").waitFor({ state: "visible" });
  await page.locator("#examples-strip button").first().waitFor();
  if (await page.locator("#paste").isVisible()) {
    await pasteRow(page, tell);
    return [];
  }
  await page.locator("#map-box").waitFor({ state: "visible" });
  await page.waitForTimeout(200);
  const times = await draw(page, touch, tell);
  await corrupt(page, tell);
  await dragMap(page, touch, tell);
  await morph(page, tell);
  await draw(page, touch, tell);
  const { height } = await page.locator(".code").boundingBox();
  if (height > 320) tell(`the bars of the code are ${height} pixels high`);
  return times;
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || undefined, args: ["--no-sandbox"] });

async function open(url, options, tell) {
  const context = await browser.newContext({ viewport: { width: options.width, height: 900 }, ...options });
  const page = await context.newPage();
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && tell(`console: ${message.text()}`));
  page.on("pageerror", (error) => tell(`script: ${error.message}`));
  page.on("request", (request) => {
    const address = request.url();
    if (!/^(data|blob):/.test(address) && !address.startsWith(url)) tell(`it asks for ${address}`);
  });
  await page.goto(url);
  return page;
}

async function photograph(page, name, options) {
  if (shots === "none") return;
  mkdirSync(shots, { recursive: true });
  await page.evaluate(() => {
    document.activeElement.blur();
    scrollTo(0, 0);
  });
  await page.waitForTimeout(200);
  await page.screenshot({ path: join(shots, `${name}.png`), ...options });
}

for (const [name, url] of pages.map((page) => page.split("="))) {
  const times = [];
  for (const width of WIDTHS) {
    for (const colorScheme of SCHEMES) {
      const tell = (problem) => problems.push(`${name}, ${width} pixels, ${colorScheme}: ${problem}`);
      const touch = width === WIDTHS[0];
      const page = await open(url, { width, colorScheme, hasTouch: touch, isMobile: touch }, tell);
      try {
        const ofPage = await use(page, touch, tell);
        if (ofPage.length) times.push(median(ofPage));
        // Unlike a report, the page links to the API.
        (await page.evaluate(faults)).filter((fault) => !fault.startsWith("the link ")).forEach(tell);
      } catch (error) {
        tell(error.message);
      }
      await photograph(page, `${name}-${width}-${colorScheme}`, { fullPage: true });
      await page.context().close();
    }
  }
  if (!times.length) continue;
  // The best of the pages: for a while, the machine may be busy with something else.
  const time = Math.min(...times);
  console.log(`${name}: round trip while drawing ${times.map((time) => time.toFixed(1)).join(", ")} ms`);
  if (!(time < MOST_TIME)) problems.push(`${name}: a round trip while drawing takes ${time} ms`);
}
// The picture of the README.
if (shots !== "none") {
  const [width, deviceScaleFactor] = [1200, 0.8];
  const page = await open(pages[0].split("=")[1], { width, deviceScaleFactor, colorScheme: "light" }, () => {});
  await use(page, false, () => {});
  const { y, height } = await page.locator("section:has(#map)").evaluate((section) => section.getBoundingClientRect().toJSON());
  const top = await page.evaluate(() => scrollY);
  await photograph(page, "serve", { clip: { x: 0, y: 0, width, height: Math.ceil(top + y + height + 12) }, fullPage: true });
}
await browser.close();
problems.forEach((problem) => console.error(problem));
console.log(`${pages.length} pages, each at ${WIDTHS.length} widths in ${SCHEMES.length} colour schemes: ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
