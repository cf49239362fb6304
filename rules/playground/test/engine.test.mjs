// The engine as browsers run it, in Node: the same module, the same calls.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { PAGE } from "./serve.mjs";

let engine;

before(async () => {
  engine = await import(join(PAGE, "engine/warren_playground.js"));
  engine.initSync({ module: readFileSync(join(PAGE, "engine/warren_playground_bg.wasm")) });
});

const ask = (files, query) => {
  const list = Object.entries(files).map(([name, source]) => ({ name, source }));
  return JSON.parse(engine.ask(JSON.stringify({ files: list, query: JSON.stringify(query), default_group: "adhoc" })));
};

test("decides_with_tables_time_zones_and_sql", () => {
  const rules = `const VIPS = table("vips.csv");
    rule("vip", |q| if q.user in VIPS && q.clock("Europe/Berlin") == "09:30" && q.sql.is_query { route(VIPS[q.user].group) });`;
  const query = { headers: { "X-Trino-User": "ceo" }, body: "SELECT 1", now: 1768897800 };
  const { errors, decision, read } = ask({ "rules.rhai": rules, "tables/vips.csv": "user,group\nceo,vip\n" }, query);
  assert.deepEqual(errors, []);
  assert.deepEqual([decision.groups, decision.rule, decision.line], [["vip"], "vip", 2]);
  assert.deepEqual(read[0].map(({ name }) => name), ["user", "clock", "sql.is_query"]);
});

test("tells_a_mistake_with_its_place_and_what_to_do", () => {
  const { errors, decision } = ask({ "rules.rhai": 'rule("a", |q| rout("x"));' }, {});
  assert.deepEqual(errors, [
    { file: "rules.rhai", rule: "a", line: 1, column: 15, message: "unknown function `rout`", help: "did you mean `route`?" },
  ]);
  assert.equal(decision, null);
});

test("a_loop_ends_by_its_budget", () => {
  const { decision } = ask({ "rules.rhai": 'rule("a", |q| { loop { } });\nrule("b", |q| route("b"));' }, {});
  assert.deepEqual(decision.groups, ["b"]);
  assert.match(decision.trace[0].error, /took more than 10000 operations/);
});

test("every_sample_passes_its_cases", () => {
  const samples = JSON.parse(readFileSync(join(PAGE, "samples.json"), "utf8"));
  assert.ok(samples.length >= 12, `${samples.length} samples`);
  for (const { name, files } of samples) {
    const question = { files, query: "{}", default_group: "adhoc" };
    const { errors, cases } = JSON.parse(engine.ask(JSON.stringify(question)));
    assert.deepEqual([errors, cases.cases.filter(({ passed }) => !passed)], [[], []], name);
  }
});

test("what_is_no_question_is_told", () => {
  assert.match(JSON.parse(engine.ask("[]")).failed, /^invalid length 0/);
});
