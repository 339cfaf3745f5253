// An item to draw: strokes and pictures on a large canvas, averaged to the model's pixels.

/** The longest side of the canvas that is drawn on. */
const SIDE = 448;
const MOST_UNDO = 20;

/** A pad for items of a shape; `changed` is called after every stroke. */
export class Pad {
  constructor(box, [channels, height, width], changed) {
    this.shape = [channels, height, width];
    this.changed = changed;
    this.past = [];
    const scale = Math.max(1, Math.floor(SIDE / Math.max(height, width)));
    this.canvas = document.createElement("canvas");
    this.canvas.className = "pad";
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", `A pad of ${height} by ${width} pixels to draw on`);
    this.canvas.setAttribute("aria-describedby", "draw-help");
    box.append(this.canvas);
    this.small = new OffscreenCanvas(width, height);
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.pen = 9;
    this.ink = "#ffffff";
    this.cursor = [this.canvas.width / 2, this.canvas.height / 2];
    this.wipe();
    this.listen();
  }

  wipe() {
    this.context.fillStyle = "#000";
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.exact = null;
  }

  remember() {
    this.past.push({ image: this.context.getImageData(0, 0, this.canvas.width, this.canvas.height), exact: this.exact });
    if (this.past.length > MOST_UNDO) this.past.shift();
  }

  clear() {
    this.remember();
    this.wipe();
    this.changed();
  }

  undo() {
    const before = this.past.pop();
    if (!before) return;
    this.context.putImageData(before.image, 0, 0);
    this.exact = before.exact;
    this.changed();
  }

  /** The item, channels x height x width; that of `set` unchanged until something is drawn. */
  value() {
    if (this.exact) return this.exact;
    const [channels, height, width] = this.shape;
    const context = this.small.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    context.drawImage(this.canvas, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    const area = width * height;
    const values = new Array(channels * area);
    for (let i = 0; i < area; i++) {
      const [red, green, blue] = [data[4 * i], data[4 * i + 1], data[4 * i + 2]];
      if (channels === 1) {
        // The weights by which the program reads colour pictures.
        values[i] = Math.round(0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
      } else {
        values[i] = red / 255;
        values[area + i] = green / 255;
        values[2 * area + i] = blue / 255;
      }
    }
    return values;
  }

  /** Shows an item. */
  set(values) {
    this.remember();
    const [channels, height, width] = this.shape;
    const image = new ImageData(width, height);
    const area = width * height;
    for (let i = 0; i < area; i++) {
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = 255 * values[(channels === 1 ? 0 : c) * area + i];
      image.data[4 * i + 3] = 255;
    }
    this.small.getContext("2d").putImageData(image, 0, 0);
    this.context.imageSmoothingEnabled = false;
    this.context.drawImage(this.small, 0, 0, this.canvas.width, this.canvas.height);
    this.context.imageSmoothingEnabled = true;
    this.exact = [...values];
    this.changed();
  }

  /** Shows a picture file, whole and centred on black. */
  async open(file) {
    const picture = await createImageBitmap(file);
    this.remember();
    this.wipe();
    const { width, height } = this.canvas;
    const scale = Math.min(width / picture.width, height / picture.height);
    const [w, h] = [picture.width * scale, picture.height * scale];
    this.context.imageSmoothingQuality = "high";
    this.context.drawImage(picture, (width - w) / 2, (height - h) / 2, w, h);
    picture.close();
    this.changed();
  }

  stroke([fromX, fromY], [toX, toY]) {
    const context = this.context;
    this.exact = null;
    context.strokeStyle = this.ink;
    context.lineWidth = (this.pen / 100) * Math.max(this.canvas.width, this.canvas.height);
    context.lineCap = "round";
    context.lineJoin = "round";
    context.beginPath();
    context.moveTo(fromX, fromY);
    context.lineTo(toX, toY);
    context.stroke();
    this.changed();
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * this.canvas.width;
    const y = ((event.clientY - box.top) / box.height) * this.canvas.height;
    return [x, y];
  }

  listen() {
    const { canvas } = this;
    let last = null;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.remember();
      last = this.place(event);
      this.stroke(last, last);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!last) return;
      for (const part of event.getCoalescedEvents?.() ?? [event]) {
        const next = this.place(part);
        this.stroke(last, next);
        last = next;
      }
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { last = null; });
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("dragover", (event) => {
      event.preventDefault();
      canvas.classList.add("over");
    });
    canvas.addEventListener("dragleave", () => canvas.classList.remove("over"));
  }

  /** Arrows move the place of the pen; with Space or Shift it draws. */
  key(event) {
    const step = Math.max(this.canvas.width, this.canvas.height) / 28;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step], " ": [0, 0] };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const [x, y] = this.cursor;
    const next = [
      Math.min(Math.max(x + move[0], 0), this.canvas.width),
      Math.min(Math.max(y + move[1], 0), this.canvas.height),
    ];
    if (event.key === " ") this.down = !this.down;
    if (event.key === " " && this.down) this.remember();
    if (this.down || event.shiftKey) this.stroke(this.cursor, next);
    this.cursor = next;
    const { width, height } = this.canvas;
    const told = `pen ${this.down ? "down" : "up"} at ${Math.round((100 * next[0]) / width)} %, ${Math.round((100 * next[1]) / height)} %`;
    this.canvas.setAttribute("aria-label", told);
  }
}
