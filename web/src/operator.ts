/** The operator's hands: buttons and keys of the list, and what the server answered. */

import { act, type Act } from "./actions.ts";
import { isAcked, isClosable, isShelvable } from "./board.ts";
import { config, say } from "./config.ts";
import { ask, type Words } from "./dialog.ts";
import { byId } from "./dom.ts";
import type { Health } from "./health.ts";
import type { Rows } from "./rows.ts";
import type { RowView } from "./row_view.ts";
import type { Sound } from "./sound.ts";
import type { Row } from "./types.ts";
import type { ServerClock } from "./time.ts";

const busy = new Set<number>();

export function listen(rows: Rows, clock: ServerClock, sound: Sound, health: Health): void {
  const press = (view: RowView, name: string): void => void pressed(view, name, clock, health);
  byId("main").addEventListener("click", (event) => {
    const target = event.target as HTMLElement;
    const button = target.closest<HTMLElement>("button[data-part]");
    const view = viewAt(rows, target);
    if (!button || !view) return;
    if (rows.unsettled) {
      view.flash(); // the list moved under the pointer: the click may have been meant for another row
      return;
    }
    press(view, button.dataset["part"] ?? "");
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
    if (event.key === "s" || event.key === "S") sound.pause();
    else if (event.key === "?") (byId("help") as HTMLDialogElement).showModal();
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") move(event.key === "ArrowDown" ? 1 : -1);
    else {
      const view = viewAt(rows, document.activeElement);
      const name = KEYS[event.key.toLowerCase()];
      if (!view || !name || (event.key === "Enter" && event.target !== view.root)) return;
      press(view, name);
    }
    event.preventDefault();
  });
}

const HOUR_MS = 3_600_000;
const KEYS: Record<string, string> = {
  a: "ack",
  n: "comment",
  c: "close",
  e: "escalate",
  h: "shelve",
  p: "telephone",
  t: "own",
  enter: "more",
};

async function pressed(view: RowView, name: string, clock: ServerClock, health: Health): Promise<void> {
  const row = view.row;
  if (!row) return;
  if (name === "more") view.toggle(clock.now());
  if (config.may_act !== true) return;
  if (name === "ack" && !isAcked(row)) await send(view, row.id, { do: "ack", seen_version: row.version, note: "" }, health);
  if (name === "close" && isClosable(row)) {
    const words = await ask(row, "close");
    if (words) await send(view, row.id, closing(words), health);
  }
  if (name === "comment") {
    const words = await ask(row, "comment");
    if (words) await send(view, row.id, { do: "comment", note: words.note }, health);
  }
  const wish = await workOn(row, name, clock);
  if (wish) await send(view, row.id, wish, health);
}

/** What the further buttons ask for; undefined: it is none of them, or the operator thought better of it. */
async function workOn(row: Row, name: string, clock: ServerClock): Promise<Act | undefined> {
  if (name === "escalate") return { do: "escalate" };
  if (name === "unshelve" && row.suppression === "shelved") return { do: "unshelve" };
  if (name === "own" && row.owner === null) return { do: "own" };
  if (name === "own") {
    const words = await ask(row, "take_over");
    return words && { do: "own", take_over: true, note: words.note };
  }
  if (name === "telephone" && !isAcked(row)) {
    const words = await ask(row, "telephone");
    return words && { do: "ack-for", seen_version: row.version, note: words.note, ...caller(words) };
  }
  if (name === "shelve" && isShelvable(row)) {
    const words = await ask(row, "shelve");
    return words && { do: "shelve", reason: words.note, until_ms: Math.round(clock.now() + words.hours * HOUR_MS) };
  }
  return undefined;
}

function caller({ person, name }: Words): Partial<Act> {
  return person === "" ? { name } : { person };
}

function closing({ cause, trigger, note }: Words): Act {
  return trigger === "" ? { do: "close", cause, note } : { do: "close", cause, trigger, note };
}

async function send(view: RowView, id: number, body: Act, health: Health): Promise<void> {
  if (busy.has(id)) return;
  busy.add(id);
  view.say(say("sending"), "wait");
  try {
    const answer = await act(id, body);
    const good = answer.outcome === "done" || answer.outcome === "queued";
    view.say(answer.outcome === "done" && body.do === "comment" ? say("noted") : answer.words, good ? "good" : "warn");
    if (answer.outcome === "changed") view.flash();
    if (answer.outcome === "signed_out") health.signedOut();
  } finally {
    busy.delete(id);
  }
}

function viewAt(rows: Rows, element: Element | null): RowView | undefined {
  const root = element?.closest<HTMLElement>("[data-id]");
  return root ? rows.view(Number(root.dataset["id"])) : undefined;
}

function move(by: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>(".alarms > [data-id]")];
  const at = all.findIndex((one) => one.contains(document.activeElement));
  const next = all[at === -1 ? 0 : Math.max(0, Math.min(all.length - 1, at + by))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, dialog[open]") !== null;
}
