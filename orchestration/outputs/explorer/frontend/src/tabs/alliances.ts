// Alliances: who owes what to whom in a year, and the treaties of one state on a time line.
import * as Plot from "@observablehq/plot";
import { rows } from "../database";
import { fill, h, labelled, select, table, yearSlider } from "../dom";
import { COLOURS, described, figure, plotWidth } from "../figure";
import { stateLabels, type Publication } from "../publication";

const OBLIGATIONS = ["defense", "offense", "neutrality", "nonaggression", "consultation"];
const LABELLED = 100; // more states than this have no room for their names
const IN_FORCE = "coalesce(exit_date, date '9999-12-31')";

interface Pair {
  state: string;
  partner: string;
}

interface Treaty {
  atop_id: number;
  label: string;
  entered: string;
  left: string | null;
  start: number;
  end: number;
  obligations: string;
  strongest: string;
  members: string | null;
}

/** Build the tab. */
export async function show(panel: HTMLElement, publication: Publication): Promise<void> {
  const [span] = await rows<{ first: number; last: number }>(
    "select min(entry_year) as first, max(greatest(entry_year, coalesce(exit_year, 0))) as last from marts.alliance_entries",
  );
  const last = span?.last ?? publication.lastYear;
  const labels = stateLabels(publication);
  const source = publication.columns.find((column) => column.table_name === "alliance_entries"
    && column.column_name === "has_defense")?.source ?? "";
  let year = Math.min(1960, last);
  let obligation = "defense";
  let state = labels.has(155) ? 155 : (publication.states[0]?.cow_code ?? 0);
  let turn = 0;
  const pairs = h("div", { id: "allied" });
  const line = h("div", { id: "treaties" });

  async function drawPairs(): Promise<void> {
    const now = ++turn;
    const found = await readPairs(year, obligation);
    if (now === turn) fill(pairs, pairsFigure(publication, found, { year, obligation, source }, plotWidth(pairs)));
  }

  async function drawTreaties(): Promise<void> {
    const found = await readTreaties(state, last);
    fill(line, treatiesFigure(publication, found, { state: labels.get(state) ?? "", last, source }, plotWidth(line)));
  }

  const options = publication.states.map((found) => ({
    value: String(found.cow_code),
    label: labels.get(found.cow_code) ?? "",
  }));
  fill(
    panel,
    h("h2", {}, "Who is allied to whom"),
    h("div", { class: "controls" },
      labelled("Obligation", select(["any", "military", ...OBLIGATIONS].map((name) => ({ value: name, label: name })),
        obligation, (value) => { obligation = value; void drawPairs(); })),
      yearSlider(span?.first ?? publication.firstYear, last, year, (value) => { year = value; void drawPairs(); })),
    pairs,
    h("h2", {}, "Treaties of one state"),
    h("div", { class: "controls" },
      labelled("State", select(options, String(state), (value) => { state = Number(value); void drawTreaties(); }))),
    line,
  );
  await drawPairs();
  await drawTreaties();
}

async function readPairs(year: number, obligation: string): Promise<Pair[]> {
  return rows<Pair>(
    `with members as (
       select atop_id, cow_code, entry_date, ${IN_FORCE} as exit_date, has_${obligation} as owes
       from marts.alliance_entries
       where entry_year <= ${year} and coalesce(exit_year, 9999) >= ${year}
     ),
     pairs as (
       select distinct a.cow_code, b.cow_code as partner_code
       from members as a join members as b using (atop_id)
       where a.owes and a.cow_code <> b.cow_code
         and greatest(a.entry_date, b.entry_date) <= least(a.exit_date, b.exit_date)
     )
     select coalesce(one_year.state_name, one.state_name) as state,
            coalesce(other_year.state_name, other.state_name) as partner
     from pairs
     join marts.countries as one using (cow_code)
     join marts.countries as other on other.cow_code = partner_code
     left join marts.country_years as one_year on one_year.cow_code = pairs.cow_code and one_year.year = ${year}
     left join marts.country_years as other_year on other_year.cow_code = partner_code and other_year.year = ${year}
     order by one.region, state, other.region, partner`,
  );
}

