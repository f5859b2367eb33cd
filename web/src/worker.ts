/**
 * The one connection of all tabs. Over HTTP/1.1 a browser opens six connections to a server: with one stream a
 * tab, the sixth tab's acknowledge button would hang (measured; docs/adr/0009-pages-and-assets.md).
 */

import { Source } from "./source.ts";
import type { Message } from "./types.ts";

interface Shared {
  onconnect: ((event: MessageEvent) => void) | null;
}

const QUIET_MS = 10_000;
const ports = new Set<MessagePort>();
let heardAt = performance.now();

const source = new Source("/api/v1/stream", (message: Message) => {
  heardAt = performance.now();
  for (const port of ports) port.postMessage(message);
});

function on(port: MessagePort, word: "hello" | "reopen" | "bye"): void {
  if (word === "bye") ports.delete(port);
  else if (word === "hello" || performance.now() - heardAt > QUIET_MS) {
    ports.add(port);
    heardAt = performance.now();
    source.open(); // A new tab needs a snapshot; the others take it, too.
  }
}

(self as unknown as Shared).onconnect = (event) => {
  const port = event.ports[0];
  if (port) port.onmessage = (e: MessageEvent<"hello" | "reopen" | "bye">) => on(port, e.data);
};
