"""One attempt to bring lines into the database: sends, and finds out which lines it refuses."""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from gaswatch.stores.influx.lines import compress, decompress
from gaswatch.stores.influx.policy import REFUSED_IN_A_ROW, Answer, Outcome, judge
from gaswatch.stores.influx.spool import DeadLetter

_MOST_ERROR: Final = 300
Post: TypeAlias = Callable[[bytes], Answer]
"""Sends gzip of lines."""
_Part: TypeAlias = Sequence[bytes]
"""Lines, each with its newline."""


class Delivery:
    """For one `send`. To send the same lines again changes nothing: the database writes a point over itself.

    Attributes:
        dead: the lines that are refused by themselves; they count only if `send` ends with `DONE`.
        refused_in_a_row: lines refused since the last one was taken, by earlier deliveries, too.
        too_many: the least number of lines that was too much for one write, if any was.
    """

    def __init__(self, post: Post, refused_in_a_row: int) -> None:
        self.dead: list[DeadLetter] = []
        self.refused_in_a_row = refused_in_a_row
        self.too_many: int | None = None
        self._post = post
        self._has_taken = False

    def send(self, payload: bytes, count: int) -> tuple[Outcome, Answer]:
        """Bring gzip of so many lines in.

        Returns:
            `DONE`: all of them are taken, but for `dead`; `CONFIGURATION` or `LATER`: keep all of them. With the
            answer that decided.

        Raises:
            zlib.error: the payload is damaged.
        """
        answer = self._post(payload)
        outcome = self._judge(answer, count)
        if outcome in {Outcome.BISECT, Outcome.HALVE, Outcome.TOO_OLD}:
            return self._search(decompress(payload).splitlines(keepends=True), answer, outcome)
        return outcome, answer

    def _search(self, lines: _Part, answer: Answer, outcome: Outcome) -> tuple[Outcome, Answer]:
        """Both halves are tried before one of them is looked at closer: one that is taken shows itself early."""
        refused: list[tuple[_Part, Answer, Outcome]] = [(lines, answer, outcome)]
        while refused:
            part, answer, outcome = refused.pop()
            if len(part) == 1 or outcome is Outcome.TOO_OLD:
                self._bury(part, answer, outcome)
                if self.refused_in_a_row >= REFUSED_IN_A_ROW and not self._has_taken:
                    return Outcome.CONFIGURATION, answer
                continue
            middle = len(part) // 2
            for half in (part[middle:], part[:middle]):
                answer = self._post(compress(b"".join(half)))
                outcome = self._judge(answer, len(half))
                if outcome in {Outcome.CONFIGURATION, Outcome.LATER}:
                    return outcome, answer
                if outcome is not Outcome.DONE:
                    refused.append((half, answer, outcome))
        return Outcome.DONE, answer

    def _judge(self, answer: Answer, count: int) -> Outcome:
        outcome = judge(answer, count)
        if outcome is Outcome.DONE:
            self._has_taken, self.refused_in_a_row = True, 0
        elif outcome is Outcome.HALVE:
            self.too_many = count
        return outcome

    def _bury(self, part: _Part, answer: Answer, outcome: Outcome) -> None:
        error = " ".join(answer.text.split())[:_MOST_ERROR]
        self.dead += (DeadLetter(answer.status, error, line.decode().rstrip("\n")) for line in part)
        if outcome is Outcome.BISECT:  # the others are not refused for what is in them
            self.refused_in_a_row += 1


def joined(payloads: Sequence[bytes]) -> bytes:
    """One gzip for all of them. Never several after each other: not every server reads on after the first.

    Raises:
        zlib.error: one is damaged.
    """
    if len(payloads) == 1:
        return payloads[0]
    return compress(b"".join(map(decompress, payloads)))