function pairsFigure(
  publication: Publication,
  pairs: Pair[],
  { year, obligation, source }: { year: number; obligation: string; source: string },
  width: number,
): HTMLElement {
  const title = `${obligation.charAt(0).toUpperCase()}${obligation.slice(1)} obligations in force in ${year}`;
  const note = "A state in a row owes the obligation to the state in the column, by a treaty in force on some day of the year.";
  if (!pairs.length) return figure(publication, title, h("p", {}, "None."), source);
  const partners = new Map<string, string[]>();
  for (const pair of pairs) partners.set(pair.state, [...(partners.get(pair.state) ?? []), pair.partner]);
  const states = [...partners.keys()];
  const columns = [...new Set([...states, ...pairs.map((pair) => pair.partner)])];
  const named = columns.length <= LABELLED && width > 600;
  const side = Math.min(width, 185 + columns.length * 13);
  const drawing = Plot.plot({
    className: "plot",
    width: side,
    height: named ? side : side * 0.9,
    marginLeft: named ? 170 : 10,
    marginTop: named ? 185 : 10,
    marginBottom: 10,
    x: { domain: columns, label: null, tickSize: 0, axis: named ? "top" : null, tickRotate: -90 },
    y: { domain: columns, label: null, tickSize: 0, axis: named ? "left" : null },
    marks: [
      Plot.frame({ stroke: "var(--line)" }),
      Plot.cell(pairs, { x: "partner", y: "state", fill: COLOURS[0], inset: 0.5 }),
      Plot.tip(pairs, Plot.pointer({
        x: "partner",
        y: "state",
        title: (pair: Pair) => `${pair.state} to ${pair.partner}`,
      })),
    ],
  });
  const list = table(title, ["State", "Allies", "Owes it to"],
    states.map((state) => [state, String(partners.get(state)?.length ?? 0), partners.get(state)?.join(", ")]));
  return figure(
    publication,
    `${title}: ${states.length} states`,
    [
      described(drawing, `${title}: matrix of ${columns.length} states; the list below has the same pairs.`),
      h("details", {}, h("summary", {}, "List"), list),
    ],
    source,
    note,
  );
}

async function readTreaties(state: number, last: number): Promise<Treaty[]> {
  const names = OBLIGATIONS.map((name) => `case when has_${name} then '${name}' end`);
  return rows<Treaty>(
    `with own as (
       select *, ${IN_FORCE} as until from marts.alliance_entries where cow_code = ${state} and entry_date is not null
     ),
     members as (
       select own.atop_id, own.phase, own.entry_date,
              string_agg(distinct coalesce(named.state_name, countries.state_name), ', '
                         order by coalesce(named.state_name, countries.state_name)) as members
       from own
       join marts.alliance_entries as other on other.atop_id = own.atop_id and other.cow_code <> own.cow_code
         and greatest(other.entry_date, own.entry_date) <= least(coalesce(other.exit_date, own.until), own.until)
       join marts.countries on countries.cow_code = other.cow_code
       left join marts.country_years as named
         on named.cow_code = other.cow_code and named.year = greatest(other.entry_year, own.entry_year)
       group by all
     )
     select atop_id, 'ATOP ' || atop_id || case when phase > 0 then ', phase ' || phase else '' end as label,
            entry_date::varchar as entered, exit_date::varchar as left,
            entry_year + (dayofyear(entry_date) - 1) / 366 as start,
            coalesce(exit_year + dayofyear(exit_date) / 366, ${last + 1}) as end,
            coalesce(nullif(concat_ws(', ', ${names.join(", ")}), ''), 'none of its own') as obligations,
            coalesce(${names.join(", ")}, 'none of its own') as strongest,
            members
     from own left join members using (atop_id, phase, entry_date)
     order by entry_date, atop_id, phase`,
  );
}

function treatiesFigure(
  publication: Publication,
  treaties: Treaty[],
  { state, last, source }: { state: string; last: number; source: string },
  width: number,
): HTMLElement {
  const title = `Treaties of ${state}`;
  if (!treaties.length) return figure(publication, title, h("p", {}, "None in ATOP."), source);
  const drawing = Plot.plot({
    className: "plot",
    width,
    height: 70 + 22 * treaties.length,
    marginLeft: 130,
    x: { label: null, tickFormat: "d", grid: true, domain: [Math.floor(treaties[0]?.start ?? 1816), last + 1], type: "linear" },
    y: { domain: [...new Set(treaties.map((treaty) => treaty.label))], label: null, tickSize: 0 },
    color: { domain: [...OBLIGATIONS, "none of its own"], range: [...COLOURS.slice(0, 5), "#888888"], legend: true },
    marks: [
      Plot.barX(treaties, { x1: "start", x2: "end", y: "label", fill: "strongest", insetTop: 3, insetBottom: 3 }),
      Plot.tip(treaties, Plot.pointer({
        x: (treaty: Treaty) => (treaty.start + treaty.end) / 2,
        y: "label",
        title: (treaty: Treaty) => `${treaty.label}: ${treaty.entered} to ${treaty.left ?? "in force"}\n${treaty.obligations}`,
        maxRadius: 400,
      })),
    ],
  });
  const list = table(title, ["Entered", "Left", "Treaty", "Obligations of this state", "Other members"], treaties.map((treaty) => [
    treaty.entered, treaty.left ?? "in force", treaty.label, treaty.obligations, treaty.members,
  ]));
  return figure(
    publication,
    title,
    [described(drawing, `${title} on a time line; the table below has the same treaties.`), list],
    source,
    `Coloured by the first of ${OBLIGATIONS.join(", ")} that the state owes. ATOP ends in ${last}: later ends are not known.`,
  );
}
