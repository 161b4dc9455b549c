// The last queries, kept by the browser for this page where it allows that.

const KEY = "warehouse-explorer-queries";
const KEPT = 30;
let queries: string[] = load();

/** The last queries, newest first. */
export function remembered(): string[] {
  return queries;
}

/** Put a query first. */
export function remember(query: string): void {
  queries = [query, ...queries.filter((earlier) => earlier !== query)].slice(0, KEPT);
  store();
}

/** Remove every query. */
export function forget(): void {
  queries = [];
  store();
}

function load(): string[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? found.filter((query): query is string => typeof query === "string") : [];
  } catch {
    return [];
  }
}

function store(): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(queries));
  } catch {
    // A browser that stores nothing for files keeps the history until the page is closed.
  }
}
