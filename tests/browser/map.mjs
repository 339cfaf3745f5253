// Uses interactive maps, opened from disk, as a person does: pointer, wheel, fingers and arrow keys, at phone and desktop
// width, light and dark.
// Usage: node map.mjs SCREENSHOTS|none PAGE...
import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { visitAll } from "./disk.mjs";
import { faults } from "./faults.mjs";

const [shots, ...pages] = process.argv.slice(2);

/** What the map shows, as a text. */
const shown = (page) => page.locator("#map").evaluate((canvas) => canvas.toDataURL());
const card = (page) => page.locator("#card").evaluate((card) => (card.hidden ? "" : card.innerText.replaceAll("\n", ", ")));
const frame = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** The canvas on the screen, and where its points lie before any zoom. */
async function layOut(page) {
  await page.locator("#map").evaluate((canvas) => canvas.scrollIntoView({ block: "center" }));
  const box = await page.locator("#map").boundingBox();
  const data = JSON.parse(await page.locator("#data").textContent());
  const shorter = Math.min(box.width, box.height) - 40;
  const [across, up] = data.square ? [shorter, shorter] : [box.width - 40, box.height - 40];
  const place = (item) => [
    box.x + box.width / 2 + (data.points[2 * item] - 0.5) * across,
    box.y + box.height / 2 + (0.5 - data.points[2 * item + 1]) * up,
  ];
  return { box, data, middle: [box.x + box.width / 2, box.y + box.height / 2], place, count: data.names.length };
}

/** An item without another one near it, so that a pointer means it. */
function lonely({ count, place, box }) {
  const places = Array.from({ length: count }, (_, item) => place(item));
  const distance = (item) => Math.min(...places.map(([x, y], other) => (other === item ? Infinity : Math.hypot(x - places[item][0], y - places[item][1]))));
  const inside = ([x, y]) => x > box.x + 30 && x < box.x + box.width - 30 && y > box.y + 30 && y < box.y + box.height - 30;
  const candidates = places.map((_, item) => item).filter((item) => inside(places[item])).slice(0, 1500);
  return candidates.reduce((best, item) => (distance(item) > distance(best) ? item : best));
}

/** The words that the card of an item must have. */
function wordsOf(data, item) {
  const words = [data.names[item] || `${data.noun} ${data.places[item]}`];
  if (data.labels.length) words.push(`class ${data.classes[data.labels[item]].name}`);
  if (data.scores.length && data.scores[item] !== null) words.push(`${data.score} ${data.scores[item]}`);
  return words;
}

async function useMouse(page, tell) {
  const laid = await layOut(page);
  const item = lonely(laid);
  const [x, y] = laid.place(item);
  await page.mouse.move(x, y);
  await frame(page);
  const told = await card(page);
  for (const word of wordsOf(laid.data, item)) if (!told.includes(word)) tell(`hovering says "${told}" without "${word}"`);
  const cardBox = await page.locator("#card").boundingBox();
  const { box } = laid;
  if (cardBox.x < box.x - 1 || cardBox.y < box.y - 1 || cardBox.x + cardBox.width > box.x + box.width + 1) tell("the card is outside of the map");
  const before = await shown(page);
  const scroll = await page.evaluate(() => scrollY);
  await page.mouse.wheel(0, -600);
  await frame(page);
  const zoomed = await shown(page);
  if (zoomed === before) tell("the wheel does not zoom");
  if ((await page.evaluate(() => scrollY)) !== scroll) tell("the wheel scrolls the page as well");
  await page.mouse.move(x, y);
  await frame(page);
  if (!(await card(page)).includes(wordsOf(laid.data, item)[0])) tell("the item under the pointer does not stay there while zooming");
  await page.mouse.down();
  await page.mouse.move(x - 60, y - 40, { steps: 5 });
  await page.mouse.up();
  await frame(page);
  if ((await shown(page)) === zoomed) tell("dragging does not move the map");
  await page.mouse.move(1, 1);
  await page.locator("#whole").click();
  await frame(page);
  if ((await card(page)) !== "") tell("the card stays when the pointer has left");
}

