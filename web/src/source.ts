/** One EventSource, its events parsed; reopened by us where the browser gives up. Runs in a page or a worker. */

import type { Delta, Heartbeat, Message, Snapshot } from "./types.ts";

const RETRY_MS = 3000;

export class Source {
  #url: string;
  #tell: (message: Message) => void;
  #events: EventSource | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string, tell: (message: Message) => void) {
    this.#url = url;
    this.#tell = tell;
  }

  /** Close what is open and begin anew: the server answers with a snapshot. */
  open(): void {
    clearTimeout(this.#retry);
    this.#events?.close();
    const events = new EventSource(this.#url);
    this.#events = events;
    const parsed = <T>(event: Event): T => JSON.parse((event as MessageEvent<string>).data) as T;
    events.addEventListener("snapshot", (e) => this.#tell({ type: "snapshot", data: parsed<Snapshot>(e) }));
    events.addEventListener("delta", (e) => this.#tell({ type: "delta", data: parsed<Delta>(e) }));
    events.addEventListener("hb", (e) => this.#tell({ type: "hb", data: parsed<Heartbeat>(e) }));
    events.addEventListener("bye", () => this.#tell({ type: "bye" }));
    events.onerror = () => this.#lost(events);
  }

  /** The browser reconnects by itself (with Last-Event-ID) unless the answer was no event stream. */
  #lost(events: EventSource): void {
    this.#tell({ type: "lost" });
    if (events.readyState !== EventSource.CLOSED || events !== this.#events) return;
    void this.#askWhy();
    this.#retry = setTimeout(() => this.open(), RETRY_MS);
  }

  /** An EventSource doesn't tell the status: ask for it, to tell "log in again" from "server down". */
  async #askWhy(): Promise<void> {
    try {
      const answer = await fetch(this.#url, { method: "GET", redirect: "manual", signal: AbortSignal.timeout(2000) });
      void answer.body?.cancel();
      if (answer.type === "opaqueredirect" || answer.status === 401) this.#tell({ type: "refused" });
    } catch {
      // Not reachable: "lost" was said already.
    }
  }
}
