/** The dialog that asks for a note, for a closing's cause, and for who took over by telephone. */

import { say, word } from "./config.ts";
import { byId, element, show, text } from "./dom.ts";
import { byPerson, title } from "./row_view.ts";
import type { Row } from "./types.ts";

export interface Words {
  cause: string;
  /** What a false alarm was about; "" for everything else. */
  trigger: string;
  note: string;
  hours: number;
  /** Who telephoned: of the ledger, or "" and a name. */
  person: string;
  name: string;
}

export type Question = "close" | "comment" | "shelve" | "take_over" | "telephone";

/** Ask; undefined when the operator thinks better of it. A closing needs a cause, a shelf a reason. */
export function ask(row: Row, kind: Question): Promise<Words | undefined> {
  const dialog = byId("ask") as HTMLDialogElement;
  const form = byId("ask-form") as HTMLFormElement;
  form.reset();
  text(byId("ask-title"), heading(row, kind));
  text(byId("ask-what"), `${title(row)} · ${row.site_name} ${row.room_name}`);
  show(byId("ask-causes"), kind === "close");
  for (const cause of form.querySelectorAll<HTMLInputElement>("[name=cause]")) cause.required = kind === "close";
  show(byId("ask-hours"), kind === "shelve");
  show(byId("ask-people"), kind === "telephone");
  offerPeople(row, kind);
  const note = byId("ask-note") as HTMLTextAreaElement;
  const chosen = (name: string): string => String(new FormData(form).get(name) ?? "");
  form.onchange = () => {
    const isStranger = kind === "telephone" && new FormData(form).get("person") === "";
    show(byId("ask-name-label"), isStranger);
    (byId("ask-name") as HTMLInputElement).required = isStranger;
    const isFalse = kind === "close" && chosen("cause") === "false_alarm";
    show(byId("ask-triggers"), isFalse);
    for (const one of form.querySelectorAll<HTMLInputElement>("[name=trigger]")) {
      one.required = isFalse;
      if (!isFalse) one.checked = false;
    }
    const isOther = chosen("cause") === "other" || chosen("trigger") === "other";
    note.required = kind === "comment" || kind === "shelve" || (kind === "close" && isOther);
  };
  form.onchange(new Event("change"));
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => {
      const values = new FormData(form);
      const words = {
        cause: String(values.get("cause") ?? ""),
        trigger: String(values.get("trigger") ?? ""),
        note: String(values.get("note") ?? "").trim(),
        hours: Number(values.get("hours") ?? 0),
        person: String(values.get("person") ?? ""),
        name: String(values.get("name") ?? "").trim(),
      };
      resolve(dialog.returnValue === "send" ? words : undefined);
    };
  });
}

/** Those who were told, to choose from; nobody is chosen beforehand, unless only "somebody else" is there. */
function offerPeople(row: Row, kind: Question): void {
  const told = kind === "telephone" ? byPerson(row.notices).filter((notice) => notice.person !== null) : [];
  const choices = told.map((notice) => choice(notice.person ?? "", notice.person_name, word("role", notice.role)));
  byId("ask-told").replaceChildren(...choices);
  for (const one of byId("ask-people").querySelectorAll<HTMLInputElement>("[name=person]")) {
    one.required = kind === "telephone";
    one.checked = told.length === 0;
  }
}

function choice(value: string, name: string, role: string): HTMLElement {
  const label = element("label", "choice");
  const input = element("input", "") as HTMLInputElement;
  Object.assign(input, { type: "radio", name: "person", value });
  label.append(input, element("b", "", name), element("span", "soft", role));
  return label;
}

function heading(row: Row, kind: Question): string {
  if (kind === "close") return say("ask_close", { id: row.id });
  if (kind === "shelve") return say("ask_shelve", { id: row.id });
  if (kind === "take_over") return say("ask_take_over", { id: row.id, name: row.owner ?? "" });
  if (kind === "telephone") return say("ask_telephone", { id: row.id });
  return say("ask_comment", { id: row.id });
}
