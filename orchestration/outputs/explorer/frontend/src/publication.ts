// What every tab needs to know about the publication, read once from its meta tables.
import { rows } from "./database";

export interface Column {
  table_schema: string;
  table_name: string;
  column_name: string;
  data_type: string;
  unit: string | null;
  description: string | null;
  source: string | null;
  source_records: string | null;
  rows: number;
  non_null: number;
  first_year: number | null;
  last_year: number | null;
}

export interface State {
  cow_code: number;
  state_name: string;
  first_year: number;
  last_year: number;
}

export interface LeftOut {
  table_name: string;
  rows: number;
  reason: string;
}

export interface Publication {
  id: string;
  published: string;
  isSynthetic: boolean;
  note: string;
  version: string;
  verdict: string;
  headlineModel: string;
  headlineTerm: string;
  citation: string;
  columns: Column[];
  states: State[];
  leftOut: LeftOut[];
  tables: Set<string>;
  firstYear: number;
  lastYear: number;
}

/** Read the publication's own description. */
export async function read(): Promise<Publication> {
  const [record] = await rows<Record<string, string | boolean>>(
    "select publication_id, left(published_at::varchar, 16) as published, is_synthetic, note, software_version from meta.publication",
  );
  if (!record) throw new Error("The publication does not describe itself: meta.publication is empty.");
  const facts = new Map(
    (await rows<{ name: string; value: string }>("from meta.explorer_facts")).map((fact) => [fact.name, fact.value]),
  );
  const [years] = await rows<{ first: number; last: number }>(
    "select min(year) as first, max(year) as last from marts.country_years",
  );
  return {
    id: String(record["publication_id"]),
    published: String(record["published"]),
    isSynthetic: Boolean(record["is_synthetic"]),
    note: String(record["note"]),
    version: String(record["software_version"]),
    verdict: facts.get("verdict") ?? "",
    headlineModel: facts.get("headline_model") ?? "",
    headlineTerm: facts.get("headline_term") ?? "",
    citation: facts.get("citation") ?? "",
    columns: await rows<Column>(
      `select table_schema, table_name, column_name, data_type, unit, description, source, source_records, rows,
              non_null, first_year, last_year
       from meta.columns
       where (table_schema, table_name) in (select (schema_name, table_name) from duckdb_tables())
       order by table_name = 'country_years' desc, table_schema, table_name, position`,
    ),
    states: await rows<State>("select cow_code, state_name, first_year, last_year from marts.countries order by state_name, cow_code"),
    leftOut: await rows<LeftOut>("from meta.explorer_left_out order by table_name"),
    tables: new Set(
      (await rows<{ name: string }>("select schema_name || '.' || table_name as name from duckdb_tables()")).map(
        (table) => table.name,
      ),
    ),
    firstYear: years?.first ?? 0,
    lastYear: years?.last ?? 0,
  };
}

/** Names of the states; two states of one name are told apart by their years. */
export function stateLabels(publication: Publication): Map<number, string> {
  const seen = new Map<string, number>();
  for (const state of publication.states) seen.set(state.state_name, (seen.get(state.state_name) ?? 0) + 1);
  return new Map(
    publication.states.map((state) => [
      state.cow_code,
      (seen.get(state.state_name) ?? 0) > 1
        ? `${state.state_name} (${state.first_year}-${state.last_year})`
        : state.state_name,
    ]),
  );
}

/** A column's name in words. */
export function inWords(name: string): string {
  const words = name.replaceAll("_", " ").replace(/\b(gdp|cinc|imr|un igme)\b/g, (word) => word.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The columns of the country-years that can be drawn: numbers, and true or false as 1 and 0. */
export function variables(publication: Publication): Column[] {
  return publication.columns.filter(
    (column) =>
      column.table_schema === "marts" &&
      column.table_name === "country_years" &&
      /^(INTEGER|DOUBLE|BOOLEAN)$/.test(column.data_type) &&
      !["cow_code", "year"].includes(column.column_name),
  );
}

/** The variables as options of a select, and as suggestions of a picker. */
export function variableOptions(publication: Publication): { value: string; label: string }[] {
  return variables(publication).map((column) => ({ value: column.column_name, label: inWords(column.column_name) }));
}
