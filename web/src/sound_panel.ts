/** Which pattern sounds now, and the sound's state in the page's head. */

import { say } from "./config.ts";
import { byId, mark, show, text } from "./dom.ts";
import type { Pattern, Sound } from "./sound.ts";

/** Leaks first, then our own blindness, then the rest. */
export function patternFor(loudest: number | null, blind: boolean): Pattern | null {
  if (loudest === 1) return "urgent";
  if (loudest === 2) return "high";
  if (blind) return "stale";
  return loudest === 3 ? "chirp" : null;
}

export function paintSound(sound: Sound): void {
  show(byId("sound-off"), !sound.on);
  const button = byId("pause");
  show(button, sound.on && sound.playing !== null && sound.pausedS === 0);
  const state = !sound.on ? "off" : sound.pausedS > 0 ? "paused" : sound.playing ? "sounding" : "on";
  mark(byId("sound"), "state", state);
  text(byId("sound-words"), say(`sound_${state}`, { seconds: sound.pausedS }));
  mark(document.documentElement, "sound", sound.on ? (sound.playing ?? "quiet") : "off");
}
