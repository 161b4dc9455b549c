// The specification curve as a filter: keep one or more options of a choice, and see the estimates and shares of the rest.
import * as Plot from "@observablehq/plot";
import { identifier, rows } from "../database";
import { fill, h } from "../dom";
import { described, figure, plotWidth } from "../figure";
import { inWords, type Publication } from "../publication";

const POSITIVE = "positive, p < .05";
const NEGATIVE = "negative, p < .05";
const OTHER = "p ≥ .05";

interface Specification {
  [choice: string]: string | number;
  effect: number;
  p_value: number;
  weight: number;
}

/** Draw the curve with its filter. */
export async function showCurve(place: HTMLElement, publication: Publication): Promise<void> {
  const dimensions = await rows<{ dimension: string; option: string; status: string }>(
    "select dimension, option, status from results.multiverse_dimensions",
  );
  const names = [...new Set(dimensions.map((row) => row.dimension))];
  const choices = names.map((name) => `${identifier(name)}::varchar as ${identifier(name)}`).join(", ");
  const all = await rows<Specification>(
    `select ${choices}, effect, p_value, weight from results.specification_curve
     where curve = 'observed' and effect is not null and p_value is not null order by effect`,
  );
  const kept = new Map(names.map((name) => [name, new Set<string>()]));
  const drawing = h("div");

  function draw(): void {
    const found = all.filter((row) => names.every((name) => {
      const options = kept.get(name);
      return !options?.size || options.has(String(row[name]));
    }));
    fill(drawing, curveFigure(publication, found, all.length, plotWidth(place)));
  }

  const groups = names.map((name) => {
    const buttons = dimensions.filter((row) => row.dimension === name).map((row) => h("button", {
      type: "button",
      "aria-pressed": "false",
      title: row.status,
      onclick: (event) => {
        const options = kept.get(name);
        const pressed = options?.has(row.option) ?? false;
        if (pressed) options?.delete(row.option);
        else options?.add(row.option);
        (event.currentTarget as Element).setAttribute("aria-pressed", String(!pressed));
        draw();
      },
    }, row.option));
    return h("fieldset", {}, h("legend", {}, inWords(name)), ...buttons);
  });
  fill(place, h("p", {}, "Press an option to keep only the specifications with it; press it again to undo."), ...groups, drawing);
  draw();
}

function curveFigure(publication: Publication, found: Specification[], total: number, width: number): HTMLElement {
  const points = found.map((row, i) => ({
    rank: i + 1,
    effect: 100 * row.effect,
    kind: row.p_value >= 0.05 ? OTHER : row.effect > 0 ? POSITIVE : NEGATIVE,
  }));
  const weight = found.reduce((sum, row) => sum + row.weight, 0);
  const share = (test: (row: Specification) => boolean): string => {
    const part = found.filter(test).reduce((sum, row) => sum + row.weight, 0);
    return weight ? `${((100 * part) / weight).toFixed(1)} %` : "none";
  };
  const drawing = Plot.plot({
    className: "plot",
    width,
    height: 320,
    marginLeft: 50,
    marginBottom: 48,
    x: { label: "Specifications, by size of the effect", labelOffset: 42, tickFormat: "d" },
    y: { label: "Effect on the probability of formation, percentage points", grid: true },
    color: { domain: [NEGATIVE, OTHER, POSITIVE], range: ["#D55E00", "#888888", "#0072B2"], legend: true },
    marks: [
      Plot.ruleY([0], { stroke: "currentColor" }),
      Plot.dot(points, { x: "rank", y: "effect", fill: "kind", r: 2.5 }),
    ],
  });
  return figure(
    publication,
    `${found.length} of ${total} specifications`,
    [
      h("p", { id: "shares", "aria-live": "polite" },
        `Positive: ${share((row) => row.effect > 0)}. `,
        `Positive with p < .05: ${share((row) => row.effect > 0 && row.p_value < 0.05)}. `,
        `Negative with p < .05: ${share((row) => row.effect < 0 && row.p_value < 0.05)}.`),
      described(drawing, `Effects of ${found.length} specifications in order of size; the shares are in the text above.`),
    ],
    "results.specification_curve",
    "Shares are weighted so that each option of a choice counts the same.",
  );
}
