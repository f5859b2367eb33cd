/** A detector's concentration over time: mean line, band from least to most, both set points. */

import uPlot from "uplot";

import { config, say } from "./config.ts";
import { text } from "./dom.ts";

type Point = [number, number | null, number | null, number | null];

interface Shape {
  from: number;
  to: number;
  top: number;
  /** Few points: each is marked, or a lone one would not be seen. */
  sparse: boolean;
}

const POINTS = 600;
const HEIGHT = 320;

export class Chart {
  readonly #place: HTMLElement;
  readonly #words: HTMLElement;
  #plot: uPlot | undefined;

  constructor(place: HTMLElement, words: HTMLElement) {
    this.#place = place;
    this.#words = words;
    new ResizeObserver(() => this.#plot?.setSize({ width: place.clientWidth, height: HEIGHT })).observe(place);
  }

  /** Fetch and draw the last `spanS` seconds. */
  async load(spanS: number): Promise<void> {
    const to = Math.round((config.to_ms ?? 0) + performance.now()); // the server's clock, whatever this one says
    const from = to - spanS * 1000;
    const every = Math.max(1, Math.ceil((to - from) / 1000 / POINTS));
    text(this.#words, say("curve_loading"));
    try {
      const address = (config.readings ?? "").split("?")[0] ?? "";
      const query = new URLSearchParams({ from: String(from), to: String(to), every: String(every) });
      const answer = await fetch(`${address}?${query}`, { signal: AbortSignal.timeout(20_000) });
      if (answer.status === 503) {
        text(this.#words, say("curve_down"));
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const { points } = (await answer.json()) as { points: Point[] };
      const known = withGaps(points, Math.max(every, config.every_s ?? 0) * 1000);
      this.#draw([nothing(from), ...known, nothing(to)], from, to);
    } catch {
      text(this.#words, say("curve_failed"));
    }
  }

  #draw(points: Point[], from: number, to: number): void {
    this.#plot?.destroy();
    this.#plot = undefined;
    const values = points.map((point) => point[2]).filter((value): value is number => value !== null);
    if (values.length === 0) {
      text(this.#words, say("curve_empty"));
      return;
    }
    const most = Math.max(...values);
    text(this.#words, say("curve_words", { most: most.toFixed(1), count: values.length }));
    const low = config.low_lel ?? 25;
    const high = config.high_lel ?? 50;
    const flat = (value: number): number[] => points.map(() => value);
    const data: uPlot.AlignedData = [
      points.map((point) => point[0] / 1000),
      points.map((point) => point[2]),
      points.map((point) => point[1]),
      points.map((point) => point[3]),
      flat(low),
      flat(high),
    ];
    this.#plot = new uPlot(this.#options({ from, to, top: Math.max(most, high) * 1.1, sparse: values.length < 60 }), data, this.#place);
  }

  #options({ from, to, top, sparse }: Shape): uPlot.Options {
    const style = getComputedStyle(document.documentElement);
    const ink = (name: string): string => style.getPropertyValue(name).trim();
    const axis = { stroke: ink("--ink-soft"), grid: { stroke: ink("--line"), width: 1 }, ticks: { stroke: ink("--line") } };
    const set = { width: 1, dash: [6, 4], points: { show: false } };
    return {
      width: this.#place.clientWidth,
      height: HEIGHT,
      tzDate: (s) => uPlot.tzDate(new Date(s * 1000), config.timezone),
      scales: { x: { min: from / 1000, max: to / 1000 }, y: { range: [0, top] } },
      series: [
        { label: say("curve_time"), value: "{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}" },
        { label: say("curve_most"), stroke: ink("--curve-band"), points: { show: false } },
        { label: say("curve_least"), stroke: ink("--curve-band"), points: { show: false } },
        { label: say("curve_mean"), stroke: ink("--curve"), width: 2, points: { show: sparse, size: 5 } },
        { label: say("curve_low"), stroke: ink("--p2"), ...set },
        { label: say("curve_high"), stroke: ink("--p1"), ...set },
      ],
      bands: [{ series: [1, 2], fill: ink("--curve-band") }],
      axes: [
        { ...axis, space: 90, values: [[86400, "{MM}-{DD}", null, null, null, null, null, null, 1], [60, "{HH}:{mm}", "\n{MM}-{DD}", null, null, null, null, null, 1], [1, "{HH}:{mm}:{ss}", "\n{MM}-{DD}", null, null, null, null, null, 1]] },
        { ...axis, label: "%LEL", size: 56, labelSize: 20 },
      ],
    };
  }
}

/** Where a detector was silent the curve has a hole: nobody knows what was there. */
function withGaps(points: Point[], usualMs: number): Point[] {
  return points.flatMap((point, at) => {
    const next = points[at + 1];
    const silent = next !== undefined && next[0] - point[0] > 2.5 * usualMs;
    return silent ? [point, nothing(point[0] + usualMs)] : [point];
  });
}

function nothing(ms: number): Point {
  return [ms, null, null, null];
}
