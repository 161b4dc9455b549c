// Elements of the page. Every value becomes a text node or an attribute, never markup.

export type Child = Node | string | number | null | undefined;
// Characters that stay on one line of a table, and that need a wide column.
const SHORT = 24;
const LONG = 80;
type Attributes = Record<string, string | number | boolean | ((event: Event) => void)>;

/** Make an element: attributes by name, listeners by on..., false leaves an attribute out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false) element.setAttribute(name, String(value));
  }
  append(element, children);
  return element;
}

/** Replace the content of an element. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren();
  append(element, children);
}

function append(element: Element, children: Child[]): void {
  for (const child of children) {
    if (child !== null && child !== undefined) element.append(child instanceof Node ? child : String(child));
  }
}

/** A labelled control. */
export function labelled(label: string, control: HTMLElement): HTMLElement {
  return h("label", { class: "control" }, h("span", {}, label), control);
}

/** A select; `chosen` is called with each new value. */
export function select(
  options: { value: string; label: string; group?: string }[],
  value: string,
  chosen: (value: string) => void,
): HTMLSelectElement {
  const element = h("select", { onchange: () => chosen(element.value) });
  const groups = new Map<string, HTMLOptGroupElement>();
  for (const option of options) {
    const item = h("option", { value: option.value, selected: option.value === value }, option.label);
    if (option.group === undefined) {
      element.append(item);
      continue;
    }
    let group = groups.get(option.group);
    if (!group) {
      group = h("optgroup", { label: option.group });
      groups.set(option.group, group);
      element.append(group);
    }
    group.append(item);
  }
  return element;
}

/** A year slider with its value beside it. */
export function yearSlider(
  first: number,
  last: number,
  value: number,
  chosen: (year: number) => void,
): HTMLElement {
  const shown = h("output", { class: "year" }, value);
  const input = h("input", {
    type: "range",
    min: first,
    max: last,
    value,
    oninput: () => {
      fill(shown, input.value);
      chosen(Number(input.value));
    },
  });
  return h("div", { class: "control slider" }, h("label", {}, h("span", {}, "Year"), input), shown);
}

/** Offer a text as a file to save. */
export function save(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** A table of text, with a caption for screen readers and its columns of numbers to the right. */
export function table(caption: string, head: string[], body: Child[][]): HTMLElement {
  const numeric = head.map((_, i) => body.every((cells) => isNumber(cells[i])));
  const kind = (cell: Child, i: number): string =>
    numeric[i] ? "number" : typeof cell !== "string" ? "" : cell.length <= SHORT ? "short" : cell.length > LONG ? "long" : "";
  const row = (cells: Child[]): HTMLElement =>
    h("tr", {}, ...cells.map((cell, i) => h("td", { class: kind(cell, i) }, cell)));
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    h(
      "table",
      {},
      h("caption", { class: "hidden" }, caption),
      h("thead", {}, h("tr", {}, ...head.map((name, i) => h("th", { scope: "col", class: numeric[i] ? "number" : "" }, name)))),
      h("tbody", {}, ...body.map(row)),
    ),
  );
}

function isNumber(cell: Child): boolean {
  return typeof cell === "number" || (typeof cell === "string" && /^(-?[\d,]+(\.\d+)?( %)?|not observed|)$/.test(cell));
}
