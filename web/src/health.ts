/**
 * Whether what the screen shows is true now. A frozen server keeps its connection open and no error comes
 * (measured), so the page itself watches for the heartbeat.
 */

import { say } from "./config.ts";
import { byId, mark, show, text } from "./dom.ts";
import { duration } from "./time.ts";
import type { Heartbeat } from "./types.ts";

/** Two heartbeats missed. */
const STALE_MS = 5000;
/** Give up on a connection that says nothing. */
const REOPEN_MS = 15_000;
/** A collector says how it is every second; the watchers call it dead after ten. */
const COLLECTOR_MS = 10_000;
/** Detectors report every 10 to 60 s; no message at all for this long is nobody's silence but ours. */
const MESSAGES_MS = 90_000;

export class Health {
  #heardAt = performance.now();
  #last: { beat: Heartbeat; at: number } | undefined;
  #signedOut = false;
  #lost = false;
  #askedAt = 0;
  readonly #reopen: () => void;

  constructor(reopen: () => void) {
    this.#reopen = reopen;
  }

  get stale(): boolean {
    return this.#signedOut || performance.now() - this.#heardAt > STALE_MS;
  }

  heard(beat?: Heartbeat): void {
    this.#heardAt = performance.now();
    this.#lost = false;
    this.#signedOut = false;
    if (beat) this.#last = { beat, at: this.#heardAt };
  }

  lost(): void {
    this.#lost = true;
  }

  signedOut(): void {
    this.#signedOut = true;
  }

  /** Called twice a second; true while the operator must not trust the list. */
  paint(): boolean {
    const silence = performance.now() - this.#heardAt;
    if (silence > REOPEN_MS && performance.now() - this.#askedAt > REOPEN_MS) {
      this.#askedAt = performance.now();
      this.#reopen();
    }
    const words = this.#words(silence);
    show(byId("stale"), words !== "");
    text(byId("stale-words"), words);
    show(byId("sign-in"), this.#signedOut);
    mark(document.body, "stale", String(this.stale));
    this.#paintLink(silence);
    return this.stale || words !== "";
  }

  #words(silence: number): string {
    if (this.#signedOut) return say("signed_out");
    if (this.stale) return say("stale", { age: duration(silence) });
    if (!this.#last) return "";
    const passed = performance.now() - this.#last.at;
    const collector = this.#last.beat.collector_age_ms;
    const message = this.#last.beat.newest_message_age_ms;
    if (collector === null) return say("collector_never");
    if (collector + passed > COLLECTOR_MS) return say("collector_old", { age: duration(collector + passed) });
    if (message !== null && message + passed > MESSAGES_MS) {
      return say("messages_old", { age: duration(message + passed) });
    }
    return "";
  }

  #paintLink(silence: number): void {
    const state = this.stale ? "down" : this.#lost ? "wait" : "up";
    mark(byId("link"), "state", state);
    text(byId("link-words"), this.#linkWords(state, silence));
  }

  #linkWords(state: string, silence: number): string {
    if (state === "down") return say("link_down", { age: duration(silence) });
    if (state === "wait") return say("link_wait");
    const message = this.#last?.beat.newest_message_age_ms ?? null;
    if (message === null || !this.#last) return say("link_up");
    const age = (message + performance.now() - this.#last.at) / 1000;
    return say("link_data", { age: age < 10 ? age.toFixed(1) : age.toFixed(0) });
  }
}
