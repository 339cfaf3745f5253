// The exported functions of ae-playground as an object. It needs no browser, so that a test can use it in Node.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What is answered after a panic, which leaves the module's memory in no known state. */
const PANIC = {
  status: 500,
  told: { error: "the model could not be applied", what_to_do: "ask something else; the model was opened again" },
};

export class Playground {
  /** Opens a model: a compiled module, the model's name, and the bytes of its weights file. */
  static async open(module, name, weights) {
    const playground = new Playground();
    Object.assign(playground, { module, name, weights });
    await playground.begin();
    return playground;
  }

  async begin() {
    this.exports = (await WebAssembly.instantiate(this.module, {})).exports;
    const { status, told } = this.call("ae_open", encoder.encode(this.name), this.weights);
    if (status !== 200) throw new Error(told.error);
  }

  /** Status and JSON of the answer to a question. */
  async ask(path, body) {
    const json = body === undefined ? "" : JSON.stringify(body);
    try {
      return this.call("ae_ask", encoder.encode(path), encoder.encode(json));
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      await this.begin();
      return PANIC;
    }
  }

  call(name, first, second) {
    const { exports } = this;
    const room = exports.ae_room(first.length + second.length);
    // Memory that grows is another buffer.
    const memory = () => new Uint8Array(exports.memory.buffer);
    memory().set(first, room);
    memory().set(second, room + first.length);
    const status = exports[name](first.length);
    const start = exports.ae_answer();
    const told = decoder.decode(memory().subarray(start, start + exports.ae_answer_bytes()));
    return { status, told: JSON.parse(told) };
  }
}
