/** What the server sends; field names as in dashboard/adapters/views.py. Instants are ms since 1970 UTC. */

export interface Notice {
  id: number;
  person_name: string;
  role: string;
  channel: string;
  purpose: string;
  state: string;
  at_ms: number;
  /** In the ledger; null: it went to no person. */
  person: string | null;
}

/** What a group alarm is about. */
export interface Outage {
  kind: string;
  id: string;
  name: string;
  name_en: string;
  offline: number;
  most: number;
  size: number;
  listed: string[];
}

export interface Row {
  id: number;
  version: number;
  status: string;
  kind: string;
  priority: number;
  level: number;
  peak_level: number;
  lel: number | null;
  peak_lel: number | null;
  detector: string | null;
  site: string | null;
  site_name: string;
  site_name_en: string;
  room_name: string;
  room_name_en: string;
  address: string;
  supply_gas: string | null;
  opened_ms: number;
  changed_ms: number;
  since_ms: number;
  received_ms: number;
  acked_by: string | null;
  acked_ms: number | null;
  acks_missing: number;
  ack_expires_ms: number | null;
  count: number;
  late: boolean;
  codes: string[];
  notices: Notice[];
  rung: number | null;
  inside: number | null;
  outage: Outage | null;
  corrected_lel: number | null;
  hazard_ms: number | null;
  loud?: boolean;
  chatters: boolean;
  /** Why nobody is told: "none", "shelved", "maintenance", "gas_test" (operators only), "by_design". */
  suppression: string;
  suppressed_until_ms: number | null;
  suppressed_by: string;
  suppressed_reason: string;
  owner: string | null;
}

export interface Counts {
  by_priority: Record<string, number>;
  unacked: number;
  detectors: Record<string, number>;
  inside: number;
  hazards: number;
  flood_ms: number | null;
  silent: number;
}

export interface Part {
  name: string;
  state: string;
  detail: string;
  crashed_ms: number | null;
}

export interface Snapshot {
  seq: number;
  now_ms: number;
  rows: Row[];
  counts: Counts;
  system: Part[];
}

export interface Delta {
  rows: Row[];
  gone: number[];
  counts: Counts;
  system: Part[];
}

export interface Heartbeat {
  now_ms: number;
  seq: number;
  newest_message_age_ms: number | null;
  journal_lag: number;
  collector_age_ms: number | null;
}

/** What the stream tells the page. "lost": the connection is gone; "refused": the server wants a log-in. */
export type Message =
  | { type: "snapshot"; data: Snapshot }
  | { type: "delta"; data: Delta }
  | { type: "hb"; data: Heartbeat }
  | { type: "bye" }
  | { type: "lost" }
  | { type: "refused" };
