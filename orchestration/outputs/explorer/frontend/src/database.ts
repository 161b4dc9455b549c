// DuckDB in a worker, opened on the embedded publication, which is the only source of what the page shows.
import { AsyncDuckDB, DuckDBAccessMode, VoidLogger, type AsyncDuckDBConnection } from "@duckdb/duckdb-wasm";
import { asset } from "./assets";

export type Value = string | number | boolean | null;
export type Row = Record<string, Value>;

const FILE = "warehouse.duckdb";
const SCHEMAS = "marts,results,meta";
let connection: AsyncDuckDBConnection;

/** Start the engine and open the publication. */
export async function open(): Promise<void> {
  const [worker, engine, publication] = await Promise.all([asset("worker"), asset("engine"), asset("database")]);
  const address = URL.createObjectURL(new Blob([worker], { type: "text/javascript" }));
  const thread = new Worker(address);
  thread.postMessage(engine.buffer, [engine.buffer]);
  const database = new AsyncDuckDB(new VoidLogger(), thread);
  await database.instantiate("data:application/wasm,");
  URL.revokeObjectURL(address);
  await database.registerFileBuffer(FILE, publication);
  await database.open({ path: FILE, accessMode: DuckDBAccessMode.READ_ONLY });
  connection = await database.connect();
  await connection.query("set autoinstall_known_extensions = false; set autoload_known_extensions = false");
  await connection.query(`set search_path = '${SCHEMAS}'`);
  await connection.query("set lock_configuration = true");
}

/** Quote a value as an SQL string literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Quote an SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Rows of a query of the page itself; whole numbers of 64 bits become numbers, so cast what may be larger. */
export async function rows<T = Row>(statement: string): Promise<T[]> {
  const table = await connection.query(statement);
  const names = table.schema.fields.map((field) => field.name);
  return table.toArray().map((row) => {
    const found: Record<string, unknown> = {};
    for (const name of names) {
      const value: unknown = row[name];
      found[name] = typeof value === "bigint" ? Number(value) : value;
    }
    return found as T;
  });
}

export interface Answer {
  columns: { name: string; type: string }[];
  total: number;
  /** Rows as DuckDB writes them, so that no digit is lost; null is NULL. */
  page(limit: number, order?: { column: number; descending: boolean }): Promise<(string | null)[][]>;
}

/** Run one read-only statement of a user. The rows are kept until the next one. */
export async function ask(statement: string): Promise<Answer> {
  const query = statement.trim().replace(/;\s*$/, "");
  await connection.query(`create or replace temp table answer as from (\n${query}\n)`);
  const described = await rows<{ column_name: string; column_type: string }>("describe answer");
  const [counted] = await rows<{ total: number }>("select count(*)::integer as total from answer");
  const columns = described.map((column) => ({ name: column.column_name, type: column.column_type }));
  const texts = columns.map((column, i) => `${asText(column)} as c${i}`).join(", ");
  return {
    columns,
    total: counted?.total ?? 0,
    async page(limit, order) {
      const sorted = order
        ? `(from answer order by ${identifier(columns[order.column]?.name ?? "")} ${order.descending ? "desc" : "asc"} nulls last)`
        : "answer";
      const found = await rows<Record<string, string | null>>(`select ${texts} from ${sorted} limit ${limit}`);
      return found.map((row) => columns.map((_, i) => row[`c${i}`] ?? null));
    },
  };
}

function asText(column: { name: string; type: string }): string {
  const text = `${identifier(column.name)}::varchar`;
  return column.type === "TIMESTAMP WITH TIME ZONE" ? `(${text} || ':00')` : text; // DuckDB writes +00, others +00:00
}
