/** Counts by priority and by protection state, and how our own services are. */

import { PRIORITIES } from "./board.ts";
import { say, service, word } from "./config.ts";
import { byId, element, mark, part, show, text } from "./dom.ts";
import { clockTime } from "./time.ts";
import type { Counts, Part } from "./types.ts";

const STATES = [
  "protected",
  "unfit",
  "fault",
  "offline",
  "unmonitored",
  "warming_up",
  "maintenance",
  "not_required",
];

export function paintCounts(counts: Counts): void {
  const strip = byId("counts");
  for (const priority of PRIORITIES) {
    const count = counts.by_priority[String(priority)] ?? 0;
    const tile = part(strip, `priority-${priority}`);
    text(part(tile, "count"), String(count));
    mark(tile, "none", String(count === 0));
  }
  text(part(strip, "unacked"), String(counts.unacked));
  mark(part(strip, "unacked-tile"), "none", String(counts.unacked === 0));
  show(byId("inside"), counts.inside > 0);
  text(byId("inside"), say("inside", { count: counts.inside }));
  show(byId("flood"), counts.flood_ms !== null);
  text(byId("flood"), say("flood"));
  show(byId("hazards"), counts.hazards > 0);
  text(byId("hazards"), say("hazards", { count: counts.hazards }));
  const total = Object.values(counts.detectors).reduce((sum, count) => sum + count, 0);
  for (const state of STATES) {
    const count = counts.detectors[state] ?? 0;
    const tile = part(strip, `state-${state}`);
    text(part(tile, "count"), String(count));
    mark(tile, "none", String(count === 0));
    show(tile, count > 0 || state === "protected");
    tile.style.setProperty("--share", `${total ? (100 * count) / total : 0}%`);
  }
}

export function paintSystem(parts: Part[]): void {
  const line = byId("system-line");
  const key = JSON.stringify(parts);
  if (line.dataset["key"] === key) return;
  line.dataset["key"] = key;
  const items = parts.map((one) => {
    const item = element("li", "service");
    item.dataset["state"] = one.state;
    item.append(element("i", "lamp"), element("b", "", service(one.name)));
    if (one.state !== "up") {
      item.append(element("span", "", [word("system", one.state), one.detail].filter(Boolean).join(": ")));
    } else if (one.crashed_ms !== null) {
      item.dataset["crashed"] = "";
      item.append(element("span", "", say("restarted", { time: clockTime(one.crashed_ms, one.crashed_ms) })));
    }
    item.title = `${service(one.name)}: ${word("system", one.state)} ${one.detail}`.trim();
    return item;
  });
  line.replaceChildren(...items);
  mark(line, "ok", String(parts.every((one) => one.state === "up")));
}

/** The tab's title says how many wait, for a console behind another window. */
export function paintTitle(counts: Counts): void {
  const page = document.documentElement.dataset["title"] ?? document.title;
  document.documentElement.dataset["title"] = page;
  document.title = counts.unacked ? `(${counts.unacked}) ${page}` : page;
  text(byId("announcer"), counts.unacked ? say("announce", { count: counts.unacked }) : "");
}
