"use strict";
// Curves: the pointer and the arrow keys read the values of an epoch.
function readCurve(plot) {
  const epochs = plot.dataset.epochs.split(" ");
  const places = plot.dataset.places.split(" ").map(Number);
  const lines = [...plot.querySelectorAll("g")].map((line) => ({
    values: line.dataset.values.split(" "),
    heights: line.dataset.heights.split(" "),
    dot: plot.appendChild(Object.assign(document.createElement("b"), { className: line.classList[0] })),
  }));
  const legend = plot.parentElement.querySelectorAll(".legend li");
  const names = lines.map((_, number) => legend[number].querySelector("span").textContent);
  const rule = plot.appendChild(document.createElement("hr"));
  let place = epochs.length - 1;
  const show = (index) => {
    place = Math.min(Math.max(index, 0), epochs.length - 1);
    rule.style.left = `${places[place]}%`;
    const told = lines.map((line, number) => {
      const value = line.values[place] || "–";
      legend[number].querySelector("output").textContent = value;
      line.dot.hidden = !line.heights[place];
      line.dot.style.left = `${places[place]}%`;
      line.dot.style.bottom = `${line.heights[place] || 0}%`;
      return `${names[number]} ${value}`;
    });
    legend[lines.length].querySelector("output").textContent = epochs[place];
    plot.setAttribute("aria-valuenow", place);
    plot.setAttribute("aria-valuetext", `epoch ${epochs[place]}: ${told.join(", ")}`);
  };
  // Where nobody reads, the legend has the last value of each curve: one may end before the others.
  const rest = () => {
    show(epochs.length - 1);
    lines.forEach((line, number) => {
      legend[number].querySelector("output").textContent = line.values.findLast((value) => value) || "–";
    });
  };
  const nearest = (event) => {
    const box = plot.getBoundingClientRect();
    const percent = (100 * (event.clientX - box.left)) / box.width;
    let best = 0;
    places.forEach((at, index) => {
      if (Math.abs(at - percent) < Math.abs(places[best] - percent)) best = index;
    });
    plot.classList.add("read");
    show(best);
  };
  const leave = () => {
    if (document.activeElement !== plot) {
      plot.classList.remove("read");
      rest();
    }
  };
  plot.addEventListener("pointermove", nearest);
  plot.addEventListener("pointerdown", nearest);
  plot.addEventListener("pointerleave", leave);
  plot.addEventListener("focus", () => plot.classList.add("read"));
  plot.addEventListener("blur", leave);
  // A script asks for the place of an epoch.
  plot.addEventListener("read", (event) => {
    plot.classList.add("read");
    show(event.detail);
  });
  plot.addEventListener("keydown", (event) => {
    const far = Math.max(1, Math.round(epochs.length / 10));
    const to = {
      ArrowLeft: place - 1, ArrowDown: place - 1, ArrowRight: place + 1, ArrowUp: place + 1,
      PageDown: place - far, PageUp: place + far, Home: 0, End: epochs.length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    plot.classList.add("read");
    show(to);
  });
  rest();
}
document.querySelectorAll(".plot").forEach(readCurve);

// Maps of errors: the pointer and the arrow keys read the error of a place.
function readMap(cells) {
  const rows = cells.dataset.values.split(";").map((row) => row.split(" "));
  const frame = cells.appendChild(document.createElement("b"));
  const output = cells.parentElement.querySelector("output");
  let [x, y] = [0, 0];
  const show = (column, row) => {
    [y, x] = [Math.min(Math.max(row, 0), rows.length - 1), Math.min(Math.max(column, 0), rows[0].length - 1)];
    const [wide, high] = [100 / rows[0].length, 100 / rows.length];
    Object.assign(frame.style, { left: `${x * wide}%`, top: `${y * high}%`, width: `${wide}%`, height: `${high}%` });
    output.textContent = `row ${y}, column ${x}: ${rows[y][x]}`;
    cells.classList.add("read");
  };
  const under = (event) => {
    const box = cells.getBoundingClientRect();
    show(
      Math.floor(((event.clientX - box.left) / box.width) * rows[0].length),
      Math.floor(((event.clientY - box.top) / box.height) * rows.length),
    );
  };
  const leave = () => {
    if (document.activeElement === cells) return;
    cells.classList.remove("read");
    output.textContent = "";
  };
  cells.addEventListener("pointermove", under);
  cells.addEventListener("pointerdown", under);
  cells.addEventListener("pointerleave", leave);
  cells.addEventListener("blur", leave);
  cells.addEventListener("focus", () => show(x, y));
  cells.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    show(x + step[0], y + step[1]);
  });
}
document.querySelectorAll(".cells").forEach(readMap);

// What is folded is printed.
addEventListener("beforeprint", () => {
  document.querySelectorAll("details").forEach((details) => { details.open = true; });
});
