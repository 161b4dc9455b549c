// Results: the headline, the dose-response relation, the evidence beside it, and the specification curve.
import * as Plot from "@observablehq/plot";
import { literal, rows } from "../database";
import { fill, h, labelled, select, table } from "../dom";
import { COLOURS, described, figure, plotWidth, short } from "../figure";
import { inWords, type Publication } from "../publication";
import { showCurve } from "./specificationCurve";

const COVARIANCES: Record<string, string> = {
  stata_robust: "Robust, states not clustered",
  cluster_state: "Clustered by state",
  cluster_state_year: "Clustered by state and year",
  cluster_state_jackknife: "Jackknife over states",
  score_bootstrap: "Score bootstrap over states",
};

interface Estimate {
  label: string;
  estimate: number | null;
  low: number | null;
  high: number | null;
  p_value: number | null;
  n: number | null;
}

/** Build the tab. */
export async function show(panel: HTMLElement, publication: Publication): Promise<void> {
  const curve = h("div", { id: "curve" });
  const evidence = h("div", { id: "evidence" });
  fill(
    panel,
    h("p", { class: "lead verdict" }, publication.verdict),
    await headline(publication, panel),
    await doseResponse(publication, panel),
    h("h2", {}, "What the finding rests on"),
    evidence,
    h("h2", {}, "Specification curve"),
    curve,
  );
  await showEvidence(evidence, publication);
  if (publication.tables.has("results.specification_curve")) await showCurve(curve, publication);
  else fill(curve, h("p", {}, "This publication has none. It comes with: warehouse run --with inference."));
}

async function headline(publication: Publication, place: Element): Promise<HTMLElement> {
  const condition = `model = ${literal(publication.headlineModel)}`;
  const [model] = await rows<{ n: number; events: number; clusters: number; sample: string }>(
    `select n, events, clusters, sample from results.models where ${condition}`,
  );
  const found = await rows<Estimate>(
    `select covariance as label, estimate, conf_low as low, conf_high as high, p_value, null::integer as n
     from results.coefficients where ${condition} and term = ${literal(publication.headlineTerm)}
     order by p_value, covariance`,
  );
  for (const row of found) row.label = COVARIANCES[row.label] ?? inWords(row.label);
  return figure(
    publication,
    "Headline: does a military alliance follow a rise of infant mortality?",
    [forest(found, "Probit coefficient with 95 % interval", plotWidth(place), "Headline coefficient under each covariance"),
      estimates("Headline coefficient", "Covariance", found)],
    "results.coefficients",
    model
      ? `Probit, ${model.sample}: n = ${model.n.toLocaleString("en")} state-years, ${model.events.toLocaleString("en")} formations, `
        + `${model.clusters} states. One estimate, with its uncertainty computed in several ways.`
      : "",
  );
}

async function doseResponse(publication: Publication, place: Element): Promise<HTMLElement> {
  const bins = await rows<{ bin: string; n: number; events: number; share: number; low: number; high: number }>(
    "select bin, n, events, share, share_low as low, share_high as high from results.dose_response order by bin_order",
  );
  const width = plotWidth(place);
  const drawing = Plot.plot({
    className: "plot",
    width,
    height: 320,
    marginLeft: 50,
    marginBottom: width < 600 ? 90 : 40,
    x: { domain: bins.map((bin) => bin.bin), label: null, tickRotate: width < 600 ? -60 : 0 },
    y: { label: "State-years with a new military alliance, %", grid: true, zero: true, percent: true },
    marks: [
      Plot.ruleX(bins, { x: "bin", y1: "low", y2: "high", stroke: COLOURS[0] }),
      Plot.dot(bins, { x: "bin", y: "share", fill: COLOURS[0], r: 4 }),
      Plot.tip(bins, Plot.pointerX({
        x: "bin",
        y: "share",
        title: (bin: { bin: string; n: number; events: number }) => `${bin.bin}: ${bin.events} of ${bin.n} state-years`,
      })),
    ],
  });
  const n = bins.reduce((sum, bin) => sum + bin.n, 0);
  return figure(
    publication,
    "Dose and response: alliance formation by change of infant mortality",
    [
      described(drawing, "Share of state-years with a new military alliance by change of infant mortality; values below."),
      h("details", {}, h("summary", {}, "Values"),
        table("Formation by change of infant mortality", ["Change", "State-years", "Formations", "Share", "Low", "High"],
          bins.map((bin) => [bin.bin, bin.n, bin.events, percent(bin.share), percent(bin.low), percent(bin.high)]))),
    ],
    "results.dose_response",
    `Deaths per 1,000 live births, from the year before; 95 % intervals; n = ${n.toLocaleString("en")} state-years. `
      + "Flagged: the series is constant, interpolated or otherwise suspect.",
  );
}

async function showEvidence(place: HTMLElement, publication: Publication): Promise<void> {
  const checks = (await rows<{ check: string }>(
    'select "check" from results.evidence where quantity = \'coefficient\' and conf_low is not null group by "check" order by "check"',
  )).map((row) => row.check);
  const drawing = h("div");
  async function draw(check: string): Promise<void> {
    const found = await rows<Estimate & { detail: string; term: string; covariance: string }>(
      `select detail, term, covariance, detail as label, estimate, conf_low as low, conf_high as high, p_value, n
       from results.evidence where "check" = ${literal(check)} and quantity = 'coefficient' and estimate is not null`,
    );
    for (const row of found) row.label = `${row.detail}: ${inWords(row.term)}`;
    fill(drawing, figure(
      publication,
      inWords(check),
      [forest(found, "Probit coefficient with 95 % interval", plotWidth(place), check), estimates(check, "Variant", found)],
      "results.evidence",
    ));
  }
  const start = checks.includes("lags and leads") ? "lags and leads" : (checks[0] ?? "");
  const options = checks.map((check) => ({ value: check, label: inWords(check) }));
  fill(place, h("div", { class: "controls" }, labelled("Check", select(options, start, (check) => void draw(check)))), drawing);
  await draw(start);
}

function forest(found: Estimate[], label: string, width: number, description: string): Element {
  const narrow = width < 600;
  const drawing = Plot.plot({
    className: "plot",
    width,
    height: 70 + (narrow ? 44 : 26) * found.length,
    marginLeft: narrow ? 130 : 380,
    marginBottom: 48,
    x: { label, labelOffset: 42, grid: true, nice: true, ticks: narrow ? 4 : 8 },
    y: { domain: found.map((row) => row.label) },
    marks: [
      Plot.axisY({ label: null, tickSize: 0, lineWidth: narrow ? 10 : 32 }),
      Plot.ruleX([0], { stroke: "currentColor", strokeDasharray: "3,3" }),
      Plot.ruleY(found.filter((row) => row.low !== null), { y: "label", x1: "low", x2: "high", stroke: COLOURS[0], strokeWidth: 2 }),
      Plot.dot(found, { x: "estimate", y: "label", fill: COLOURS[0], r: 4 }),
    ],
  });
  return described(drawing, `${inWords(description)}: estimates with intervals; values below.`);
}

function estimates(caption: string, what: string, found: Estimate[]): HTMLElement {
  return h("details", {}, h("summary", {}, "Values"),
    table(caption, [what, "Estimate", "Low", "High", "p"], found.map((row) => [
      row.label, short(row.estimate), row.low === null ? "" : short(row.low), row.high === null ? "" : short(row.high),
      row.p_value === null ? "" : row.p_value.toFixed(3),
    ])));
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
