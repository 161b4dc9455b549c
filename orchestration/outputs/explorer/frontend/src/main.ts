// Start: open the publication, then build each tab when it is first shown.
import { open } from "./database";
import { fill, h } from "./dom";
import { setHash, startingTab } from "./hash";
import { read, type Publication } from "./publication";
import * as alliances from "./tabs/alliances";
import * as codebook from "./tabs/codebook";
import * as coverage from "./tabs/coverage";
import * as map from "./tabs/map";
import * as results from "./tabs/results";
import * as sql from "./tabs/sql";
import * as timeSeries from "./tabs/timeSeries";

type Show = (panel: HTMLElement, publication: Publication) => void | Promise<void>;

const TABS: { id: string; title: string; show: Show }[] = [
  { id: "series", title: "Time series", show: timeSeries.show },
  { id: "map", title: "Map", show: map.show },
  { id: "coverage", title: "Coverage", show: coverage.show },
  { id: "alliances", title: "Alliances", show: alliances.show },
  { id: "results", title: "Results", show: results.show },
  { id: "sql", title: "SQL", show: sql.show },
  { id: "codebook", title: "Codebook", show: codebook.show },
];

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no element ${id}.`);
  return found;
}

function fail(place: HTMLElement, error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  fill(place, h("p", { class: "error", role: "alert" }, `This could not be shown: ${text}`));
}

function makeTabs(publication: Publication): void {
  const list = element("tabs");
  const panels = element("panels");
  const built = new Set<string>();
  const buttons = TABS.map((tab, i) =>
    h("button", {
      type: "button",
      role: "tab",
      id: `tab-${tab.id}`,
      "aria-controls": `panel-${tab.id}`,
      onclick: () => choose(i),
      onkeydown: (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[(event as KeyboardEvent).key];
        if (step === undefined) return;
        event.preventDefault();
        choose((i + step + TABS.length) % TABS.length);
      },
    }, tab.title),
  );
  const sections = TABS.map((tab) =>
    h("section", { role: "tabpanel", id: `panel-${tab.id}`, "aria-labelledby": `tab-${tab.id}`, hidden: true }),
  );

  function choose(chosen: number, focus = true): void {
    TABS.forEach((tab, i) => {
      const [button, section] = [buttons[i], sections[i]];
      if (!button || !section) return;
      button.setAttribute("aria-selected", String(i === chosen));
      button.tabIndex = i === chosen ? 0 : -1;
      section.hidden = i !== chosen;
      if (i !== chosen) return;
      if (focus) {
        button.focus();
        setHash(tab.id);
      }
      if (built.has(tab.id)) return;
      built.add(tab.id);
      section.setAttribute("aria-busy", "true");
      Promise.resolve(tab.show(section, publication))
        .catch((error: unknown) => fail(section, error))
        .finally(() => section.setAttribute("aria-busy", "false"));
    });
  }

  fill(list, ...buttons);
  fill(panels, ...sections);
  const wanted = TABS.findIndex((tab) => tab.id === startingTab());
  choose(Math.max(wanted, 0), false);
  window.addEventListener("hashchange", () => {
    const named = TABS.findIndex((tab) => tab.id === startingTab());
    if (named >= 0) choose(named, false);
  });
}

async function start(): Promise<void> {
  await open();
  const publication = await read();
  makeTabs(publication);
  element("status").remove();
  document.documentElement.dataset["ready"] = String(Math.round(performance.now()));
}

start().catch((error: unknown) => fail(element("status"), error));
