// A list of chosen things: a box with suggestions that adds one, and a button for each that removes it.
import { fill, h, labelled } from "./dom";

export interface Option {
  value: string;
  label: string;
}

/** Make a picker of at least one and at most `most` options; `changed` is called with the chosen values. */
export function picker(
  label: string,
  options: Option[],
  start: string[],
  most: number,
  changed: (values: string[]) => void,
): HTMLElement {
  const byLabel = new Map(options.map((option) => [option.label.toLowerCase(), option]));
  const labels = new Map(options.map((option) => [option.value, option.label]));
  const suggestions = h("datalist", { id: `suggestions-${label.toLowerCase().replace(/\W+/g, "-")}` });
  fill(suggestions, ...options.map((option) => h("option", { value: option.label })));
  let chosen = start;
  const chips = h("ul", { class: "chips", "aria-label": `Chosen: ${label}` });
  const box = h("input", {
    type: "text",
    list: suggestions.id,
    placeholder: `Add (at most ${most})`,
    autocomplete: "off",
    onchange: add,
    oninput: (event) => {
      if (!(event instanceof InputEvent) || event.inputType === "insertReplacementText") add();
    },
  });

  function add(): void {
    const option = byLabel.get(box.value.trim().toLowerCase());
    if (!option) return;
    box.value = "";
    if (chosen.includes(option.value)) return;
    chosen = [...chosen, option.value].slice(-most);
    update();
  }

  function update(): void {
    draw();
    changed(chosen);
  }

  function draw(): void {
    fill(chips, ...chosen.map((value) => {
      const text = labels.get(value) ?? value;
      return h("li", {}, h("button", {
        type: "button",
        "aria-label": `Remove ${text}`,
        disabled: chosen.length === 1,
        onclick: () => {
          chosen = chosen.filter((other) => other !== value);
          update();
        },
      }, `${text} ×`));
    }));
  }

  draw();
  return h("div", { class: "picker" }, labelled(label, box), suggestions, chips);
}
