// A figure or table with its caption: what it shows, its source, the citation and the publication id.
import { h, type Child } from "./dom";
import type { Publication } from "./publication";

/** Put a caption with the citation below a figure or a table. */
export function figure(
  publication: Publication,
  title: string,
  content: Child | Child[],
  source: string,
  note = "",
): HTMLElement {
  return h(
    "figure",
    {},
    h("h3", {}, title),
    ...(Array.isArray(content) ? content : [content]),
    h(
      "figcaption",
      {},
      publication.isSynthetic ? h("strong", {}, "SYNTHETIC: invented data that say nothing about the world. ") : null,
      note ? `${note} ` : null,
      source ? `Source: ${source}. ` : null,
      h("span", { class: "cite" }, `Cite: ${publication.citation}`),
    ),
  );
}

/** The width that a plot may take, in pixels. */
export function plotWidth(element: Element): number {
  return Math.max(300, Math.min(1160, element.clientWidth || 1100));
}

/** Label a drawing for screen readers. */
export function described(drawing: Element, label: string): Element {
  for (const svg of drawing instanceof SVGElement ? [drawing] : drawing.querySelectorAll("svg")) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
    for (const part of svg.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label"); // not allowed inside
  }
  return drawing;
}

/** Okabe and Ito's colours, which stay apart for colour-blind readers; the yellow is too light for lines. */
export const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];

/** A number for reading: at most four significant digits, with separators. */
export function short(value: number | null): string {
  if (value === null) return "not observed";
  return value.toLocaleString("en", { maximumSignificantDigits: 4 });
}
