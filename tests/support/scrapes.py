"""What Prometheus would see of a town: the account on the real dashboard's /metrics, read again and again."""

import re
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http.client import HTTPException
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from gascore.service_status import MessageCounts
from support.built import build_once
from support.collector_site import CollectorSite
from support.prefork import Nursery
from support.waiting import until

LOOK_S: Final = 0.05
SCRAPE_S: Final = 0.25
"""The dashboard hears the collector's word once a second, and two cores have other things to do."""
START_S: Final = 40.0
_LINE: Final = re.compile(
    r'^gaswatch_messages_(?:total\{outcome="(\w+)"\}|(received)_total|(pending)) (\S+)$', re.MULTILINE
)


def scraped(port: int) -> MessageCounts | None:
    """What /metrics says; None while nobody answers."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except (URLError, HTTPException, TimeoutError, ConnectionError):
        return None
    found = {one or two or three: int(float(value)) for one, two, three, value in _LINE.findall(text)}
    return MessageCounts(**found)


class Onlooker(threading.Thread):
    """Reads an account again and again, whatever happens to whoever keeps it."""

    def __init__(self, read: Callable[[], MessageCounts | None], every_s: float = LOOK_S) -> None:
        super().__init__(daemon=True)
        self._read = read
        self._every_s = every_s
        self._enough = threading.Event()
        self.looks = 0
        self.wrong: list[MessageCounts] = []
        self.latest: MessageCounts | None = None

    def run(self) -> None:
        while not self._enough.wait(self._every_s):
            counts = self._read()
            if counts is not None:
                self.looks += 1
                self.latest = counts
                if counts.residual:
                    self.wrong.append(counts)

    def stop(self) -> None:
        self._enough.set()
        self.join()


class Scrapes(Onlooker):
    """A dashboard of its own over a town's stores, and whoever scrapes it; `scraping` makes it."""

    def __init__(self, nursery: Nursery, port: int) -> None:
        super().__init__(lambda: scraped(port), SCRAPE_S)
        self._dashboard = nursery.start("dashboard")

    @property
    def is_up(self) -> bool:
        """The dashboard has not ended: nothing that a test breaks is a reason to."""
        return self._dashboard.poll() is None

    async def agree(self, account: MessageCounts) -> None:
        """Wait until /metrics says exactly this."""
        try:
            await until(lambda: self.latest == account, within_s=20, what=f"{account} on /metrics")
        except AssertionError as error:
            raise AssertionError(f"{error}; it says {self.latest}") from None


@asynccontextmanager
async def scraping(site: CollectorSite, nursery: Nursery) -> AsyncIterator[Scrapes]:
    """Scrape a site's dashboard until the block ends."""
    build_once()
    scrapes = Scrapes(nursery, site.settings.http_port)
    scrapes.start()
    try:
        await until(lambda: not scrapes.is_up or scrapes.looks, within_s=START_S, what="/metrics")
        yield scrapes
    finally:
        scrapes.stop()
