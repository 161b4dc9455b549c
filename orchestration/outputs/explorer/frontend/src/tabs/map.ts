// Map: one variable in one year on present-day borders, and beside it the states that have none.
import * as Plot from "@observablehq/plot";
import { borderName, readBorders, type Border } from "../borders";
import { identifier, rows } from "../database";
import { fill, h, labelled, select, table, yearSlider } from "../dom";
import { described, figure, plotWidth, short } from "../figure";
import { inWords, variableOptions, variables, type Publication } from "../publication";

const START = { variable: "infant_mortality_rate", year: 1960 };

interface Observed {
  state_name: string;
  value: number | null;
}

/** Build the tab. */
export async function show(panel: HTMLElement, publication: Publication): Promise<void> {
  const borders = await readBorders();
  const names = new Set(borders.map((border) => border.properties.name));
  const place = h("div", { id: "map" });
  let variable = START.variable;
  let year = Math.min(Math.max(START.year, publication.firstYear), publication.lastYear);
  let last = 0;

  async function draw(): Promise<void> {
    const turn = ++last;
    const column = variables(publication).find((found) => found.column_name === variable);
    const name = identifier(variable);
    const [scale] = await rows<{ low: number | null; high: number | null }>(
      `select min(${name}::double) as low, quantile_cont(${name}::double, 0.98) as high from marts.country_years`,
    );
    const states = await rows<Observed>(
      `select state_name, ${name}::double as value from marts.country_years where year = ${year} order by state_name`,
    );
    if (turn !== last) return; // the slider has moved on
    const values = new Map(states.map((state) => [borderName(state.state_name), state]));
    const beside = states.filter((state) => !names.has(borderName(state.state_name)));
    const title = `${inWords(variable)}, ${year}`;
    const drawing = drawMap(borders, values, column?.unit ?? "", scale, Math.min(plotWidth(place), 860));
    const observed = states.filter((state) => state.value !== null).length;
    const label = `${title}: ${observed} of ${states.length} states observed; the values are in the table below.`;
    fill(place, figure(
      publication,
      title,
      [
        h("div", { class: "beside" },
          described(drawing, label),
          h("div", {},
            h("h4", {}, "Without a present-day border"),
            beside.length
              ? table("States of that year without a present-day border", ["State", "Value"],
                beside.map((state) => [state.state_name, short(state.value)]))
              : h("p", { class: "quiet" }, "Every state of this year has one."))),
        h("details", {}, h("summary", {}, `Values (${observed})`),
          table(`${title}: values`, ["State", "Value"], states.map((state) => [state.state_name, short(state.value)]))),
      ],
      `${column?.source ?? ""}; borders: Natural Earth`,
      "Present-day borders: a state of the past is drawn on the territory of today's state of that name. "
        + "Grey is not observed, or no state of the system. The colours end at the 98th percentile of all years.",
    ));
  }

  fill(
    panel,
    h("p", { class: "lead" }, "One variable in one year."),
    h("div", { class: "controls" },
      labelled("Variable", select(variableOptions(publication), variable, (value) => { variable = value; void draw(); })),
      yearSlider(publication.firstYear, publication.lastYear, year, (value) => { year = value; void draw(); })),
    place,
  );
  await draw();
}

function drawMap(
  borders: Border[],
  values: Map<string, Observed>,
  unit: string,
  scale: { low: number | null; high: number | null } | undefined,
  width: number,
): Element {
  const value = (border: Border): number | null => values.get(border.properties.name)?.value ?? null;
  return Plot.plot({
    className: "plot",
    width,
    height: width * 0.46,
    projection: { type: "equal-earth", domain: { type: "FeatureCollection", features: borders } },
    color: {
      type: "linear",
      scheme: "viridis",
      domain: [scale?.low ?? 0, scale?.high ?? 1],
      clamp: true,
      unknown: "var(--unknown)",
      label: unit,
      legend: true,
    },
    marks: [
      Plot.geo(borders, { fill: value, stroke: "var(--paper)", strokeWidth: 0.4 }),
      Plot.tip(borders.filter((border) => values.has(border.properties.name)), Plot.pointer(Plot.centroid({
        title: (border: Border) => `${values.get(border.properties.name)?.state_name}: ${short(value(border))}`,
      }))),
    ],
  });
}
