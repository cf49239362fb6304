// Puts the page together: bundles its scripts, copies its text and style, and packs the samples.
// `node build.mjs OUT`; the engine is put beside it by `make playground`.

import { build } from "esbuild";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const out = process.argv[2] ?? "dist";
const here = import.meta.dirname;
mkdirSync(out, { recursive: true });

await build({
  entryPoints: [join(here, "src/page.js"), join(here, "src/worker.js")],
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  // Made by wasm-bindgen, and fetched beside the page.
  external: ["./engine/*"],
  logLevel: "warning",
});
for (const file of ["index.html", "page.css"]) cpSync(join(here, file), join(out, file));
writeFileSync(join(out, "samples.json"), JSON.stringify(samples(join(here, "../../samples"))));

// Every rule set of `rules/samples`, with what its first lines say of it.
function samples(folder) {
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const files = filesOf(join(folder, name));
      const rules = files.find((file) => file.name.endsWith(".rhai")).source.split("\n");
      const end = rules.findIndex((line) => !line.startsWith("// "));
      const about = rules.slice(0, end).map((line) => line.slice(3)).join(" ");
      return { name, about, files };
    });
}

function filesOf(folder, prefix = "") {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      if (statSync(path).isDirectory()) return filesOf(path, `${name}/`);
      return [{ name: prefix + name, source: readFileSync(path, "utf8") }];
    });
}
