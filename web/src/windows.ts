/** The page of maintenance windows: as somebody types, the places that fit are offered. */

import { config, named } from "./config.ts";
import { byId, element } from "./dom.ts";

interface Place {
  kind: string;
  id: string;
  name: string;
  name_en: string;
}

const PAUSE_MS = 200;
const beforeId = config.before_id ?? " ";
const field = document.getElementById("where") as HTMLInputElement | null;
let waiting: ReturnType<typeof setTimeout> | undefined;

field?.addEventListener("input", () => {
  clearTimeout(waiting);
  // What was chosen from the list is complete: there is nothing to look for.
  if (field.value.includes(beforeId)) return;
  waiting = setTimeout(() => void offer(field.value.trim()), PAUSE_MS);
});

async function offer(typed: string): Promise<void> {
  const answer = await fetch(`/api/v1/places?${new URLSearchParams({ q: typed })}`).catch(() => undefined);
  if (!answer?.ok || field?.value.trim() !== typed) return; // the server looks it up when the form is sent
  const { items } = (await answer.json()) as { items: Place[] };
  byId("places").replaceChildren(...items.map(option));
}

function option(place: Place): HTMLElement {
  const made = element("option", "") as HTMLOptionElement;
  made.value = `${named(place.name, place.name_en)}${beforeId}${place.id}`;
  made.label = config.words["place"]?.[place.kind] ?? place.kind;
  return made;
}
