// Opens pages from disk at phone and desktop width, light and dark, and checks what no other test sees.
// Usage: node pages.mjs SCREENSHOTS|none PAGE...
import { mkdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { visitAll } from "./disk.mjs";
import { faults } from "./faults.mjs";

const [shots, ...pages] = process.argv.slice(2);
const MOST_BYTES = 3_000_000;

// The arrow keys and the pointer read other values of a curve than those of the last epoch.
async function readCurve(page, tell) {
  const plot = page.locator(".plot").first();
  if (!(await plot.count())) return;
  const told = () => plot.getAttribute("aria-valuetext");
  if ((await plot.getAttribute("data-epochs")).split(" ").length < 2) return;
  const last = await told();
  await plot.focus();
  await page.keyboard.press("ArrowLeft");
  const before = await told();
  if (before === last) tell("an arrow key reads no other epoch");
  await page.keyboard.press("End");
  if ((await told()) !== last) tell("the key End does not lead to the last epoch");
  await plot.blur();
  await plot.scrollIntoViewIfNeeded();
  const box = await plot.boundingBox();
  await page.mouse.move(box.x + 2, box.y + box.height / 2);
  if ((await told()) === last) tell("the pointer reads no other epoch");
  await page.mouse.move(0, 0);
}

async function readMap(page, tell) {
  const cells = page.locator(".cells").first();
  if (!(await cells.count())) return;
  await cells.focus();
  await page.keyboard.press("ArrowRight");
  const output = page.locator(".map output").first();
  if (!(await output.textContent()).startsWith("row 0, column 1: ")) tell("an arrow key reads no place of the map");
  await cells.blur();
}

await visitAll("pages", pages, false, async ({ page, file, tell, view }) => {
  if (statSync(file).size >= MOST_BYTES) tell(`it has ${statSync(file).size} bytes`);
  (await page.evaluate(faults)).forEach(tell);
  await readCurve(page, tell);
  await readMap(page, tell);
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
  (await page.evaluate(faults)).forEach((fault) => tell(`opened: ${fault}`));
  if (shots === "none") return;
  mkdirSync(shots, { recursive: true });
  await page.reload();
  const name = `${basename(dirname(resolve(file)))}-${basename(file, ".html")}-${view}.png`;
  await page.screenshot({ path: join(shots, name), fullPage: true });
});
