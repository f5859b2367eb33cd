/** Instants and durations as words; and the server's clock, estimated. Nothing depends on this computer's date. */

import { config, say } from "./config.ts";

const clockFormat = new Intl.DateTimeFormat("en-GB", {
  timeZone: config.timezone,
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const dayFormat = new Intl.DateTimeFormat("en-CA", { timeZone: config.timezone, month: "2-digit", day: "2-digit" });

/** "12:03:10" in the town's zone; with the month and day ("11-26") before it when that is not the server's today. */
export function clockTime(ms: number, nowMs: number): string {
  const day = dayFormat.format(ms);
  return (day === dayFormat.format(nowMs) ? "" : `${day} `) + clockFormat.format(ms);
}

/** "0:42", "12:07", "3:04:09", "2 d 03:04": minutes first, hours and days when there are any. */
export function duration(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, "0");
  const [d, h, m] = [Math.floor(s / 86_400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
  if (d) return say("days", { days: d, rest: `${two(h)}:${two(m)}` });
  return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

/**
 * The server's clock, estimated from what it said: of the last samples, the one that took the least time
 * to come is the truest (it is late by that time: some milliseconds). Counts on with the monotonic clock, so a
 * corrected computer clock changes nothing. Snapshots can be long and slow to come: good enough for ages, while
 * `exact` waits for a heartbeat, and then heartbeats alone count.
 */
export class ServerClock {
  #offsets: number[] = [];
  exact = false;

  sampleSnapshot(serverMs: number): void {
    if (!this.exact) this.#offsets.push(serverMs - performance.now());
  }

  sampleHeartbeat(serverMs: number): void {
    const before = this.exact ? this.#offsets.slice(-29) : [];
    this.#offsets = [...before, serverMs - performance.now()];
    this.exact = true;
  }

  get known(): boolean {
    return this.#offsets.length > 0;
  }

  now(): number {
    return performance.now() + Math.max(...this.#offsets);
  }
}
