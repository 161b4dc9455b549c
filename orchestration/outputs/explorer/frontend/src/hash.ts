// The part of the address after #: the tab, and the query of the SQL tab.

/** The tab that the address names. */
export function startingTab(): string | null {
  return parameters().get("tab");
}

/** The query that the address carries. */
export function startingQuery(): string | null {
  return parameters().get("query");
}

/** Name a tab, and perhaps a query, in the address. */
export function setHash(tab: string, query?: string): void {
  const found = new URLSearchParams({ tab });
  if (query !== undefined) found.set("query", query);
  history.replaceState(null, "", `#${found}`);
}

/** Show a query in the SQL tab. */
export function openQuery(query: string): void {
  setHash("sql", query);
  window.dispatchEvent(new Event("hashchange"));
}

function parameters(): URLSearchParams {
  return new URLSearchParams(location.hash.slice(1));
}
