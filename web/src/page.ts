/** On every page: sign out, and the language, by requests that carry our own header. */

const HEADERS = { "X-Gaswatch": "1" };

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-post]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const body = new URLSearchParams();
    new FormData(form, (event as SubmitEvent).submitter).forEach((value, key) => body.append(key, String(value)));
    fetch(form.action, { method: "POST", headers: HEADERS, body, signal: AbortSignal.timeout(8000) })
      .then((answer) => (answer.redirected ? location.assign(answer.url) : location.reload()))
      .catch(() => form.submit());
  });
}

for (const button of document.querySelectorAll<HTMLElement>("[data-closes]")) {
  button.addEventListener("click", () => button.closest("dialog")?.close());
}

for (const button of document.querySelectorAll<HTMLElement>("[data-opens]")) {
  const dialog = document.getElementById(button.dataset["opens"] ?? "");
  button.addEventListener("click", () => (dialog as HTMLDialogElement | null)?.showModal());
}
