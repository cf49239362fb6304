// A headless Chromium, driven over a pipe by its own protocol: no driver to install, and no port to find.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PATIENCE = 20_000;

export class Browser {
  static async start() {
    const program = process.env.CHROMIUM ?? "chromium";
    const profile = mkdtempSync(join(tmpdir(), "warren-chromium-"));
    const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe", `--user-data-dir=${profile}`, "about:blank"];
    const child = spawn(program, flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    const browser = new Browser(child, profile);
    await new Promise((started, failed) => {
      child.once("spawn", started);
      child.once("error", ({ message }) => failed(new Error(`${message}; install Chromium (Debian: apt-get install chromium), or name it in CHROMIUM`)));
    });
    const { targetId } = await browser.#send("Target.createTarget", { url: "about:blank" });
    ({ sessionId: browser.#session } = await browser.#send("Target.attachToTarget", { targetId, flatten: true }));
    await browser.#send("Page.enable");
    await browser.#send("Runtime.enable");
    await browser.#send("Log.enable");
    return browser;
  }

  #child;
  #profile;
  #session;
  #asked = 0;
  #waiting = new Map();
  // What the page complained about.
  complaints = [];

  constructor(child, profile) {
    this.#child = child;
    this.#profile = profile;
    let read = "";
    child.stdio[4].setEncoding("utf8").on("data", (text) => {
      const messages = (read + text).split("\0");
      read = messages.pop();
      messages.map((message) => JSON.parse(message)).forEach((message) => this.#take(message));
    });
  }

  #take({ id, result, error, method, params }) {
    if (id !== undefined) {
      const { answer, fail } = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) fail(new Error(error.message));
      else answer(result);
    } else if (method === "Runtime.exceptionThrown") {
      this.complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    } else if (method === "Log.entryAdded" && params.entry.level === "error") {
      this.complaints.push(params.entry.text);
    }
  }

  #send(method, params = {}) {
    const id = ++this.#asked;
    this.#child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId: this.#session })}\0`);
    return new Promise((answer, fail) => this.#waiting.set(id, { answer, fail }));
  }

  async open(url, { width = 1400, height = 1000, dark = false } = {}) {
    await this.#send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
    await this.#send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }] });
    // From nowhere, so that an address that differs in its fragment only is loaded, too.
    await this.#send("Page.navigate", { url: "about:blank" });
    await this.#send("Page.navigate", { url });
  }

  // The value of an expression in the page.
  async see(expression) {
    const { result, exceptionDetails } = await this.#send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  }

  // Waits until an expression is true; then what it is.
  async until(expression) {
    const end = Date.now() + PATIENCE;
    for (;;) {
      const value = await this.see(expression).catch(() => undefined);
      if (value) return value;
      if (Date.now() > end) throw new Error(`not so after ${PATIENCE} ms: ${expression}; complaints: ${this.complaints.join("\n")}`);
      await new Promise((later) => setTimeout(later, 30));
    }
  }

  async type(text) {
    await this.#send("Input.insertText", { text });
  }

  async press(key, code = key, windowsVirtualKeyCode = 0, modifiers = 0) {
    for (const type of ["keyDown", "keyUp"]) await this.#send("Input.dispatchKeyEvent", { type, key, code, windowsVirtualKeyCode, modifiers });
  }

  async screenshot(file) {
    const { data } = await this.#send("Page.captureScreenshot", { format: "png", captureBeyondViewport: false });
    writeFileSync(file, Buffer.from(data, "base64"));
  }

  async close() {
    const ended = new Promise((ended) => this.#child.once("exit", ended));
    this.#send("Browser.close").catch(() => {});
    await ended;
    rmSync(this.#profile, { recursive: true, force: true });
  }
}
