// The editor: CodeMirror with the colours of Rhai, marks where mistakes are, and completion from the engine's reference.

import { autocompletion } from "@codemirror/autocomplete";
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { json } from "@codemirror/legacy-modes/mode/javascript";
import { rust } from "@codemirror/legacy-modes/mode/rust";
import { setDiagnostics } from "@codemirror/lint";
import { Compartment } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { basicSetup } from "codemirror";

const colours = HighlightStyle.define([
  { tag: tags.keyword, class: "tok-keyword" },
  { tag: tags.comment, class: "tok-comment" },
  { tag: [tags.string, tags.special(tags.string)], class: "tok-string" },
  { tag: [tags.number, tags.bool, tags.atom], class: "tok-number" },
  { tag: [tags.function(tags.variableName), tags.macroName], class: "tok-function" },
  { tag: tags.propertyName, class: "tok-property" },
]);

const theme = EditorView.theme({
  "&": { backgroundColor: "transparent", color: "var(--ink)", fontSize: "14px" },
  ".cm-content": { fontFamily: "var(--mono)", caretColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--quiet)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "light-dark(#f4f0e6, #232935)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "light-dark(#d8e3f3, #2f4363) !important" },
  ".cm-tooltip": { backgroundColor: "var(--panel)", color: "var(--ink)", border: "1px solid var(--line)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "light-dark(#e7dfcd, #3a4250)", color: "var(--ink)" },
  ".tok-keyword": { color: "light-dark(#8a2be2, #c69bf5)" },
  ".tok-comment": { color: "var(--quiet)", fontStyle: "italic" },
  ".tok-string": { color: "light-dark(#1c6b3c, #9bd18b)" },
  ".tok-number": { color: "light-dark(#1d5c8f, #7db9ea)" },
  ".tok-function": { color: "light-dark(#7a4a12, #e3a857)" },
});

export class Editor {
  #view;
  #language = new Compartment();
  #reference = [];
  #setting = false;

  constructor(parent, changed) {
    this.#view = new EditorView({
      parent,
      extensions: [
        basicSetup,
        EditorView.contentAttributes.of({ "aria-label": "Rules" }),
        EditorView.lineWrapping,
        syntaxHighlighting(colours),
        theme,
        this.#language.of([]),
        autocompletion({ override: [(context) => this.#complete(context)] }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !this.#setting) changed(update.state.doc.toString());
        }),
      ],
    });
  }

  set reference(entries) {
    this.#reference = entries;
  }

  show({ name, source }) {
    const language = name.endsWith(".rhai") ? StreamLanguage.define(rust) : name.endsWith(".json") ? StreamLanguage.define(json) : [];
    this.#setting = true;
    this.#view.dispatch({
      changes: { from: 0, to: this.#view.state.doc.length, insert: source },
      effects: this.#language.reconfigure(language),
    });
    this.#setting = false;
  }

  // `problems`: [{line, column, message, help, severity}] of the file that is shown.
  mark(problems) {
    const { doc } = this.#view.state;
    const diagnostics = problems.map((problem) => {
      const line = doc.line(Math.min(Math.max(problem.line ?? 1, 1), doc.lines));
      const from = Math.min(line.from + Math.max((problem.column ?? 1) - 1, 0), line.to);
      const word = /^\w+/.exec(doc.sliceString(from, line.to))?.[0].length ?? 1;
      const message = problem.help ? `${problem.message}; ${problem.help}` : problem.message;
      return { from, to: Math.min(from + word, line.to), severity: problem.severity, message };
    });
    this.#view.dispatch(setDiagnostics(this.#view.state, diagnostics));
  }

  go(line, column) {
    const { doc } = this.#view.state;
    const { from, to } = doc.line(Math.min(Math.max(line ?? 1, 1), doc.lines));
    this.#view.dispatch({ selection: { anchor: Math.min(from + (column ?? 1) - 1, to) }, scrollIntoView: true });
    this.#view.focus();
  }

  #complete(context) {
    const word = context.matchBefore(/\.?\w*/);
    if (!word || (word.from === word.to && !context.explicit)) return null;
    const member = word.text.startsWith(".");
    const head = context.state.sliceDoc(Math.max(0, word.from - 40), word.from);
    const owner = /\bq\.sql$/.test(head) ? "the query's SQL" : /\bq$/.test(head) ? "the query" : undefined;
    const options = this.#reference
      .filter((entry) => (member ? entry.owner && (!owner || entry.owner === owner) : !entry.owner))
      .map((entry) => ({
        label: entry.name,
        detail: entry.signature.slice(entry.signature.indexOf("(") < 0 ? entry.signature.length : entry.signature.indexOf("(")) + ` → ${entry.returns}`,
        info: entry.doc,
        type: entry.signature.includes("(") ? "function" : "property",
      }));
    return { from: word.from + (member ? 1 : 0), options, validFor: /^\w*$/ };
  }
}
