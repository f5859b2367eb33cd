/** The open alarms as the server last told them, and their order on the screen. Knows nothing of the document. */

import type { Row } from "./types.ts";

export const PRIORITIES = [1, 2, 3, 4] as const;

export interface Change {
  fresh: Row[];
  worse: Row[];
}

export class Board {
  readonly rows = new Map<number, Row>();

  #told = false;

  /** Take a snapshot; returns what is new since the last one (nothing at the first). */
  reset(rows: Row[]): Change {
    const kept = new Set(rows.map((row) => row.id));
    const change = this.merge(rows, [...this.rows.keys()].filter((id) => !kept.has(id)));
    const first = !this.#told;
    this.#told = true;
    return first ? { fresh: [], worse: [] } : change;
  }

  /** Take a delta; returns the alarms that are new, and those that became more urgent. */
  merge(rows: Row[], gone: number[]): Change {
    const fresh: Row[] = [];
    const worse: Row[] = [];
    for (const row of rows) {
      const before = this.rows.get(row.id);
      if (!before) fresh.push(row);
      else if (row.priority < before.priority || row.peak_level > before.peak_level) worse.push(row);
      this.rows.set(row.id, row);
    }
    for (const id of gone) this.rows.delete(id);
    return { fresh, worse };
  }

  /** Hazards last, before them what is silent; unacknowledged first, then by priority, the newest first. */
  sorted(): Row[] {
    return [...this.rows.values()].sort(
      (a, b) =>
        Number(a.hazard_ms != null) - Number(b.hazard_ms != null) ||
        Number(isSilent(a)) - Number(isSilent(b)) ||
        Number(isAcked(a)) - Number(isAcked(b)) ||
        a.priority - b.priority ||
        b.opened_ms - a.opened_ms ||
        b.id - a.id,
    );
  }

  /** The most urgent priority that nobody has acknowledged; null: none. */
  loudest(): number | null {
    let least: number | null = null;
    for (const row of this.rows.values()) {
      // Whom nobody answers sounds like what is most urgent.
      const priority = row.loud ? 1 : row.priority;
      if (!isAcked(row) && !isSilent(row) && (least === null || priority < least)) least = priority;
    }
    return least;
  }
}

/** As many as must have taken responsibility. */
export function isAcked(row: Row): boolean {
  return row.acked_ms !== null && row.acks_missing === 0;
}

const SILENT = new Set(["shelved", "maintenance"]);

/** Nobody is told of it for now: shelved, or in a maintenance window. Never a leak. */
export function isSilent(row: Row): boolean {
  return SILENT.has(row.suppression);
}

const LEAKS = new Set(["leak", "unknown_leak"]);

/** A leak is never shelved. */
export function isShelvable(row: Row): boolean {
  return !LEAKS.has(row.kind) && row.suppression !== "shelved";
}

/** Only what is acknowledged and over can be closed; a leak waits for it (the latch). */
export function isClosable(row: Row): boolean {
  return row.status === "acked_normal";
}
