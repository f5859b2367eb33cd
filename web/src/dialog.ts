/** The dialog that asks for a note, and for a closing's cause. */

import { say } from "./config.ts";
import { byId, show, text } from "./dom.ts";
import { title } from "./row_view.ts";
import type { Row } from "./types.ts";

export interface Words {
  cause: string;
  note: string;
}

/** Ask; undefined when the operator thinks better of it. A closing needs a cause. */
export function ask(row: Row, kind: "close" | "comment"): Promise<Words | undefined> {
  const dialog = byId("ask") as HTMLDialogElement;
  const form = byId("ask-form") as HTMLFormElement;
  form.reset();
  text(byId("ask-title"), say(kind === "close" ? "ask_close" : "ask_comment", { id: row.id }));
  text(byId("ask-what"), `${title(row)} · ${row.site_name} ${row.room_name}`);
  show(byId("ask-causes"), kind === "close");
  for (const cause of form.querySelectorAll<HTMLInputElement>("[name=cause]")) cause.required = kind === "close";
  (byId("ask-note") as HTMLTextAreaElement).required = kind === "comment";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => {
      const values = new FormData(form);
      const words = { cause: String(values.get("cause") ?? ""), note: String(values.get("note") ?? "").trim() };
      resolve(dialog.returnValue === "send" ? words : undefined);
    };
  });
}
