/** A detector's page: its curve. */

import { Chart } from "./chart.ts";
import { byId } from "./dom.ts";

const chart = new Chart(byId("curve"), byId("curve-words"));
for (const button of document.querySelectorAll<HTMLButtonElement>("[data-span]")) {
  button.addEventListener("click", () => {
    for (const other of document.querySelectorAll("[data-span]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    void chart.load(Number(button.dataset["span"]));
  });
}
void chart.load(Number(document.querySelector<HTMLElement>("[data-span]")?.dataset["span"] ?? 1800));
