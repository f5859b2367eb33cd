/** What an operator does, sent to the server; every outcome is a value with words for the operator. */

import { say, word } from "./config.ts";

export interface Answer {
  /** "done"; "queued": noted, takes effect later; "changed": look again; "failed": try again. */
  outcome: "done" | "queued" | "changed" | "failed" | "signed_out";
  words: string;
}

export interface Act {
  do: "ack" | "close" | "comment" | "shelve" | "unshelve" | "own" | "escalate" | "ack-for";
  seen_version?: number;
  cause?: string;
  trigger?: string;
  note?: string;
  reason?: string;
  until_ms?: number;
  take_over?: boolean;
  person?: string;
  name?: string;
}

const PATIENCE_MS = 8000;

export async function act(alarm: number, { do: verb, ...body }: Act): Promise<Answer> {
  try {
    return await judged(await send(`/api/v1/alarms/${alarm}/${verb}`, body));
  } catch {
    return { outcome: "failed", words: say("unreachable") };
  }
}

/** Report when an alarm was on the screen; it is only a measurement, so a failure is let go. */
export function reportScreen(alarm: number, ms: number): void {
  send("/api/v1/screen", { alarm, ms: Math.max(0, Math.round(ms)) }).catch(() => undefined);
}

/** The header tells our own pages from a form on a stranger's page. */
function send(url: string, body: object): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Gaswatch": "1" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
}

async function judged(answer: Response): Promise<Answer> {
  if (answer.status === 202) return { outcome: "queued", words: say("queued") };
  if (answer.ok) return { outcome: "done", words: "" };
  if (answer.status === 401) return { outcome: "signed_out", words: say("signed_out") };
  if (answer.status === 403) return { outcome: "failed", words: say("forbidden") };
  if (answer.status === 404) return { outcome: "changed", words: word("outcome", "not_found") };
  const problem = (await answer.json().catch(() => ({}))) as { outcome?: string; detail?: string };
  if (answer.status === 409) {
    const outcome = problem.outcome ?? "changed_meanwhile";
    return { outcome: "changed", words: word("outcome", outcome) };
  }
  return { outcome: "failed", words: say("failed", { status: answer.status, detail: problem.detail ?? "" }) };
}
