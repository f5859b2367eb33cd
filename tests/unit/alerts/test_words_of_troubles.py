"""Each trouble that we know has its words: in texts, and on the console in both languages."""

import pytest

from alerts.rules.words_of_texts import NAME_LENGTH, TROUBLES
from dashboard.adapters.web import phrases
from gascore.words import Language
from gaswatch.stores.influx import sink
from support.catalogue import catalogue

KNOWN = {"broker_drops", "sequence_gaps", sink.SERIES, sink.SPOOL, sink.LOST, sink.DEAD, "series_read"} | {
    "audit",
    "heartbeat",
    "canary",
    "contacts",
    "roster",
    "target",
}


@pytest.mark.parametrize("language", Language)
def test_each_has_a_short_word_for_texts(language: Language) -> None:
    words = TROUBLES[language]
    assert words.keys() == KNOWN
    assert len(set(words.values())) == len(words), "a text must tell one from the other"
    assert all(len(word) <= NAME_LENGTH[language] for word in words.values())


def test_each_has_a_name_on_the_console() -> None:
    assert phrases.WORDS["code"].keys() >= KNOWN


def test_the_broker_is_called_the_same_in_a_text_and_on_the_console() -> None:
    console = catalogue("zh")
    broker = console.get("Broker")
    drops = console.get(phrases.WORDS["code"]["broker_drops"])
    assert broker is not None
    assert drops is not None
    assert TROUBLES[Language.ZH]["broker_drops"] == broker.string
    assert str(drops.string).startswith(str(broker.string))
