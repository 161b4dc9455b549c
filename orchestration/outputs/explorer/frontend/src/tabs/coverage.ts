// Coverage: what share of the states is observed, by variable and year; a click lists the states behind it.
import * as Plot from "@observablehq/plot";
import { identifier, literal, rows, type Row } from "../database";
import { fill, h, labelled, select, table } from "../dom";
import { described, figure, plotWidth, short } from "../figure";
import { openQuery } from "../hash";
import { inWords, variableOptions, variables, type Publication } from "../publication";

interface Cell {
  year: number;
  variable: string;
  share: number;
}

/** Build the tab. */
export async function show(panel: HTMLElement, publication: Publication): Promise<void> {
  const place = h("div", { id: "coverage" });
  const detail = h("div", { id: "coverage-rows", "aria-live": "polite" });
  const regions = await rows<{ region: string }>("select distinct region from marts.country_years order by region");
  let region = "";
  let chosen = { variable: "infant_mortality_rate", year: 1930 };
  const condition = (): string => (region ? `region = ${literal(region)}` : "true");

  async function draw(): Promise<void> {
    const names = variables(publication).map((column) => column.column_name);
    const counts = names.map((name, i) => `(count(${identifier(name)}) / count(*))::double as c${i}`).join(", ");
    const found = await rows<Row>(
      `select year, ${counts} from marts.country_years where ${condition()} group by year order by year`,
    );
    const cells: Cell[] = names.flatMap((variable, i) =>
      found.map((row) => ({ year: Number(row["year"]), variable, share: Number(row[`c${i}`]) })));
    const drawing = drawCells(cells, names, plotWidth(place));
    drawing.addEventListener("click", () => {
      const cell = (drawing as Element & { value?: Cell | null }).value;
      if (cell) void list({ variable: cell.variable, year: cell.year });
    });
    fill(place, figure(
      publication,
      `Share of the states observed${region ? `, ${region}` : ""}`,
      described(drawing, "Heatmap of the share of states observed by variable and year; choose a variable and a year below."),
      "",
      "Click a cell, or choose below, for the states behind it.",
    ));
  }

  async function list(cell: { variable: string; year: number }): Promise<void> {
    chosen = cell;
    variable.value = cell.variable;
    year.value = String(cell.year);
    const column = variables(publication).find((found) => found.column_name === cell.variable);
    const query = `select state_name, ${identifier(cell.variable)}
from country_years
where year = ${cell.year}${region ? ` and region = ${literal(region)}` : ""}
order by state_name`;
    const states = await rows<{ state_name: string; value: number | null }>(
      `select state_name, ${identifier(cell.variable)}::double as value from marts.country_years
       where year = ${cell.year} and ${condition()} order by state_name`,
    );
    const observed = states.filter((state) => state.value !== null);
    const missing = states.filter((state) => state.value === null);
    const listed = table("States observed", ["State", `Value (${column?.unit ?? ""})`],
      observed.map((state) => [state.state_name, short(state.value)]));
    listed.classList.add("list");
    fill(detail, figure(
      publication,
      `${inWords(cell.variable)}, ${cell.year}: ${observed.length} of ${states.length} states observed`,
      [
        h("p", {}, missing.length ? `Not observed: ${missing.map((state) => state.state_name).join(", ")}.` : ""),
        listed,
        h("button", { type: "button", onclick: () => openQuery(query) }, "Open as SQL"),
      ],
      column?.source ?? "",
    ));
  }

  const variable = select(variableOptions(publication), chosen.variable, (value) => void list({ ...chosen, variable: value }));
  const year = h("input", {
    type: "number",
    min: publication.firstYear,
    max: publication.lastYear,
    value: chosen.year,
    onchange: () => void list({ ...chosen, year: Number(year.value) }),
  });
  const options = [{ value: "", label: "All" }, ...regions.map((row) => ({ value: row.region, label: row.region }))];
  fill(
    panel,
    h("p", { class: "lead" }, "Where a variable is observed: no value outside the span of its source is filled in."),
    h("div", { class: "controls" }, labelled("Region", select(options, region, (value) => {
      region = value;
      void draw();
      void list(chosen);
    }))),
    place,
    h("div", { class: "controls" }, labelled("Variable", variable), labelled("Year", year)),
    detail,
  );
  await draw();
  await list(chosen);
}

/** Years of one variable with the same share become one mark: a third of the elements for the browser. */
function runs(cells: Cell[]): { variable: string; share: number; first: number; end: number }[] {
  const found: { variable: string; share: number; first: number; end: number }[] = [];
  for (const { variable, share, year } of cells) {
    const last = found.at(-1);
    if (last && last.variable === variable && last.share === share && last.end === year) last.end = year + 1;
    else found.push({ variable, share, first: year, end: year + 1 });
  }
  return found;
}

function drawCells(cells: Cell[], names: string[], width: number): Element {
  const narrow = width < 600;
  return Plot.plot({
    className: narrow ? "plot-small" : "plot",
    width,
    height: 60 + 16 * names.length,
    marginLeft: narrow ? 150 : 280,
    x: { label: null, tickFormat: "d", axis: "both", type: "linear" },
    y: { domain: names, label: null, tickFormat: (name: string) => inWords(name).slice(0, narrow ? 30 : 44), tickSize: 0 },
    color: { scheme: "viridis", domain: [0, 1], label: "Share observed", legend: true, tickFormat: ".0%" },
    marks: [
      Plot.rect(runs(cells), { x1: "first", x2: "end", y: "variable", fill: "share", inset: 0, shapeRendering: "crispEdges" }),
      Plot.tip(cells, Plot.pointer({
        x: (cell: Cell) => cell.year + 0.5,
        y: "variable",
        title: (cell: Cell) => `${inWords(cell.variable)}, ${cell.year}: ${Math.round(100 * cell.share)} %`,
      })),
    ],
  });
}
