// The page: puts editor, form, engine and answer together.

import { showCases, showDecision, showProblems, showSql, showTrace } from "./answer.js";
import { Editor } from "./editor.js";
import { Engine, Superseded } from "./engine.js";
import { queryJson, showQuery } from "./query.js";
import { pack, unpack } from "./share.js";

const DEFAULT_GROUP = "adhoc";

const at = (id) => document.getElementById(id);
const form = at("query");
const engine = new Engine();
const editor = new Editor(at("editor"), (source) => {
  state.files[state.shown].source = source;
  update();
});
const state = { files: [], shown: 0, problems: [] };

function show(place) {
  state.shown = place;
  editor.show(state.files[place]);
  tabs();
  mark();
}

// Arrow keys go from tab to tab, as in every list of tabs.
function tabs() {
  const buttons = state.files.map(({ name }, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.role = "tab";
    button.textContent = name;
    button.ariaSelected = String(place === state.shown);
    button.tabIndex = place === state.shown ? 0 : -1;
    button.onclick = () => show(place);
    button.onkeydown = ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (!step) return;
      show((place + step + state.files.length) % state.files.length);
      at("files").children[state.shown].focus();
    };
    return button;
  });
  at("files").replaceChildren(...buttons);
}

function mark() {
  const { name } = state.files[state.shown];
  editor.mark(state.problems.filter((problem) => problem.file === name));
}

function go({ file, line, column }) {
  const place = state.files.findIndex(({ name }) => name === file);
  if (place >= 0 && place !== state.shown) show(place);
  editor.go(line, column);
}

async function update() {
  try {
    const answer = await engine.ask({ files: state.files, query: queryJson(form), default_group: DEFAULT_GROUP });
    if (answer.failed) throw new Error(answer.failed);
    const severe = (severity) => (problem) => ({ ...problem, severity });
    state.problems = [...answer.errors.map(severe("error")), ...answer.notes.map(severe("info"))];
    mark();
    showProblems(at("problems"), answer, go);
    at("query-error").textContent = answer.query_error ?? "";
    showDecision(at("decision"), answer.decision);
    showTrace(at("trace"), answer.decision, answer.read);
    showCases(at("cases"), at("tally"), answer.cases, takeCase);
    showSql(at("sql"), answer.sql);
    document.body.dataset.answered = String(Number(document.body.dataset.answered ?? 0) + 1);
  } catch (error) {
    if (error instanceof Superseded) return;
    showDecision(at("decision"), undefined);
    at("query-error").textContent = error.message;
  }
}

function cases() {
  const file = state.files.find(({ name }) => name === "cases.json");
  try {
    return file ? JSON.parse(file.source) : [];
  } catch {
    return [];
  }
}

function takeCase(place) {
  showQuery(form, cases()[place]?.query ?? {});
  update();
}

function open({ files, query }) {
  // Rules first, then their tables, then their cases.
  const kind = ({ name }) => (name.endsWith(".rhai") ? 0 : name === "cases.json" ? 2 : 1);
  state.files = structuredClone(files).sort((a, b) => kind(a) - kind(b));
  showQuery(form, query ?? cases()[0]?.query ?? {});
  const rules = state.files.findIndex(({ name }) => name.endsWith(".rhai"));
  show(Math.max(rules, 0));
  update();
}

async function start() {
  const samples = await (await fetch("samples.json")).json();
  const select = at("sample");
  select.replaceChildren(...samples.map(({ name }) => new Option(name)));
  const pick = () => {
    const sample = samples[select.selectedIndex];
    at("about").textContent = sample.about;
    open(sample);
  };
  select.onchange = () => {
    history.replaceState(null, "", location.pathname);
    pick();
  };
  const shared = location.hash ? await unpack(location.hash.slice(1)) : undefined;
  if (shared) {
    select.prepend(new Option("from a link"));
    select.selectedIndex = 0;
    select.onchange = () => {
      select.remove(0);
      select.onchange = pick;
      history.replaceState(null, "", location.pathname);
      pick();
    };
    open(shared);
  } else {
    select.value = "bi";
    pick();
  }
  editor.reference = await engine.ask(null).catch(() => []);
  update();
}

form.oninput = update;
form.onsubmit = (event) => event.preventDefault();

at("share").onclick = async () => {
  const fragment = await pack({ files: state.files, query: JSON.parse(queryJson(form)) });
  history.replaceState(null, "", `#${fragment}`);
  const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
  at("share").textContent = copied ? "Copied" : "It is in the address";
  setTimeout(() => (at("share").textContent = "Share"), 2000);
};

const root = document.documentElement;
root.dataset.theme = localStorage.getItem("theme") ?? "";
at("theme").onclick = () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
};

start();
