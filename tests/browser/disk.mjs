// Opens pages from disk at phone and desktop width, light and dark.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const WIDTHS = [390, 1280];
const SCHEMES = ["light", "dark"];

/**
 * Visits each page in each view, and ends the program with what was wrong: errors on the console, requests that leave the
 * page, and what `visit({ page, file, tell, touch, view })` tells. With `fingers` the narrow views are those of a phone.
 */
export async function visitAll(noun, files, fingers, visit) {
  const problems = [];
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || undefined, args: ["--no-sandbox"] });
  for (const file of files) {
    const url = pathToFileURL(resolve(file)).href;
    for (const width of WIDTHS) {
      for (const colorScheme of SCHEMES) {
        const touch = fingers && width === WIDTHS[0];
        const viewport = { width, height: touch ? 844 : 900 };
        const context = await browser.newContext({ viewport, colorScheme, hasTouch: touch, isMobile: touch });
        const page = await context.newPage();
        const tell = (problem) => problems.push(`${file}, ${width} pixels, ${colorScheme}: ${problem}`);
        page.on("console", (message) => ["error", "warning"].includes(message.type()) && tell(`console: ${message.text()}`));
        page.on("pageerror", (error) => tell(`script: ${error.message}`));
        page.on("request", (request) => {
          if (!request.url().startsWith("data:") && request.url() !== url) tell(`it asks for ${request.url()}`);
        });
        try {
          await page.goto(url);
          await visit({ page, file, tell, touch, view: `${width}-${colorScheme}` });
        } catch (error) {
          tell(error.message);
        }
        await context.close();
      }
    }
  }
  await browser.close();
  problems.forEach((problem) => console.error(problem));
  const views = `each at ${WIDTHS.length} widths in ${SCHEMES.length} colour schemes`;
  console.log(`${files.length} ${noun}, ${views}: ${problems.length} problems`);
  process.exit(problems.length ? 1 : 0);
}