async function useFingers(page, tell) {
  const laid = await layOut(page);
  const client = await page.context().newCDPSession(page);
  const send = (type, ...points) => client.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
  const item = lonely(laid);
  const [x, y] = laid.place(item);
  await send("touchStart", [x, y]);
  await send("touchEnd");
  await frame(page);
  const told = await card(page);
  for (const word of wordsOf(laid.data, item)) if (!told.includes(word)) tell(`a tap says "${told}" without "${word}"`);
  const before = await shown(page);
  const [a, b] = laid.middle;
  await send("touchStart", [a - 20, b], [a + 20, b]);
  for (let step = 1; step <= 6; step++) await send("touchMove", [a - 20 - 12 * step, b], [a + 20 + 12 * step, b]);
  await send("touchEnd");
  await frame(page);
  const pinched = await shown(page);
  if (pinched === before) tell("two fingers do not zoom");
  if ((await page.evaluate(() => visualViewport.scale)) !== 1) tell("two fingers zoom the page as well");
  const scroll = await page.evaluate(() => scrollY);
  await send("touchStart", [a, b]);
  for (let step = 1; step <= 6; step++) await send("touchMove", [a + 6 * step, b - 8 * step]);
  await send("touchEnd");
  await frame(page);
  if ((await shown(page)) === pinched) tell("a finger does not move the map");
  if ((await page.evaluate(() => scrollY)) !== scroll) tell("a finger on the map scrolls the page");
  await page.locator("#whole").tap();
  await frame(page);
  await client.detach();
}

async function useKeys(page, tell) {
  await page.locator("#map").focus();
  await page.keyboard.press("Escape");
  const seen = new Set();
  for (const key of ["Enter", "ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"]) {
    await page.keyboard.press(key);
    await frame(page);
    seen.add(await card(page));
  }
  if (seen.has("")) tell("an arrow key shows no item");
  if (seen.size < 3) tell(`five keys show ${seen.size} items`);
  const said = await page.locator("#said").textContent();
  if (!said) tell("a screen reader hears nothing of the item");
  await page.keyboard.press("0");
  await frame(page);
  const before = await shown(page);
  await page.keyboard.press("+");
  await frame(page);
  if ((await shown(page)) === before) tell("the key + does not zoom");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("0");
  await frame(page);
  if ((await shown(page)) !== before) tell("the key 0 does not lead back to the whole map");
  await page.keyboard.press("Escape");
  await frame(page);
  if ((await card(page)) !== "") tell("Esc does not close the card");
}

async function useColours(page, tell) {
  const scores = page.locator("#scores");
  if (!(await scores.count())) return;
  const before = await shown(page);
  await scores.check();
  await frame(page);
  if ((await shown(page)) === before) tell("colouring by the score changes nothing");
  if (!(await page.locator("#scale").isVisible())) tell("the colours have no scale");
}

async function chooseClass(page, tell) {
  const button = page.locator(".class").first();
  if (!(await button.count()) || !(await button.isVisible())) return;
  const before = await shown(page);
  await button.click();
  await frame(page);
  if ((await shown(page)) === before) tell("choosing a class changes nothing");
  await button.click();
}

await visitAll("maps", pages, true, async ({ page, file, tell, touch, view }) => {
  const photograph = async (name) => {
    if (shots === "none") return;
    mkdirSync(shots, { recursive: true });
    await page.screenshot({ path: join(shots, `${basename(file, ".html")}-${name}-${view}.png`) });
  };
  await frame(page);
  (await page.evaluate(faults)).forEach(tell);
  await (touch ? useFingers : useMouse)(page, tell);
  await useKeys(page, tell);
  await chooseClass(page, tell);
  const laid = await layOut(page);
  const [x, y] = laid.place(lonely(laid));
  await (touch ? page.touchscreen.tap(x, y) : page.mouse.move(x, y));
  await frame(page);
  await photograph("item");
  await useColours(page, tell);
  await frame(page);
  await photograph("scores");
  await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
  (await page.evaluate(faults)).forEach((fault) => tell(`opened: ${fault}`));
});
