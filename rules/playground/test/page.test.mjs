// The page as people use it, in a headless Chromium. SCREENSHOTS=FOLDER keeps pictures to look at.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Browser } from "./browser.mjs";
import { serve } from "./serve.mjs";

let browser;
let server;

before(async () => {
  server = await serve();
  browser = await Browser.start();
});

after(async () => {
  await browser?.close();
  server?.close();
});

const text = (id) => `document.getElementById("${id}").textContent`;
const fill = (field, value) =>
  browser.see(`(() => { const f = document.querySelector("[name=${field}]"); f.value = ${JSON.stringify(value)}; f.dispatchEvent(new Event("input", { bubbles: true })); })()`);
const look = (name) => process.env.SCREENSHOTS && browser.screenshot(join(process.env.SCREENSHOTS, `${name}.png`));

// Replaces all that stands in the editor, by hand.
async function write(rules) {
  await browser.see(`document.querySelector("#editor .cm-content").focus()`);
  await browser.press("a", "KeyA", 65, 2);
  await browser.type(rules);
}

test("a_sample_is_decided_and_its_cases_pass", async () => {
  await browser.open(server.url);
  await browser.until(`${text("decision")}.startsWith("→ vip, else adhoc")`);
  await browser.until(`${text("tally")} === "all 6 passed"`);
  assert.equal(await browser.see(text("problems")).then((problems) => problems.includes("nothing authenticates")), true);
  await look("light");
  await browser.open(server.url, { dark: true });
  await browser.until(`${text("tally")} === "all 6 passed"`);
  await look("dark");
  assert.deepEqual(browser.complaints, []);
});

test("each_key_stroke_asks_again_and_the_trace_says_why", async () => {
  await browser.open(server.url);
  await browser.until(`${text("decision")}.startsWith("→")`);
  await fill("user", "sue");
  await fill("source", "airflow");
  await fill("tags", "label=special");
  await browser.until(`${text("decision")}.startsWith("→ etl-special")`);
  const trace = await browser.see(`[...document.querySelectorAll("#trace > li")].map((li) => li.className + ": " + li.textContent.replaceAll(/line \\d+/g, "line N"))`);
  assert.deepEqual(trace, [
    "passed: vip line N, passed onuser  sue",
    "matched: airflow line N, decided in line Nx-trino-source  airflowclient tag label=special  yes",
  ]);
  await look("trace");
});

test("a_mistake_is_shown_at_its_line_with_what_to_do", async () => {
  await browser.open(server.url);
  await browser.until(`${text("decision")}.startsWith("→")`);
  await write('rule("jobs", |q| if q.sorce == "airflow" { rout("etl") });\notherwise(route("adhoc"));');
  await browser.until(`${text("problems")}.includes("did you mean source?")`);
  assert.equal(await browser.see(`document.querySelectorAll(".cm-lintRange-error").length`), 2);
  assert.equal(await browser.see(`document.querySelector(".answer").classList.contains("stale")`), true);
  await look("error");
});

test("a_rule_without_an_end_does_not_freeze_the_page", async () => {
  await browser.open(server.url);
  await browser.until(`${text("decision")}.startsWith("→")`);
  await write('rule("loop", |q| { loop { } });\notherwise(route("after"));');
  await browser.until(`${text("decision")}.startsWith("→ after")`);
  await browser.until(`${text("trace")}.includes("took more than 10000 operations")`);
});

test("the_statement_is_told_apart", async () => {
  await browser.open(server.url);
  await browser.until(`${text("decision")}.startsWith("→")`);
  await fill("body", "INSERT INTO hive.web.t SELECT * FROM mysql.a.b");
  await browser.until(`${text("sql")}.includes("hive.web.t, mysql.a.b")`);
});

test("a_link_holds_rules_and_query", async () => {
  await browser.open(server.url);
  await browser.until(`${text("decision")}.startsWith("→")`);
  await write('rule("mine", |q| if q.user == "zoë" { route("münchen") });');
  await fill("user", "zoë");
  await browser.until(`${text("decision")}.startsWith("→ münchen")`);
  await browser.see(`document.getElementById("share").click()`);
  const link = await browser.until(`location.hash.length > 10 && location.href`);
  await browser.open(link);
  await browser.until(`${text("decision")}.startsWith("→ münchen")`);
  assert.equal(await browser.see(`document.querySelector("[name=user]").value`), "zoë");
  await browser.open(`${server.url}#nonsense`);
  await browser.until(`${text("tally")} === "all 6 passed"`);
});

test("all_of_it_is_reached_by_keyboard_and_named", async () => {
  await browser.open(server.url);
  await browser.until(`${text("decision")}.startsWith("→")`);
  const nameless = await browser.see(`[...document.querySelectorAll("button, input, select, textarea")].filter((e) =>
    !e.closest(".cm-editor") && !(e.ariaLabel || e.textContent.trim() || e.labels?.length)).map((e) => e.outerHTML)`);
  assert.deepEqual(nameless, []);
  await browser.see(`document.querySelector("#files [aria-selected=true]").focus()`);
  await browser.press("ArrowRight", "ArrowRight", 39);
  await browser.until(`document.activeElement.textContent === "cases.json"`);
  assert.equal(await browser.see(`document.querySelector("#editor .cm-content").textContent.startsWith("[")`), true);
});

test("a_narrow_window_needs_no_sideways_scrolling", async () => {
  await browser.open(server.url, { width: 420, height: 900 });
  await browser.until(`${text("tally")} === "all 6 passed"`);
  assert.equal(await browser.see(`document.documentElement.scrollWidth <= innerWidth`), true);
  await look("narrow");
});
