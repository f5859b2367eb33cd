/** On every page: buttons that open and close its dialogs. */

for (const button of document.querySelectorAll<HTMLElement>("[data-closes]")) {
  button.addEventListener("click", () => button.closest("dialog")?.close());
}

for (const button of document.querySelectorAll<HTMLElement>("[data-opens]")) {
  const dialog = document.getElementById(button.dataset["opens"] ?? "");
  button.addEventListener("click", () => (dialog as HTMLDialogElement | null)?.showModal());
}

export {};
