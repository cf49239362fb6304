// Serves the built page as `warren serve` does: static files, nothing from elsewhere.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";

export const PAGE = join(import.meta.dirname, "../../../target/playground-page");

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".wasm": "application/wasm" };

// The same as in envoy/src/api/playground.rs.
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; connect-src 'self'; worker-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export async function serve() {
  const server = createServer(async ({ url }, answer) => {
    const path = normalize(new URL(url, "http://x").pathname).replace(/\/$/, "/index.html");
    try {
      const file = await readFile(join(PAGE, path));
      answer.writeHead(200, { "content-type": TYPES[extname(path)] ?? "text/plain", "content-security-policy": POLICY });
      answer.end(file);
    } catch {
      answer.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}
