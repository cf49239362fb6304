// The engine, in a thread of its own: whatever a rule does, the page stays alive.

import init, { ask, reference } from "./engine/warren_playground.js";

const ready = init({ module_or_path: new URL("./engine/warren_playground_bg.wasm", import.meta.url) });

self.onmessage = async ({ data: { id, question } }) => {
  await ready;
  const answer = question === null ? reference() : ask(JSON.stringify(question));
  self.postMessage({ id, answer: JSON.parse(answer) });
};
