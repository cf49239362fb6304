// Shows what the engine answered.

const MARKS = { passed: "–", added: "+", matched: "✓", failed: "✗" };
const HOW = { passed: "passed on", added: "added to it, and passed on", matched: "decided", failed: "failed, and was skipped" };

function make(tag, text, className) {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

// What stands between backticks is code.
function marked(text) {
  return text.split("`").map((part, place) => (place % 2 === 1 ? make("code", part) : part));
}

// Without a decision the last one stays, and is seen to be old.
export function showDecision(element, decision) {
  element.classList.remove("denied");
  element.closest("section").classList.toggle("stale", !decision);
  if (!decision) return;
  const { action, groups, cluster, only, headers, tags, message } = decision;
  if (action === "deny") {
    element.classList.add("denied");
    element.replaceChildren(`denied: ${message}`);
  } else {
    const [first, ...others] = groups;
    element.replaceChildren(`→ ${first}`);
    if (others.length > 0) element.append(make("span", `, else ${others.join(", else ")}`, "else"));
    if (only) element.append(make("span", " and nowhere else", "else"));
    if (cluster) element.append(make("span", `, cluster ${cluster}`, "else"));
  }
  for (const [name, value] of Object.entries(headers)) element.append(make("span", `${name}: ${value}`, "more"));
  if (tags.length > 0) element.append(make("span", `tags ${tags.join(", ")}`, "more"));
}

export function showTrace(list, decision, read) {
  if (!decision) return;
  list.replaceChildren(
    ...decision.trace.map(({ rule, line, outcome, error }, place) => {
      const how = outcome === "matched" && decision.line ? `${HOW[outcome]} in line ${decision.line}` : HOW[outcome];
      const item = make("li", `${rule} `, outcome);
      item.dataset.mark = MARKS[outcome];
      item.append(make("span", `line ${line}, ${how}`, "note"));
      if (error) item.append(make("span", error, "read"));
      for (const { name, value } of read[place] ?? []) item.append(make("span", `${name}  ${value}`, "read"));
      return item;
    }),
  );
  if (decision.trace.length === 0) list.replaceChildren(make("li", "no rule was asked", "note"));
}

export function showCases(list, tally, report, take) {
  if (!report) {
    tally.textContent = "";
    return;
  }
  const failed = report.cases.filter((result) => !result.passed).length;
  tally.textContent = report.cases.length === 0 ? "none; write some into cases.json" : failed ? `${failed} of ${report.cases.length} failed` : `all ${report.cases.length} passed`;
  tally.className = failed ? "error" : "note";
  list.replaceChildren(
    ...report.cases.map((result, place) => {
      const item = make("li", "", result.passed ? "passed" : "failed");
      const button = make("button", `${result.passed ? "✓" : "✗"} ${result.name}`);
      button.type = "button";
      button.title = "Show this case's query";
      button.onclick = () => take(place);
      item.append(button);
      for (const { field, expected, found } of result.differences ?? []) {
        const wanted = expected === null ? "nothing" : JSON.stringify(expected);
        item.append(make("span", `${field}: ${wanted} expected, ${JSON.stringify(found)} decided`, "differs"));
      }
      return item;
    }),
  );
}

export function showSql(list, facts) {
  if (!facts) {
    list.replaceChildren(make("dt", "no statement"));
    return;
  }
  const shown = Object.entries(facts).filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0));
  list.replaceChildren(
    ...shown.flatMap(([name, value]) => [make("dt", name), make("dd", Array.isArray(value) ? value.join(", ") : String(value))]),
  );
}

export function showProblems(element, { errors, notes }, go) {
  const line = (problem, className) => {
    const text = problem.help ? `${problem.message}; ${problem.help}` : problem.message;
    const paragraph = make("p", "", className);
    const place = make("button", `${problem.file}:${problem.line ?? 1}`);
    place.type = "button";
    place.onclick = () => go(problem);
    paragraph.append(place, problem.rule ? ` rule ${problem.rule}: ` : " ", ...marked(text));
    return paragraph;
  };
  const lines = [...errors.map((error) => line(error, "error")), ...notes.map((note) => line(note, "note"))];
  element.replaceChildren(...(lines.length > 0 ? lines : [make("p", "no mistakes", "note")]));
}
