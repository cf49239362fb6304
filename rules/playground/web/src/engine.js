// Asks the worker, one question at a time: of those that wait only the newest counts. A worker that does not answer in
// time is ended, and another one started.

const DEADLINE = 2000;

export class Engine {
  #worker;
  #asked = 0;
  #waiting;
  #busy;

  ask(question) {
    return new Promise((answer, fail) => {
      this.#waiting?.fail(new Superseded());
      this.#waiting = { question, answer, fail };
      this.#next();
    });
  }

  #next() {
    if (this.#busy || !this.#waiting) return;
    const { question, answer, fail } = this.#waiting;
    this.#waiting = undefined;
    this.#worker ??= new Worker("worker.js", { type: "module" });
    const id = ++this.#asked;
    const done = (tell, what) => {
      clearTimeout(this.#busy);
      this.#busy = undefined;
      tell(what);
      this.#next();
    };
    // The first answer waits for the module, too.
    const deadline = id === 1 ? 10 * DEADLINE : DEADLINE;
    this.#busy = setTimeout(() => {
      this.#end();
      done(fail, new Error("the rules did not answer in time; is there a loop without an end?"));
    }, deadline);
    this.#worker.onmessage = ({ data }) => data.id === id && done(answer, data.answer);
    this.#worker.onerror = (event) => {
      this.#end();
      done(fail, new Error(`the engine failed: ${event.message ?? "it could not be loaded"}`));
    };
    this.#worker.postMessage({ id, question });
  }

  #end() {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}

// A newer question took its place.
export class Superseded extends Error {}
