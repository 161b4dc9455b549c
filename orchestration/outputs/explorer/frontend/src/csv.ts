// CSV as `warehouse sql --format csv` writes it: NULL is empty, an empty text is quoted.

/** Render a header and rows as CSV. */
export function csv(names: string[], rows: (string | null)[][]): string {
  return [names, ...rows].map((row) => `${row.map(field).join(",")}\n`).join("");
}

function field(value: string | null): string {
  if (value === null) return "";
  return value !== "" && !/[,"\n\r]/.test(value) ? value : `"${value.replaceAll('"', '""')}"`;
}
