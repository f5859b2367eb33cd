/** One alarm's elements, made from the page's template and kept equal to the row. */

import { isAcked, isClosable, isShelvable, isSilent } from "./board.ts";
import { config, named, say, word } from "./config.ts";
import { copy, element, mark, show, text } from "./dom.ts";
import { clockTime, duration } from "./time.ts";
import type { Notice, Row } from "./types.ts";

const TOLD_SHOWN = 3;
/** Kinds that stand for other alarms. */
const GROUPING = new Set(["outage", "unstable"]);
const MEASURED = new Set(["leak", "unknown_leak", "trend"]);
const TROUBLE = "trouble";

export class RowView {
  readonly root: HTMLElement;
  readonly #parts = new Map<string, HTMLElement>();
  #row: Row | undefined;
  #open = false;

  constructor(id: number) {
    this.root = copy("row-template");
    this.root.id = `alarm-${id}`;
    mark(this.root, "id", String(id));
    for (const one of this.root.querySelectorAll<HTMLElement>("[data-part]")) {
      this.#parts.set(one.dataset["part"] ?? "", one);
    }
  }

  /** As it was painted last. */
  get row(): Row | undefined {
    return this.#row;
  }

  update(row: Row, nowMs: number): void {
    this.#row = row;
    const root = this.root;
    mark(root, "priority", String(row.priority));
    mark(root, "status", row.status);
    mark(root, "silent", String(isSilent(row)));
    this.#part("shape").setAttribute("href", `#shape-${row.priority}`);
    text(this.#part("number"), String(row.priority));
    text(this.#part("priority"), word("priority", row.priority));
    text(this.#part("title"), title(row));
    text(this.#part("status"), word("status", row.status));
    this.#where(row);
    this.#lel(row);
    this.#told(row.notices);
    this.#buttons(row, nowMs);
    this.tick(nowMs);
    if (this.#open) this.#details(row, nowMs);
  }

  /** Ages, and what is overdue: once a second. */
  tick(nowMs: number): void {
    if (!this.#row) return;
    text(this.#part("age"), duration(nowMs - this.#row.opened_ms));
    this.#flags(this.#row, nowMs);
  }

  toggle(nowMs: number): void {
    this.#open = !this.#open;
    show(this.#part("details"), this.#open);
    this.#part("more").setAttribute("aria-expanded", String(this.#open));
    if (this.#open && this.#row) this.#details(this.#row, nowMs);
  }

  /** Say something about the operator's action at the row itself. */
  say(words: string, tone: "" | "wait" | "warn" | "good"): void {
    const place = this.#part("feedback");
    text(place, words);
    mark(place, "tone", tone);
    show(place, words !== "");
  }

  /** Draw the eye: the row is not what the operator saw. */
  flash(): void {
    this.root.classList.remove("flash");
    void this.root.offsetWidth; // restarts the animation
    this.root.classList.add("flash");
  }

  #part(name: string): HTMLElement {
    const found = this.#parts.get(name);
    if (!found) throw new Error(`the template has no part "${name}"`);
    return found;
  }

  #flags(row: Row, nowMs: number): void {
    const flags = row.loud ? [say("loud")] : [];
    mark(this.root, "loud", String(row.loud ?? false));
    flags.push(...this.#hazard(row.hazard_ms, nowMs));
    if (row.suppression === "gas_test") flags.push(word("suppression", row.suppression));
    if (isSilent(row) && row.suppressed_until_ms !== null) {
      flags.push(say("until", { until: clockTime(row.suppressed_until_ms, nowMs) }));
    }
    if (row.chatters) flags.push(say("chatters"));
    if (row.late) flags.push(say("late"));
    if (row.count > 1) flags.push(say("times_short", { count: row.count }));
    text(this.#part("flags"), flags.join(" · "));
  }

  /** Marks the row; the words say until when it is to be put right. */
  #hazard(deadlineMs: number | null, nowMs: number): string[] {
    const state = deadlineMs === null ? "no" : deadlineMs < nowMs ? "overdue" : "due";
    mark(this.root, "hazard", state);
    if (deadlineMs === null) return [];
    const until = clockTime(deadlineMs, nowMs);
    return [state === "due" ? say("hazard_due", { until }) : say("hazard_overdue", { until })];
  }

  #where(row: Row): void {
    const site = groupName(row) || named(row.site_name, row.site_name_en);
    text(this.#part("site"), site || row.detector || say("our_service"));
    const room = this.#part("room");
    const [words, said] = row.kind === TROUBLE ? trouble(row.codes) : [named(row.room_name, row.room_name_en), ""];
    text(room, words);
    room.title = said;
    text(this.#part("gas"), word("gas", row.supply_gas));
    text(this.#part("address"), row.address);
    const link = this.#part("detector");
    text(link, row.detector ?? "");
    if (row.detector) link.setAttribute("href", `/detectors/${encodeURIComponent(row.detector)}`);
  }

  #lel(row: Row): void {
    const measured = MEASURED.has(row.kind) && (row.lel !== null || row.peak_lel !== null);
    show(this.#part("lel"), measured);
    const codes = this.#part("codes");
    const words = row.outage ? say("outage", { offline: row.outage.offline, size: row.outage.size }) : codeWords(row);
    text(codes, row.kind === TROUBLE ? "" : words);
    show(codes, !measured && codes.textContent !== "");
    if (!measured) return;
    text(this.#part("now"), row.lel === null ? "–" : number(row.lel));
    text(this.#part("peak"), row.peak_lel === null ? "" : say("peak", { lel: number(row.peak_lel) }));
    const corrected = this.#part("corrected");
    show(corrected, row.corrected_lel !== null);
    if (row.corrected_lel !== null) text(corrected, say("corrected", { lel: number(row.corrected_lel) }));
    const bar = this.#part("bar");
    bar.style.setProperty("--now", `${Math.min(100, row.lel ?? 0)}%`);
    bar.style.setProperty("--peak", `${Math.min(100, row.peak_lel ?? 0)}%`);
  }

  #told(notices: Notice[]): void {
    const place = this.#part("told");
    const key = notices.map((notice) => `${notice.id}${notice.state}`).join();
    if (place.dataset["key"] === key) return;
    place.dataset["key"] = key;
    const latest = byPerson(notices);
    const shown = latest.slice(0, TOLD_SHOWN).map((notice) => {
      const item = element("li", "notice");
      item.dataset["state"] = tone(notice.state);
      item.append(icon(tone(notice.state)), element("b", "", notice.person_name));
      item.append(element("span", "", `${word("role", notice.role)} · ${word("notice", notice.state)}`));
      return item;
    });
    if (latest.length > TOLD_SHOWN) {
      shown.push(element("li", "rest", say("more_people", { count: latest.length - TOLD_SHOWN })));
    }
    if (latest.length === 0) shown.push(element("li", "rest", say("nobody_told")));
    place.replaceChildren(...shown);
  }

  #buttons(row: Row, nowMs: number): void {
    const may = config.may_act === true;
    show(this.#part("ack"), may && !isAcked(row));
    show(this.#part("close"), may && isClosable(row));
    const acked = this.#part("acked");
    show(acked, row.acked_ms !== null);
    show(this.#part("telephone"), may && !isAcked(row));
    show(this.#part("own"), may);
    show(this.#part("escalate"), may && !isSilent(row));
    show(this.#part("shelve"), may && isShelvable(row));
    show(this.#part("unshelve"), may && row.suppression === "shelved");
    if (row.acked_ms !== null) {
      const by = say("acked_by", { name: row.acked_by ?? "", time: clockTime(row.acked_ms, nowMs) });
      const missing = row.acks_missing ? say("acks_missing", { count: row.acks_missing }) : "";
      const until = row.ack_expires_ms === null ? "" : say("counts_until", { time: clockTime(row.ack_expires_ms, nowMs) });
      text(acked, [by, missing, until].filter(Boolean).join(" · "));
    }
  }

  #details(row: Row, nowMs: number): void {
    const facts: [string, string][] = [
      [say("opened"), clockTime(row.opened_ms, nowMs)],
      [say("since"), clockTime(row.since_ms, nowMs)],
      [say("changed"), clockTime(row.changed_ms, nowMs)],
      [say("times"), String(row.count)],
    ];
    if (row.outage) facts.push([say("outage_most"), String(row.outage.most)]);
    if (row.owner !== null) facts.push([say("owner"), row.owner]);
    if (row.suppressed_until_ms !== null) {
      const until = clockTime(row.suppressed_until_ms, nowMs);
      facts.push([word("suppression", row.suppression), say("silent_until", { until, by: row.suppressed_by, why: row.suppressed_reason })]);
    }
    if (row.rung !== null) facts.push([say("rung"), String(row.rung + 1)]);
    if (row.kind === TROUBLE) facts.push([say("said"), trouble(row.codes)[1]]);
    else if (row.codes.length) facts.push([say("codes"), codeWords(row)]);
    if (row.late) facts.push([say("late"), say("late_hint")]);
    facts.push([say("number"), String(row.id)]);
    const pairs = facts.flatMap(([name, value]) => [element("dt", "", name), element("dd", "", value)]);
    this.#part("facts").replaceChildren(...pairs);
    const lines = [...row.notices].reverse().map((notice) => noticeLine(notice, nowMs));
    this.#part("notices").replaceChildren(...lines);
    const list = this.#part("inside");
    show(list, GROUPING.has(row.kind));
    list.setAttribute("href", `/alarms/${row.id}/inside`);
    this.#part("page").setAttribute("href", `/alarms/${row.id}`);
  }
}

function noticeLine(notice: Notice, nowMs: number): HTMLElement {
  const line = element("tr", "");
  const state = element("td", "");
  state.append(icon(tone(notice.state)), ` ${word("notice", notice.state)}`);
  line.append(
    element("td", "time", clockTime(notice.at_ms, nowMs)),
    element("td", "", `${notice.person_name} (${word("role", notice.role)})`),
    element("td", "", `${word("channel", notice.channel)} · ${word("purpose", notice.purpose)}`),
    state,
  );
  return line;
}

/** What it is, in words: for a leak the worst level so far. */
export function title(row: Row): string {
  if (row.kind === "leak") return word("leak", row.peak_level);
  return word("kind", row.kind);
}

/** What the detectors of an outage have in common. */
function groupName(row: Row): string {
  if (!row.outage) return "";
  if (row.outage.kind === "gateway") return say("outage_gateway", { id: row.outage.id });
  return named(row.outage.name, row.outage.name_en);
}

/** What a trouble of ours is, in words; and what was said of it when it began, which is never brought up to date. */
function trouble(codes: string[]): [words: string, said: string] {
  const [name = "", ...rest] = codes;
  const said = rest.pop() ?? "";
  return [[word("code", name), ...rest].join(" "), said];
}

function codeWords(row: Row): string {
  return row.codes.map((code) => word("code", code)).join(" · ");
}

function number(lel: number): string {
  return lel.toFixed(lel < 10 && lel % 1 !== 0 ? 1 : 0);
}

/** The newest notice of each person, in the order in which they were first told. */
export function byPerson(notices: Notice[]): Notice[] {
  const latest = new Map<string, Notice>();
  for (const notice of notices) {
    const before = latest.get(`${notice.person_name}/${notice.role}`);
    if (!before || notice.at_ms >= before.at_ms) latest.set(`${notice.person_name}/${notice.role}`, notice);
  }
  return [...latest.values()];
}

const TONES: Record<string, string> = {
  delivered: "good",
  handed_over: "going",
  sending: "going",
  pending: "going",
  undelivered: "bad",
  refused: "bad",
  unknown: "bad",
  expired: "bad",
  superseded: "none",
};

function tone(state: string): string {
  return TONES[state] ?? "none";
}

function icon(name: string): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}
