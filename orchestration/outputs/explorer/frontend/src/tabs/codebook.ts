// Codebook: every column with unit, description and source, and its lineage back to the raw files and their hashes.
import { literal, rows } from "../database";
import { fill, h, labelled, table } from "../dom";
import { figure } from "../figure";
import type { Column, Publication } from "../publication";

interface RawFile {
  source: string;
  table_name: string | null;
  file: string;
  version: string;
  sha256: string;
  title: string;
  producer: string;
  citation: string;
  licence: string;
  homepage: string;
}

/** Build the tab. */
export async function show(panel: HTMLElement, publication: Publication): Promise<void> {
  const list = h("div");
  const lineage = h("div", { id: "lineage", "aria-live": "polite" });
  const counted = h("p", { class: "status", role: "status" });
  const search = h("input", { type: "search", oninput: () => draw(search.value) });

  function draw(wanted: string): void {
    const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
    const found = publication.columns.filter((column) => {
      const text = [column.table_schema, column.table_name, column.column_name, column.column_name.replaceAll("_", " "),
        column.unit, column.description, column.source].join(" ").toLowerCase();
      return words.every((word) => text.includes(word));
    });
    fill(counted, `${found.length} of ${publication.columns.length} columns`);
    const grid = table("Columns", ["Table", "Column", "Unit", "Description", "Years"], found.map((column) => [
      `${column.table_schema}.${column.table_name}`,
      h("button", { type: "button", onclick: () => void trace(column) }, column.column_name),
      column.unit,
      column.description,
      column.first_year === null ? "" : `${column.first_year}-${column.last_year}`,
    ]));
    grid.classList.add("list");
    fill(list, grid);
  }

  async function trace(column: Column): Promise<void> {
    const records = (column.source_records ?? "").split(", ").filter(Boolean);
    const files = records.length === 0 ? [] : await rows<RawFile>(
      `select sources.source, raw_tables.table_name, sources.file, sources.version, sources.sha256, title, producer,
              citation, licence, homepage
       from meta.sources left join meta.raw_tables using (source, file)
       where sources.source in (${records.map(literal).join(", ")}) order by all`,
    );
    const missing = column.rows - column.non_null;
    const works = new Map(files.map((file) => [file.source, file]));
    fill(lineage, figure(
      publication,
      `${column.table_schema}.${column.table_name}.${column.column_name}`,
      [
        h("p", {}, column.description),
        h("p", {}, `${column.data_type}, ${column.unit ?? "no unit"}. ${column.rows.toLocaleString("en")} rows, `
          + `${missing.toLocaleString("en")} of them NULL.`),
        files.length === 0
          ? h("p", {}, "Computed by the warehouse; no source file is recorded for this column alone.")
          : table("Raw files", ["Source", "Raw table", "File", "Version", "sha256 of the file"], files.map((file) => [
            file.source, file.table_name ?? "", file.file, file.version, h("code", { class: "hash" }, file.sha256),
          ])),
        ...[...works.values()].map((file) =>
          h("p", { class: "quiet" }, h("strong", {}, `${file.title}. `), `${file.citation} (${file.licence})`)),
      ],
      column.source ?? "",
    ));
    lineage.scrollIntoView({ block: "nearest" });
  }

  fill(
    panel,
    h("p", { class: "lead" }, "Every published column. Choose one for its lineage: the raw files it is made from, with ",
      "the hashes of their bytes."),
    h("div", { class: "controls" }, labelled("Search", search)),
    counted,
    list,
    lineage,
  );
  draw("");
  const first = publication.columns.find((column) => column.column_name === "infant_mortality_rate");
  if (first) await trace(first);
}
