// Opens a playground without a server: it says what to do.
// Usage: node file.mjs SCREENSHOTS|none PLAYGROUND-FOLDER
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [shots, folder] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || undefined, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
await page.goto(pathToFileURL(resolve(folder, "index.html")).href);
let problem = "";
try {
  await page.locator(".stuck").waitFor({ state: "visible", timeout: 20_000 });
  if (!(await page.locator(".stuck").innerText()).includes("python3 -m http.server")) problem = "it names no server";
} catch {
  // A browser that runs it all the same is none the worse.
  if (!(await page.locator("#main").isVisible())) problem = "it neither starts nor says what to do";
}
if (shots !== "none") await page.screenshot({ path: join(shots, "playground-as-file.png") });
await browser.close();
if (problem) console.error(`the playground as a file: ${problem}`);
process.exit(problem ? 1 : 0);
