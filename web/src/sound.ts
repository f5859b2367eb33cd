/**
 * The console's sound: one looping buffer per pattern, so that hidden tabs (whose timers are throttled) sound on.
 * There is no mute: a sound ends when its alarms are acknowledged, or pauses for a minute (IEC 60601-1-8's
 * "audio paused"); any new urgent alarm ends the pause.
 */

export type Pattern = "urgent" | "high" | "chirp" | "stale";

const RATE = 8000;
export const PAUSE_S = 60;

/** [seconds, hertz] in turn; 0 Hz is silence. The sum is the loop. */
const PATTERNS: Record<Pattern, [number, number][]> = {
  urgent: [[0.18, 960], [0.18, 720], [0.18, 960], [0.18, 720], [0.25, 0]],
  high: [[0.4, 660], [0.4, 520], [1.2, 0]],
  chirp: [[0.15, 520], [59.85, 0]],
  stale: [[0.5, 260], [0.3, 0], [0.5, 260], [4, 0]],
};

export class Sound {
  #context: AudioContext | undefined;
  #gain: GainNode | undefined;
  #playing: { pattern: Pattern; node: AudioBufferSourceNode } | undefined;
  #wanted: Pattern | null = null;
  #pausedUntil = 0;
  #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
    this.enable();
    // Not on pointerdown: the bar that goes away would move the button from under the finger.
    for (const gesture of ["click", "keydown"]) addEventListener(gesture, () => this.enable());
  }

  /** Whether the browser lets us sound. */
  get on(): boolean {
    return this.#context?.state === "running";
  }

  /** Seconds left of a pause, 0 without one. */
  get pausedS(): number {
    return Math.max(0, Math.ceil(this.#pausedUntil - (this.#context?.currentTime ?? 0)));
  }

  get playing(): Pattern | null {
    return this.#playing?.pattern ?? null;
  }

  /** Browsers begin silent; a click or a key unlocks. Harmless when called again. */
  enable(): void {
    if (this.on) return;
    if (this.#context === undefined) {
      this.#context = new AudioContext();
      this.#gain = this.#context.createGain();
      this.#gain.gain.value = 0.5;
      this.#gain.connect(this.#context.destination);
      this.#context.onstatechange = () => {
        this.play(this.#wanted);
        this.#changed();
      };
    }
    void this.#context.resume();
  }

  /** Sound this from now on, in a loop; null: nothing. */
  play(pattern: Pattern | null): void {
    this.#wanted = pattern;
    if (this.playing === pattern || !this.on || !this.#context || !this.#gain) return;
    this.#playing?.node.stop();
    this.#playing = undefined;
    if (pattern !== null) {
      const node = this.#context.createBufferSource();
      node.buffer = tones(this.#context, PATTERNS[pattern]);
      node.loop = true;
      node.connect(this.#gain);
      node.start();
      this.#playing = { pattern, node };
    }
    this.#changed();
  }

  /** Quiet for a minute. The end is scheduled in the audio clock, which no hidden tab slows down. */
  pause(): void {
    if (!this.#context || !this.#gain) return;
    const now = this.#context.currentTime;
    this.#pausedUntil = now + PAUSE_S;
    this.#gain.gain.cancelScheduledValues(now);
    this.#gain.gain.setValueAtTime(0, now);
    this.#gain.gain.setValueAtTime(0.5, now + PAUSE_S);
    this.#changed();
  }

  /** End the pause: something new happened. */
  resume(): void {
    if (!this.#context || !this.#gain || this.pausedS === 0) return;
    this.#pausedUntil = 0;
    this.#gain.gain.cancelScheduledValues(this.#context.currentTime);
    this.#gain.gain.setValueAtTime(0.5, this.#context.currentTime);
    this.#changed();
  }
}

function tones(context: AudioContext, steps: [number, number][]): AudioBuffer {
  const total = steps.reduce((sum, [seconds]) => sum + seconds, 0);
  const buffer = context.createBuffer(1, Math.round(total * RATE), RATE);
  const samples = buffer.getChannelData(0);
  let at = 0;
  for (const [seconds, hertz] of steps) {
    const length = Math.round(seconds * RATE);
    for (let i = 0; hertz > 0 && i < length && at + i < samples.length; i++) {
      const edge = Math.min(1, i / 80, (length - i) / 80); // 10 ms in and out: no clicks
      samples[at + i] = edge * Math.sin((2 * Math.PI * hertz * i) / RATE);
    }
    at += length;
  }
  return buffer;
}
