/** The dialog that asks for a note, and for a closing's cause. */

import { say } from "./config.ts";
import { byId, show, text } from "./dom.ts";
import { title } from "./row_view.ts";
import type { Row } from "./types.ts";

export interface Words {
  cause: string;
  /** What a false alarm was about; "" for everything else. */
  trigger: string;
  note: string;
  hours: number;
}

export type Question = "close" | "comment" | "shelve" | "take_over";

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
  const note = byId("ask-note") as HTMLTextAreaElement;
  const chosen = (name: string): string => String(new FormData(form).get(name) ?? "");
  form.onchange = () => {
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
      };
      resolve(dialog.returnValue === "send" ? words : undefined);
    };
  });
}

function heading(row: Row, kind: Question): string {
  if (kind === "close") return say("ask_close", { id: row.id });
  if (kind === "shelve") return say("ask_shelve", { id: row.id });
  if (kind === "take_over") return say("ask_take_over", { id: row.id, name: row.owner ?? "" });
  return say("ask_comment", { id: row.id });
}
