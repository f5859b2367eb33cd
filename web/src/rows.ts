/** The list and the fold of silent alarms under it: keyed elements, painted at most once a frame, the first 200 alarms each. */

import { type Board, isSilent } from "./board.ts";
import { say, word } from "./config.ts";
import { byId, part, show, text } from "./dom.ts";
import { RowView } from "./row_view.ts";
import type { ServerClock } from "./time.ts";
import type { Row } from "./types.ts";

const SHOWN = 200;
const SETTLE_MS = 400;

export class Rows {
  readonly #list = byId("alarms");
  readonly #silent = byId("silent");
  readonly #fold = byId("fold");
  readonly #board: Board;
  readonly #clock: ServerClock;
  readonly #views = new Map<number, RowView>();
  #movedAt = -SETTLE_MS;
  #unfolded = false;
  #scheduled = false;
  #afterPaint: (() => void)[] = [];

  constructor(board: Board, clock: ServerClock) {
    this.#board = board;
    this.#clock = clock;
    this.#fold.addEventListener("click", () => {
      this.#unfolded = !this.#unfolded;
      show(this.#silent, this.#unfolded);
      this.#fold.setAttribute("aria-expanded", String(this.#unfolded));
      this.schedule();
    });
  }

  /** Paint in the next frame; `then` is called when the frame has been shown. Not called in a hidden tab. */
  schedule(then?: () => void): void {
    if (then) this.#afterPaint.push(then);
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#paint();
      const done = this.#afterPaint;
      this.#afterPaint = [];
      // A message posted in a frame arrives after that frame was drawn.
      const channel = new MessageChannel();
      channel.port1.onmessage = () => done.forEach((call) => call());
      channel.port2.postMessage(null);
    });
  }

  view(id: number): RowView | undefined {
    return this.#views.get(id);
  }

  /** Whether rows moved so lately that a click may have been meant for another one. */
  get unsettled(): boolean {
    return performance.now() - this.#movedAt < SETTLE_MS;
  }

  tick(): void {
    if (!this.#clock.known) return;
    for (const view of this.#views.values()) view.tick(this.#clock.now());
  }

  #paint(): void {
    if (!this.#clock.known) return;
    const now = this.#clock.now();
    const all = this.#board.sorted();
    const silent = all.filter(isSilent);
    const loud = all.filter((row) => !isSilent(row));
    const shown = loud.slice(0, SHOWN);
    const unfolded = this.#unfolded ? silent.slice(0, SHOWN) : [];
    const focused = document.activeElement;
    const wasIn = this.#list.contains(focused) || this.#silent.contains(focused);
    this.#forget(new Set([...shown, ...unfolded].map((row) => row.id)));
    this.#place(this.#list, shown, now);
    this.#place(this.#silent, unfolded, now);
    if (wasIn && focused instanceof HTMLElement && document.activeElement !== focused) focused.focus();
    show(byId("empty"), all.length === 0);
    show(byId("overflow"), loud.length > SHOWN);
    text(byId("overflow"), say("overflow", { count: loud.length - SHOWN }));
    show(this.#fold, silent.length > 0);
    text(part(this.#fold, "words"), foldWords(silent));
  }

  /** These rows in this order, and only what differs is moved. */
  #place(list: HTMLElement, rows: Row[], now: number): void {
    let previous: Element | null = null;
    for (const row of rows) {
      let view = this.#views.get(row.id);
      if (!view) {
        view = new RowView(row.id);
        this.#views.set(row.id, view);
      }
      if (view.row !== row) view.update(row, now);
      const place: Element | null = previous === null ? list.firstElementChild : previous.nextElementSibling;
      if (place !== view.root) {
        list.insertBefore(view.root, place);
        this.#moved();
      }
      previous = view.root;
    }
  }

  #forget(kept: Set<number>): void {
    for (const [id, view] of this.#views) {
      if (kept.has(id)) continue;
      view.root.remove();
      this.#views.delete(id);
      this.#moved();
    }
  }

  /** Rows that move under a resting pointer must not take its click. */
  #moved(): void {
    if (this.#list.matches(":hover") || this.#silent.matches(":hover")) this.#movedAt = performance.now();
  }
}

/** How many are silent, and why. */
function foldWords(silent: Row[]): string {
  const why = new Map<string, number>();
  for (const row of silent) why.set(row.suppression, (why.get(row.suppression) ?? 0) + 1);
  const counts = [...why].map(([one, count]) => `${word("suppression", one)} ${count}`);
  return [say("silent", { count: silent.length }), ...counts].join(" · ");
}
