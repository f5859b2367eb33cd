/** The page's end of the stream: through the shared worker where there is one, else a connection of its own. */

import { Source } from "./source.ts";
import type { Message } from "./types.ts";

export interface Stream {
  /** Ask for a new connection: no word came for too long. */
  reopen(): void;
}

export function connect(worker: string | undefined, tell: (message: Message) => void): Stream {
  if (worker === undefined || typeof SharedWorker === "undefined") return direct(tell);
  const shared = new SharedWorker(worker, { type: "module", name: "gaswatch" });
  let fallback: Stream | undefined;
  shared.onerror = () => {
    fallback ??= direct(tell);
  };
  shared.port.onmessage = (event: MessageEvent<Message>) => tell(event.data);
  shared.port.postMessage("hello");
  addEventListener("pagehide", () => shared.port.postMessage("bye"));
  addEventListener("pageshow", (event) => {
    if (event.persisted) shared.port.postMessage("hello");
  });
  return { reopen: () => (fallback ? fallback.reopen() : shared.port.postMessage("reopen")) };
}

function direct(tell: (message: Message) => void): Stream {
  const source = new Source("/api/v1/stream", tell);
  source.open();
  return { reopen: () => source.open() };
}
