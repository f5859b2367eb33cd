/** What the server put into the page for the scripts: texts, words of enums, language, time zone. */

import type { Snapshot } from "./types.ts";

export interface Config {
  language: "zh" | "en";
  timezone: string;
  text: Record<string, string>;
  words: Record<string, Record<string, string>>;
  worker?: string;
  may_act?: boolean;
  snapshot?: Snapshot;
  readings?: string;
  every_s?: number;
  low_lel?: number;
  high_lel?: number;
  to_ms?: number;
  /** Between the name and the id of a place that is offered. */
  before_id?: string;
}

export const config = read();

function read(): Config {
  const element = document.getElementById("config");
  if (!element?.textContent) throw new Error("the page has no #config");
  return JSON.parse(element.textContent) as Config;
}

/** The text of `key` in the page's language, with `{name}` filled in. */
export function say(key: string, values: Record<string, string | number> = {}): string {
  const text = config.text[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The word for an enum's value, or the value itself where there is none (a newer server). */
export function word(group: string, value: string | number | null): string {
  if (value === null) return "";
  return config.words[group]?.[String(value)] ?? String(value);
}

/** A service's word; of a broker link ("link 127.0.0.1:1883") the word and which one. */
export function service(name: string): string {
  const [kind = "", ...which] = name.split(" ");
  return [word("service", kind), ...which].join(" ");
}

/** The name in the page's language, or the other one where it is missing. */
export function named(zh: string, en: string): string {
  return config.language === "en" ? en || zh : zh || en;
}
