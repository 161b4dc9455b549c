// Time series: states by variables, one panel for each variable; a year that was not observed is a gap.
import * as Plot from "@observablehq/plot";
import { identifier, literal, rows } from "../database";
import { fill, h, table } from "../dom";
import { COLOURS, described, figure, plotWidth, short } from "../figure";
import { picker } from "../picker";
import { inWords, stateLabels, variableOptions, variables, type Column, type Publication } from "../publication";

const STATES = ["155", "200", "740"];
const VARIABLES = ["infant_mortality_rate"];

interface Point {
  year: number;
  cow_code: number;
  value: number | null;
  source: string | null;
  state: string;
  alone: boolean;
}

/** Build the tab. */
export async function show(panel: HTMLElement, publication: Publication): Promise<void> {
  const labels = stateLabels(publication);
  const options = publication.states.map((state) => ({
    value: String(state.cow_code),
    label: labels.get(state.cow_code) ?? "",
  }));
  const known = STATES.filter((code) => labels.has(Number(code)));
  let states = known.length ? known : options.slice(0, 3).map((option) => option.value);
  let shown = VARIABLES;
  const drawings = h("div", { id: "series" });

  async function draw(): Promise<void> {
    const codes = states.map(Number);
    const series: { column: Column; points: Point[] }[] = [];
    for (const name of shown) {
      const column = variables(publication).find((found) => found.column_name === name);
      if (column) series.push({ column, points: await read(publication, column, codes, labels) });
    }
    const years = series.flatMap(({ points }) => points.filter((point) => point.value !== null).map((point) => point.year));
    const span: [number, number] = years.length
      ? [Math.min(...years), Math.max(...years)]
      : [publication.firstYear, publication.lastYear];
    const names = codes.map((code) => labels.get(code) ?? String(code));
    const size = { width: plotWidth(drawings), height: shown.length > 1 ? 260 : 360 };
    fill(drawings, ...series.map(({ column, points }) => panelOf(publication, column, points, { names, span, ...size })));
  }

  fill(
    panel,
    h("p", { class: "lead" }, "States over time. A gap is a year that was not observed or in which the state was not in ",
      "the state system. Point at a line for the value and its source."),
    h("div", { class: "controls" },
      picker("States", options, states, 6, (values) => { states = values; void draw(); }),
      picker("Variables", variableOptions(publication), shown, 4, (values) => { shown = values; void draw(); })),
    drawings,
  );
  await draw();
}

function panelOf(
  publication: Publication,
  column: Column,
  points: Point[],
  { names, span, width, height }: { names: string[]; span: [number, number]; width: number; height: number },
): HTMLElement {
  const observed = points.filter((point) => point.value !== null);
  const title = inWords(column.column_name);
  const drawing = Plot.plot({
    className: "plot",
    width,
    height,
    marginLeft: 60,
    x: { label: null, tickFormat: "d", domain: span },
    y: { label: column.unit ?? "", grid: true, nice: true },
    color: { domain: names, range: COLOURS, legend: true },
    marks: [
      Plot.lineY(points, { x: "year", y: "value", z: "state", stroke: "state", strokeWidth: 2 }),
      Plot.dot(points.filter((point) => point.alone), { x: "year", y: "value", fill: "state", r: 2.5 }),
      Plot.tip(observed, Plot.pointer({
        x: "year",
        y: "value",
        title: (point: Point) => `${point.state}, ${point.year}: ${short(point.value)}\n${point.source ?? ""}`,
      })),
    ],
  });
  const values = h("details", {},
    h("summary", {}, `Values (${observed.length})`),
    table(`${title}: values`, ["State", "Year", "Value", "Source"],
      observed.map((point) => [point.state, String(point.year), String(point.value), point.source])));
  const label = `${title} of ${names.join(", ")}, ${column.unit ?? ""}; the values are in the table below.`;
  return figure(
    publication,
    `${title} (${column.unit ?? "no unit"})`,
    observed.length ? [described(drawing, label), values] : h("p", {}, "Not observed for these states."),
    column.source ?? "",
    column.description ?? "",
  );
}

async function read(
  publication: Publication,
  column: Column,
  states: number[],
  labels: Map<number, string>,
): Promise<Point[]> {
  const source = column.column_name === "infant_mortality_rate" ? "c.infant_mortality_source" : literal(column.source ?? "");
  const found = await rows<Point>(
    `with grid as (
       select years.year::integer as year, states.cow_code
       from range(${publication.firstYear}, ${publication.lastYear + 1}) as years(year),
            unnest([${states.join(", ")}]) as states(cow_code)
     )
     select grid.year, grid.cow_code, c.${identifier(column.column_name)}::double as value, ${source} as source
     from grid left join marts.country_years as c using (cow_code, year)
     order by grid.cow_code, grid.year`,
  );
  found.forEach((point, i) => {
    point.state = labels.get(point.cow_code) ?? String(point.cow_code);
    const near = [found[i - 1], found[i + 1]].filter((other) => other?.cow_code === point.cow_code);
    point.alone = point.value !== null && near.every((other) => other?.value === null);
  });
  return found;
}
