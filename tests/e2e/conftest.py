"""A browser for each module, and an operator at a small server that speaks the console's contract."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from support.browser import Operator, open_browser
from support.console_server import ConsoleServer


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as started:
        yield started


@pytest.fixture
def server() -> Iterator[ConsoleServer]:
    with ConsoleServer() as started:
        yield started


@pytest.fixture
def operator(browser: Browser, server: ConsoleServer) -> Iterator[Operator]:
    someone = Operator(browser, server.url)
    someone.open()
    yield someone
    someone.context.close()
    assert someone.errors == []
