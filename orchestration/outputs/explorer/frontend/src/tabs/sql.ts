// SQL: an editor with completion, examples, history, a sortable result, CSV, and a link that carries the query.
import { autocompletion, completeFromList, completionKeymap, type Completion } from "@codemirror/autocomplete";
import { PostgreSQL, sql } from "@codemirror/lang-sql";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Prec } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { basicSetup } from "codemirror";
import { csv } from "../csv";
import { ask, type Answer } from "../database";
import { fill, h, labelled, save, select } from "../dom";
import { EXAMPLES } from "../examples";
import { figure } from "../figure";
import { setHash, startingQuery, startingTab } from "../hash";
import { forget, remember, remembered } from "../history";
import type { Publication } from "../publication";

const SHOWN = 500;
const COLOURS_OF_SQL = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.typeName], color: "var(--figure)" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
]);

/** Build the tab. */
export async function show(panel: HTMLElement, publication: Publication): Promise<void> {
  const editor = makeEditor(publication, startingQuery() ?? EXAMPLES[0]?.query ?? "", () => void run());
  const status = h("p", { class: "status", role: "status" });
  const result = h("div", { id: "result" });
  const past = h("div", { class: "control" });

  async function run(): Promise<void> {
    const query = editor.state.doc.toString();
    result.setAttribute("aria-busy", "true");
    fill(status, "Running ...");
    const start = performance.now();
    try {
      const answer = await ask(query);
      const milliseconds = Math.round(performance.now() - start);
      const counted = `${answer.total.toLocaleString("en")} ${answer.total === 1 ? "row" : "rows"}`;
      fill(status, `${counted} in ${milliseconds} ms${answer.total > SHOWN ? `; the first ${SHOWN} are shown` : ""}`);
      await showAnswer(result, publication, answer);
      remember(query);
      showPast();
    } catch (error) {
      fill(status, "");
      fill(result, h("pre", { class: "error", role: "alert" }, message(error), leftOutNote(publication, query)));
    } finally {
      result.setAttribute("aria-busy", "false");
    }
  }

  function write(query: string): void {
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: query } });
    void run();
  }

  function showPast(): void {
    const queries = remembered();
    const options = queries.map((query, i) => ({ value: String(i), label: query.replace(/\s+/g, " ").slice(0, 80) }));
    const chooser = select([{ value: "", label: queries.length === 1 ? "1 query" : `${queries.length} queries` }, ...options], "", (value) => {
      if (value !== "") write(queries[Number(value)] ?? "");
    });
    fill(past, labelled("History", chooser));
  }

  const link = h("button", {
    type: "button",
    onclick: () => {
      setHash("sql", editor.state.doc.toString());
      fill(status, "The address of this page now carries the query: copy it from the address bar.");
    },
  }, "Make a link");
  const examples = select(
    [{ value: "", label: "Choose a query" }, ...EXAMPLES.map((example, i) => ({ value: String(i), label: example.title }))],
    "",
    (value) => {
      if (value !== "") write(EXAMPLES[Number(value)]?.query ?? "");
    },
  );
  showPast();
  fill(
    panel,
    h("p", { class: "lead" }, "One read-only query on every table of the publication. ",
      "Tables need no schema before their name; the codebook lists them."),
    h("div", { class: "controls" }, labelled("Example", examples), past),
    editor.dom,
    h("div", { class: "controls" },
      h("button", { type: "button", class: "primary", onclick: () => void run() }, "Run"),
      link,
      h("button", { type: "button", onclick: () => { forget(); showPast(); } }, "Clear history"),
      h("span", { class: "hint" }, "Ctrl+Enter runs; Ctrl+Space completes; Escape, then Tab leaves the editor"),
    ),
    status,
    result,
  );
  window.addEventListener("hashchange", () => {
    const query = startingQuery();
    if (startingTab() === "sql" && query !== null && query !== editor.state.doc.toString()) write(query);
  });
  await run();
}

function makeEditor(publication: Publication, start: string, run: () => void): EditorView {
  const schema: Record<string, Completion[]> = {};
  for (const column of publication.columns) {
    (schema[column.table_name] ??= []).push({
      label: column.column_name,
      type: "property",
      detail: column.unit ?? "",
      info: column.description ?? "",
    });
  }
  const language = sql({ dialect: PostgreSQL, schema });
  const names = new Map(Object.values(schema).flat().map((column) => [column.label, column]));
  return new EditorView({
    doc: start,
    extensions: [
      Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => (run(), true) }])),
      basicSetup,
      keymap.of(completionKeymap),
      language,
      syntaxHighlighting(COLOURS_OF_SQL),
      language.language.data.of({ autocomplete: completeFromList([...names.values()]) }),
      autocompletion(),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": "SQL query" }),
    ],
  });
}

async function showAnswer(target: HTMLElement, publication: Publication, answer: Answer): Promise<void> {
  let order: { column: number; descending: boolean } | undefined;
  const body = h("tbody");
  const numeric = answer.columns.map((column) => /INT|DOUBLE|FLOAT|DECIMAL/.test(column.type));
  const heads = answer.columns.map((column, i) =>
    h("th", { scope: "col" },
      h("button", {
        type: "button",
        title: `${column.type}: sort`,
        onclick: () => {
          order = { column: i, descending: order?.column === i && !order.descending };
          heads.forEach((head, k) => {
            if (k === i) head.setAttribute("aria-sort", order?.descending ? "descending" : "ascending");
            else head.removeAttribute("aria-sort");
          });
          void draw();
        },
      }, column.name)),
  );
  async function draw(): Promise<void> {
    const cells = await answer.page(SHOWN, order);
    fill(body, ...cells.map((row) => h("tr", {}, ...row.map((cell, i) =>
      cell === null ? h("td", { class: "null" }, "NULL") : h("td", { class: numeric[i] ? "number" : "" }, cell)))));
  }
  await draw();
  const download = h("button", {
    type: "button",
    onclick: async () => {
      const text = csv(answer.columns.map((column) => column.name), await answer.page(answer.total, order));
      save(`${publication.isSynthetic ? "SYNTHETIC_" : ""}query_${publication.id}.csv`, "text/csv", text);
    },
  }, "Download CSV");
  const grid = h("div", { class: "scroll tall", tabindex: 0, role: "region", "aria-label": "Result of the query" },
    h("table", { class: "answer" }, h("thead", {}, h("tr", {}, ...heads)), body));
  fill(target, figure(publication, "Result", [grid, download], ""));
}

function leftOutNote(publication: Publication, query: string): string {
  const named = publication.leftOut.filter((table) => query.includes(table.table_name.split(".")[1] ?? ""));
  return named.map((table) => `\n\nThis page leaves out ${table.table_name}: ${table.reason}.`).join("");
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
