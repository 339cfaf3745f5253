// What no other test sees of a page: broken pictures, links and headings, text that is hard to read, and what is too wide.

// Runs within the page; returns sentences.
export function faults() {
  const found = [];
  const name = (element) => `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") ?? ""}">`;
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.querySelectorAll("body *")].filter(
      (element) => element.getBoundingClientRect().right > root.clientWidth + 1 && !element.parentElement.closest(".scroll, pre"),
    );
    found.push(`it is ${root.scrollWidth} pixels wide: ${wide.slice(0, 3).map(name)}`);
  }
  for (const image of document.images) {
    if (!image.alt.trim() && image.checkVisibility()) found.push("an image has no alternative text");
    if (image.complete && image.naturalWidth === 0) found.push(`an image is broken: ${image.alt.slice(0, 60)}`);
  }
  let level = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) found.push(`a heading of level ${own} follows one of level ${level}`);
    level = own;
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  if (new Set(ids).size < ids.length) found.push("an id is there twice");
  for (const link of document.querySelectorAll("a[href]")) {
    const target = link.getAttribute("href");
    if (!document.getElementById(target.slice(1))) found.push(`the link ${target} leads nowhere`);
  }
  // Contrast of text (WCAG 2.1): at least 4.5.
  const light = (color) => {
    const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
    const linear = [r, g, b].map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return { a, value: 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] };
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = light(getComputedStyle(at).backgroundColor);
      if (color.a === 1) return color.value;
    }
    return 1;
  };
  const low = new Set();
  for (const element of document.querySelectorAll("body *:not(script)")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility()) continue;
    const [text, page] = [light(getComputedStyle(element).color).value, behind(element)];
    const contrast = (Math.max(text, page) + 0.05) / (Math.min(text, page) + 0.05);
    if (contrast < 4.5) low.add(`${name(element)} has a contrast of ${contrast.toFixed(2)}`);
  }
  return [...found, ...low];
}
