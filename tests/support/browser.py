"""An operator's browser: headless Chromium at the console, driven in words.

`open_browser` starts Chromium; `Operator` signs in, waits for rows, acknowledges, closes, takes screenshots.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
DESK = (1280, 800)
PHONE = (390, 844)
expect.set_options(timeout=20_000)  # a loaded machine is no defect; what is asked is whether, not how soon


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Debian's Chromium without a window; Playwright's own downloads are not needed."""
    arguments = ["--disable-dev-shm-usage"] + (["--no-sandbox"] if os.geteuid() == 0 else [])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


class Operator:
    """Somebody at the console. `errors` holds what the page's scripts complained about."""

    def __init__(
        self, browser: Browser, url: str, *, size: tuple[int, int] = DESK, dark: bool = False
    ) -> None:
        self.url = url
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            has_touch=size == PHONE,
        )
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def sign_in(self, name: str, password: str) -> None:
        """Log in through the form and wait for the console to be live."""
        self.page.goto(f"{self.url}/login")
        self.page.fill("[name=name]", name)
        self.page.fill("[name=password]", password)
        self.page.click("main button.primary")
        self.wait_until_live()

    def open(self) -> None:
        """Go to the console and wait for its stream."""
        self.page.goto(self.url)
        self.wait_until_live()

    def wait_until_live(self, timeout_s: float = 15) -> None:
        """Until the page says that it hears the server."""
        expect(self.page.locator("#link")).to_have_attribute("data-state", "up", timeout=timeout_s * 1000)

    def rows(self) -> list[int]:
        """Alarm numbers as they stand on the screen."""
        found = self.page.locator("#alarms > li").evaluate_all(
            "rows => rows.map(row => Number(row.dataset.id))"
        )
        return [int(number) for number in found]

    def row(self, *, number: int | None = None, text: str = "") -> Locator:
        """A row by its alarm's number, or the first one that contains `text`."""
        if number is not None:
            return self.page.locator(f"#alarm-{number}")
        return self.page.locator("#alarms > li", has_text=text).first

    def wait_for_row(self, *, number: int | None = None, text: str = "", timeout_s: float = 10) -> Locator:
        """Until such a row is on the screen; the answer stays that row, wherever it moves."""
        found = self.row(number=number, text=text)
        expect(found).to_be_visible(timeout=timeout_s * 1000)
        return self.row(number=int(found.get_attribute("data-id") or 0))

    def acknowledge(self, row: Locator) -> None:
        """Press the row's button."""
        row.locator("[data-part=ack]").click()

    def close(self, row: Locator, cause: str, note: str = "") -> None:
        """Close with a cause, through the dialog; `cause` as in `gascore.alarm.AlarmCause`."""
        row.locator("[data-part=close]").click()
        self.page.check(f"[name=cause][value={cause}]")
        self.page.fill("#ask-note", note)
        self.page.click("#ask button[value=send]")

    def wait_for_status(self, row: Locator, status: str, timeout_s: float = 10) -> None:
        """Until the row has this `gascore.alarm.AlarmStatus`."""
        expect(row).to_have_attribute("data-status", status, timeout=timeout_s * 1000)

    def sound(self) -> str:
        """What sounds: "urgent", "high", "chirp", "stale", "quiet"; "off" where the browser doesn't let us."""
        return self.page.locator("html").get_attribute("data-sound") or ""

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """A PNG of the window, or of the whole page."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path, full_page=whole)
