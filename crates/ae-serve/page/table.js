// A row of a table, as text.

import { short } from "./pictures.js";

/** Numbers of a line: tabs, semicolons or commas between them; with semicolons or tabs, commas may be decimal points. */
export function numbersOf(text) {
  const line = text.trim().split(/\r?\n/).filter((line) => line.trim()).at(-1) ?? "";
  const separator = ["\t", ";", ","].find((separator) => line.includes(separator)) ?? /\s+/;
  const cells = line.split(separator).map((cell) => cell.trim());
  const plain = (cell) => (separator === "\t" || separator === ";" ? cell.replace(",", ".") : cell);
  return cells.map((cell) => (cell === "" ? NaN : Number(plain(cell))));
}

/** The field for a row; `changed` is called after every change. */
export class RowInput {
  constructor(field, problem, columns, changed) {
    this.field = field;
    this.problem = problem;
    this.columns = columns;
    field.addEventListener("input", changed);
    const middle = columns.map(({ range: [low, high] }) => Number(((low + high) / 2).toPrecision(4)));
    field.value = middle.join(", ");
    this.changed = changed;
  }

  /** The numbers, or nothing where they are no row. */
  value() {
    const numbers = numbersOf(this.field.value);
    const bad = numbers.findIndex((number) => !Number.isFinite(number));
    let wrong = "";
    if (numbers.length !== this.columns.length) {
      wrong = `Expected ${this.columns.length} numbers (${this.columns.map(({ name }) => name).join(", ")}), found ${numbers.length}.`;
    } else if (bad >= 0) {
      wrong = `Expected a number for ${this.columns[bad].name}.`;
    }
    this.problem.textContent = wrong;
    this.problem.hidden = !wrong;
    this.field.setAttribute("aria-invalid", String(Boolean(wrong)));
    return wrong ? null : numbers;
  }

  set(values) {
    this.field.value = values.map((value) => Number(value.toPrecision(7))).join(", ");
    this.changed();
  }

  /** What a button says that stands for a row. */
  static label(values) {
    const shown = values.slice(0, 3).map(short).join(", ");
    return values.length > 3 ? `${shown}, …` : shown;
  }
}
