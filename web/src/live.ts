/** The console: wires the stream to the list, the sound and the banners. */

import { reportScreen } from "./actions.ts";
import { Board, type Change } from "./board.ts";
import { config } from "./config.ts";
import { byId } from "./dom.ts";
import { Health } from "./health.ts";
import { listen } from "./operator.ts";
import { Rows } from "./rows.ts";
import { Sound } from "./sound.ts";
import { paintSound, patternFor } from "./sound_panel.ts";
import { connect } from "./stream.ts";
import { paintCounts, paintSystem, paintTitle } from "./strip.ts";
import { ServerClock } from "./time.ts";
import type { Counts, Delta, Message, Part, Row, Snapshot } from "./types.ts";

const clock = new ServerClock();
const board = new Board();
const rows = new Rows(board, clock);
const sound: Sound = new Sound(() => paintSound(sound));
const stream = connect(config.worker, hear);
const health = new Health(() => stream.reopen());

function hear(message: Message): void {
  if (message.type === "lost" || message.type === "bye") health.lost();
  else if (message.type === "refused") health.signedOut();
  else {
    health.heard(message.type === "hb" ? message.data : undefined);
    if (message.type === "hb") clock.sampleHeartbeat(message.data.now_ms);
    else if (message.type === "snapshot") takeSnapshot(message.data);
    else takeDelta(message.data);
  }
  paintHealth();
}

function takeSnapshot(snapshot: Snapshot): void {
  clock.sampleSnapshot(snapshot.now_ms);
  rouse(board.reset(snapshot.rows));
  rows.schedule();
  paintAround(snapshot.counts, snapshot.system);
}

function takeDelta(delta: Delta): void {
  const change = board.merge(delta.rows, delta.gone);
  rouse(change);
  const visible = document.visibilityState === "visible";
  rows.schedule(visible && clock.exact ? () => change.fresh.forEach(report) : undefined);
  paintAround(delta.counts, delta.system);
}

/** A new or worse leak ends a pause of the sound. */
function rouse({ fresh, worse }: Change): void {
  if ([...fresh, ...worse].some((row) => row.priority <= 2)) sound.resume();
}

/** From the receipt of the causing message to the drawn frame, in the server's time. */
function report(row: Row): void {
  reportScreen(row.id, clock.now() - row.received_ms);
}

/** Counts, title and sound don't wait for a frame: none come in a hidden tab. */
function paintAround(counts: Counts, system: Part[]): void {
  paintCounts(counts);
  paintTitle(counts);
  paintSystem(system);
}

function paintHealth(): void {
  const blind = health.paint();
  sound.play(patternFor(board.loudest(), blind));
}

if (config.snapshot) takeSnapshot(config.snapshot);
listen(rows, clock, sound, health);
byId("sound-off").addEventListener("click", () => sound.enable());
byId("pause").addEventListener("click", () => sound.pause());
setInterval(() => {
  paintHealth();
  paintSound(sound);
}, 500);
setInterval(() => rows.tick(), 1000);
paintSound(sound);
