"use strict";
// Draws the map and shows the item under the pointer, the finger or the arrow keys.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { points, names, labels, scores, cells, classes, cell, columns, noun } = data;
  const canvas = document.getElementById("map");
  const card = document.getElementById("card");
  const said = document.getElementById("said");
  const sprite = document.getElementById("sprite");
  const pictures = document.getElementById("pictures");
  const byScore = document.getElementById("scores");
  const context = canvas.getContext("2d");
  const count = names.length;
  let width = 1, height = 1, zoom = 1, left = 0, top = 0;
  let chosen = -1, alone = -1, waits = false;

  // A map of which only distances mean something has one scale; others fill the canvas.
  const side = () => {
    const shorter = Math.min(width, height) - 40;
    return data.square ? [shorter, shorter] : [width - 40, height - 40];
  };
  const place = (item) => {
    const [across, up] = side();
    return [
      width / 2 + ((points[2 * item] - 0.5) * across + left) * zoom,
      height / 2 + ((0.5 - points[2 * item + 1]) * up + top) * zoom,
    ];
  };
  const isShown = (item) => alone < 0 || labels[item] === alone;
  const nameOf = (item) => names[item] || `${noun} ${data.places[item]}`;
  const mark = (item) => labels.length ? classes[labels[item]] : data.plain;

  function trace(shape, x, y, radius) {
    const square = 0.886 * radius, diamond = 1.253 * radius, triangle = 1.555 * radius;
    if (shape === "square") {
      context.rect(x - square, y - square, 2 * square, 2 * square);
    } else if (shape === "diamond") {
      context.moveTo(x, y - diamond);
      context.lineTo(x + diamond, y);
      context.lineTo(x, y + diamond);
      context.lineTo(x - diamond, y);
      context.closePath();
    } else if (shape === "triangle") {
      context.moveTo(x, y - triangle);
      context.lineTo(x + 0.866 * triangle, y + 0.5 * triangle);
      context.lineTo(x - 0.866 * triangle, y + 0.5 * triangle);
      context.closePath();
    } else {
      context.moveTo(x + radius, y);
      context.arc(x, y, radius, 0, 7);
    }
  }

  // The rank of each score from 0 to 1: a few large ones would take all colours of a scale of values.
  const ranks = new Float32Array(count).fill(-1);
  const scored = scores.map((score, item) => [Number(score ?? NaN), item]).filter(([score]) => !Number.isNaN(score));
  scored.sort((a, b) => a[0] - b[0]).forEach(([, item], rank) => { ranks[item] = rank / Math.max(1, scored.length - 1); });
  let [low, high] = [[0, 0, 0], [0, 0, 0]];
  const fillOf = (item) => {
    if (!byScore || !byScore.checked || ranks[item] < 0) return mark(item).colour;
    return `rgb(${low.map((from, channel) => Math.round(from + (high[channel] - from) * ranks[item]))})`;
  };

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const spriteAt = (number) => [(number % columns) * cell[0], Math.floor(number / columns) * cell[1]];
  // How large a picture is drawn beside its side in pixels; a row of numbers is a strip.
  const shownSize = (longest) => {
    if (cell[1] === 1) return [longest, Math.max(6, longest / 8)];
    const factor = longest / Math.max(cell[0], cell[1]);
    return [cell[0] * factor, cell[1] * factor];
  };

  function drawPoints(radius) {
    const rim = colour("--rim");
    context.lineWidth = 0.75;
    context.strokeStyle = rim;
    // Rims would outshine the colours of scores.
    const hasRim = rim !== "#0000" && !(byScore && byScore.checked);
    [low, high] = ["--low", "--high"].map((name) => [1, 3, 5].map((at) => parseInt(colour(name).slice(at, at + 2), 16)));
    // The highest scores are on top.
    const order = [...names.keys()];
    if (byScore && byScore.checked) order.sort((a, b) => ranks[a] - ranks[b]);
    for (const item of order) {
      const [x, y] = place(item);
      if (x < -9 || y < -9 || x > width + 9 || y > height + 9) continue;
      const { shape } = mark(item);
      context.globalAlpha = isShown(item) ? 0.8 : 0.08;
      context.fillStyle = fillOf(item);
      context.beginPath();
      trace(shape, x, y, radius);
      context.fill();
      if (hasRim && isShown(item)) context.stroke();
    }
    context.globalAlpha = 1;
  }

  // One picture for each part of the canvas, the first item of the part.
  function drawPictures(taken) {
    if (!sprite || !pictures.checked || !sprite.complete) return;
    const [wide, high] = shownSize(Math.min(64, 26 + 6 * Math.log2(zoom)));
    const step = 2.8 * Math.max(wide, high);
    const parts = new Set();
    context.imageSmoothingEnabled = false;
    for (let item = 0; item < count; item += 1) {
      if (cells[item] < 0 || !isShown(item)) continue;
      const [x, y] = place(item);
      if (x < wide || y < high || x > width - wide || y > height - high) continue;
      const part = `${Math.floor(x / step)},${Math.floor(y / step)}`;
      if (parts.has(part)) continue;
      const box = [x - wide / 2 - 2, y - high / 2 - 2, x + wide / 2 + 2, y + high / 2 + 2];
      if (taken.some((b) => box[0] < b[2] && b[0] < box[2] && box[1] < b[3] && b[1] < box[3])) continue;
      parts.add(part);
      taken.push(box);
      const [from, down] = spriteAt(cells[item]);
      context.fillStyle = fillOf(item);
      context.fillRect(box[0], box[1], wide + 4, high + 4);
      context.drawImage(sprite, from, down, cell[0], cell[1], x - wide / 2, y - high / 2, wide, high);
    }
  }

  // Names of classes at the medians of their points, as far as they do not overlap.
  function placeNames() {
    const taken = [];
    const found = [];
    context.font = "700 18px system-ui, sans-serif";
    classes.forEach((one, index) => {
      if (!one.median || (!data.named && alone < 0) || (alone >= 0 && alone !== index)) return;
      const [across, up] = side();
      const x = width / 2 + ((one.median[0] - 0.5) * across + left) * zoom;
      const y = height / 2 + ((0.5 - one.median[1]) * up + top) * zoom;
      const wide = context.measureText(one.name).width / 2 + 5;
      if (x < 0 || y < 12 || x > width || y > height) return;
      for (const [right, down] of [[0, 0], [0, -24], [0, 24], [-34, 0], [34, 0], [-28, -24], [28, 24], [28, -24], [-28, 24], [0, -48], [0, 48]]) {
        const at = [Math.min(Math.max(x + right, wide), width - wide), y + down];
        const box = [at[0] - wide, at[1] - 12, at[0] + wide, at[1] + 12];
        if (taken.some((b) => box[0] < b[2] && b[0] < box[2] && box[1] < b[3] && b[1] < box[3])) continue;
        taken.push(box);
        found.push([one.name, at]);
        return;
      }
    });
    return [taken, found];
  }

  function drawNames(found) {
    context.font = "700 18px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.lineWidth = 5;
    context.strokeStyle = colour("--map");
    context.fillStyle = colour("--ink");
    for (const [name, [x, y]] of found) {
      context.strokeText(name, x, y);
      context.fillText(name, x, y);
    }
  }

  function draw() {
    waits = false;
    context.clearRect(0, 0, width, height);
    const radius = Math.min(9, Math.min(4.5, Math.max(2, 90 / Math.sqrt(count))) * Math.sqrt(zoom));
    drawPoints(radius);
    const [taken, found] = placeNames();
    drawPictures(taken);
    drawNames(found);
    if (chosen >= 0) {
      const [x, y] = place(chosen);
      context.strokeStyle = colour("--ink");
      context.lineWidth = 2;
      context.beginPath();
      context.arc(x, y, radius + 5, 0, 7);
      context.stroke();
    }
    showCard();
  }

  function redraw() {
    if (!waits) {
      waits = true;
      requestAnimationFrame(draw);
    }
  }

  function fillCard() {
    card.replaceChildren();
    if (chosen < 0) return;
    if (sprite && cells[chosen] >= 0) {
      const picture = document.createElement("canvas");
      const [wide, high] = shownSize(cell[1] === 1 ? 176 : 112);
      [picture.width, picture.height] = [Math.round(wide), Math.round(high)];
      const drawn = picture.getContext("2d");
      drawn.imageSmoothingEnabled = false;
      drawn.drawImage(sprite, ...spriteAt(cells[chosen]), cell[0], cell[1], 0, 0, picture.width, picture.height);
      card.append(picture);
    }
    const add = (tag, text) => {
      const element = document.createElement(tag);
      element.textContent = text;
      card.append(element);
    };
    const lines = [nameOf(chosen)];
    add("strong", lines[0]);
    const tell = (text) => { lines.push(text); add("div", text); };
    if (labels.length) tell(`class ${classes[labels[chosen]].name}`);
    if (scores.length && scores[chosen] !== null) tell(`${data.score} ${scores[chosen]}`);
    said.textContent = lines.join(", ");
  }

  function showCard() {
    card.hidden = chosen < 0;
    if (chosen < 0) return;
    const [x, y] = place(chosen);
    const { offsetWidth: wide, offsetHeight: high } = card;
    const right = x + 16 + wide < width ? x + 16 : x - 16 - wide;
    card.style.left = `${Math.min(Math.max(right, 4), Math.max(4, width - wide - 4))}px`;
    card.style.top = `${Math.min(Math.max(y - high / 2, 4), Math.max(4, height - high - 4))}px`;
  }

  function choose(item) {
    if (item === chosen) return;
    chosen = item;
    fillCard();
    redraw();
  }

  function nearest(x, y, most) {
    let best = -1, least = most * most;
    for (let item = 0; item < count; item += 1) {
      if (!isShown(item)) continue;
      const [a, b] = place(item);
      const distance = (a - x) ** 2 + (b - y) ** 2;
      if (distance < least) [best, least] = [item, distance];
    }
    return best;
  }

  // The nearest item in a direction, those ahead before those at the side.
  function step(right, down) {
    if (chosen < 0) return choose(nearest(width / 2, height / 2, Infinity));
    const [x, y] = place(chosen);
    let best = chosen, least = Infinity;
    for (let item = 0; item < count; item += 1) {
      if (item === chosen || !isShown(item)) continue;
      const [a, b] = place(item);
      const ahead = (a - x) * right + (b - y) * down;
      const aside = Math.abs((a - x) * down) + Math.abs((b - y) * right);
      if (ahead > 0.01 && aside <= ahead * 1.5 && ahead + 2 * aside < least) [best, least] = [item, ahead + 2 * aside];
    }
    choose(best);
    const [a, b] = place(best);
    if (a < 20 || a > width - 20) left -= (a - width / 2) / zoom;
    if (b < 20 || b > height - 20) top -= (b - height / 2) / zoom;
    redraw();
  }

  function zoomAt(x, y, factor) {
    const next = Math.min(60, Math.max(1, zoom * factor));
    left += (x - width / 2) * (1 / next - 1 / zoom);
    top += (y - height / 2) * (1 / next - 1 / zoom);
    zoom = next;
    if (zoom === 1) left = top = 0;
    redraw();
  }

  function whole() {
    [zoom, left, top] = [1, 0, 0];
    redraw();
  }

  const held = new Map();
  let moved = 0;
  const where = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const spread = () => {
    const [a, b] = [...held.values()];
    return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2, Math.hypot(a[0] - b[0], a[1] - b[1])];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (held.size === 0) moved = 0;
    held.set(event.pointerId, where(event));
    canvas.setPointerCapture(event.pointerId);
    canvas.classList.add("dragged");
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = where(event);
    const before = held.get(event.pointerId);
    if (!before) return choose(nearest(...now, 24));
    moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    const two = held.size === 2 ? spread() : null;
    held.set(event.pointerId, now);
    if (two) {
      const [x, y, distance] = spread();
      left += (x - two[0]) / zoom;
      top += (y - two[1]) / zoom;
      zoomAt(x, y, distance / Math.max(two[2], 1));
    } else if (held.size === 1) {
      left += (now[0] - before[0]) / zoom;
      top += (now[1] - before[1]) / zoom;
      redraw();
    }
  });
  const release = (event) => {
    if (held.delete(event.pointerId) && event.type === "pointerup" && moved < 6) choose(nearest(...where(event), 32));
    if (held.size === 0) canvas.classList.remove("dragged");
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse" && held.size === 0) choose(-1);
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomAt(...where(event), Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)));
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const arrow = arrows[event.key];
    if (arrow && event.shiftKey) {
      left -= arrow[0] * 60 / zoom;
      top -= arrow[1] * 60 / zoom;
      redraw();
    } else if (arrow) step(...arrow);
    else if (event.key === "+" || event.key === "=") zoomAt(width / 2, height / 2, 1.5);
    else if (event.key === "-") zoomAt(width / 2, height / 2, 1 / 1.5);
    else if (event.key === "0") whole();
    else if (event.key === "Escape") choose(-1);
    else if (event.key === "Enter") choose(nearest(width / 2, height / 2, Infinity));
    else return;
    event.preventDefault();
  });
  document.getElementById("in").addEventListener("click", () => zoomAt(width / 2, height / 2, 1.5));
  document.getElementById("out").addEventListener("click", () => zoomAt(width / 2, height / 2, 1 / 1.5));
  document.getElementById("whole").addEventListener("click", whole);
  if (pictures) pictures.addEventListener("change", redraw);
  if (byScore) {
    byScore.addEventListener("change", () => {
      document.getElementById("scale").hidden = !byScore.checked;
      redraw();
    });
  }
  const buttons = [...document.querySelectorAll(".class")];
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const index = Number(button.dataset.class);
      alone = alone === index ? -1 : index;
      for (const other of buttons) other.setAttribute("aria-pressed", String(Number(other.dataset.class) === alone));
      choose(-1);
      redraw();
    });
  }

  function fit() {
    const ratio = window.devicePixelRatio || 1;
    [width, height] = [canvas.clientWidth, canvas.clientHeight];
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    redraw();
  }
  new ResizeObserver(fit).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  if (sprite) sprite.decode().then(redraw, () => {});
  fit();
})();
