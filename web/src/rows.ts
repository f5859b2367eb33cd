/** The list on the screen: keyed elements, painted at most once a frame, the first 200 alarms. */

import { type Board } from "./board.ts";
import { say } from "./config.ts";
import { byId, show, text } from "./dom.ts";
import { RowView } from "./row_view.ts";
import type { ServerClock } from "./time.ts";

const SHOWN = 200;
const SETTLE_MS = 400;

export class Rows {
  readonly #list = byId("alarms");
  readonly #board: Board;
  readonly #clock: ServerClock;
  readonly #views = new Map<number, RowView>();
  #movedAt = -SETTLE_MS;
  #scheduled = false;
  #afterPaint: (() => void)[] = [];

  constructor(board: Board, clock: ServerClock) {
    this.#board = board;
    this.#clock = clock;
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
    const shown = all.slice(0, SHOWN);
    const focused = document.activeElement;
    const wasIn = this.#list.contains(focused);
    this.#forget(new Set(shown.map((row) => row.id)));
    let previous: Element | null = null;
    for (const row of shown) {
      let view = this.#views.get(row.id);
      if (!view) {
        view = new RowView(row.id);
        this.#views.set(row.id, view);
      }
      if (view.row !== row) view.update(row, now);
      const place: Element | null = previous === null ? this.#list.firstElementChild : previous.nextElementSibling;
      if (place !== view.root) {
        this.#list.insertBefore(view.root, place);
        this.#moved();
      }
      previous = view.root;
    }
    if (wasIn && focused instanceof HTMLElement && document.activeElement !== focused) focused.focus();
    show(byId("empty"), all.length === 0);
    show(byId("overflow"), all.length > SHOWN);
    text(byId("overflow"), say("overflow", { count: all.length - SHOWN }));
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
    if (this.#list.matches(":hover")) this.#movedAt = performance.now();
  }
}
