"""Whatever lines a server refuses, and however it does so: the others are taken, and nothing is lost."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from gaswatch.stores.influx.delivery import Delivery, joined
from gaswatch.stores.influx.lines import compress, decompress
from gaswatch.stores.influx.policy import REFUSED_IN_A_ROW, Answer, Outcome

MOST = 60
numbers = st.integers(0, MOST - 1)


class Server:
    """Refuses some lines. 1.x and 2.x keep the good ones of a refused write, 3 keeps none."""

    def __init__(self, bad: set[bytes], status: int, *, keeps_good: bool, most: int = MOST) -> None:
        self.stored: set[bytes] = set()
        self.writes = 0
        self._bad = bad
        self._status = status
        self._keeps_good = keeps_good
        self._most = most

    def post(self, payload: bytes) -> Answer:
        self.writes += 1
        lines = set(decompress(payload).splitlines())
        if len(lines) > self._most:
            return Answer(413)
        if lines & self._bad and not self._keeps_good:
            return Answer(self._status, "no")
        self.stored |= lines - self._bad
        return Answer(self._status, "no") if lines & self._bad else Answer(204)


def line(number: int) -> bytes:
    return f"detector state=0i {number}".encode()


def deliver(post: Callable[[bytes], Answer], count: int) -> tuple[Delivery, Outcome]:
    delivery = Delivery(post, 0)
    payload = compress(b"".join(line(one) + b"\n" for one in range(count)))
    return delivery, delivery.send(payload, count)[0]


@given(st.sets(numbers), st.sampled_from([400, 422]), st.booleans(), st.integers(1, MOST))
def test_every_line_is_either_taken_or_a_dead_letter_or_all_are_kept(
    bad: set[int],
    status: int,
    keeps_good: bool,  # noqa: FBT001 -- drawn
    most: int,
) -> None:
    refused = {line(one) for one in bad}
    server = Server(refused, status, keeps_good=keeps_good, most=most)
    delivery, outcome = deliver(server.post, MOST)
    if outcome is Outcome.DONE:
        dead = {one.line.encode() for one in delivery.dead}
        assert dead == refused
        assert len(delivery.dead) == len(refused)
        assert server.stored | dead == {line(one) for one in range(MOST)}
    else:
        assert outcome is Outcome.CONFIGURATION
        assert len(bad) >= REFUSED_IN_A_ROW
        assert not delivery.too_many or most < MOST


@given(
    st.sets(numbers, max_size=REFUSED_IN_A_ROW - 1),
    st.integers(0, 200),
    st.sampled_from([401, 404, 500, 503, 0]),
)
def test_a_delivery_that_is_cut_short_is_kept_as_a_whole(bad: set[int], after: int, status: int) -> None:
    server = Server({line(one) for one in bad}, 400, keeps_good=False)

    def failing(payload: bytes) -> Answer:
        return server.post(payload) if server.writes < after else Answer(status)

    _, outcome = deliver(failing, MOST)
    if outcome is not Outcome.DONE:
        assert outcome in {Outcome.LATER, Outcome.CONFIGURATION}
        _, outcome = deliver(server.post, MOST)  # the same lines again
        assert outcome is Outcome.DONE
    assert server.stored == {line(one) for one in range(MOST) if one not in bad}


@given(st.integers(0, MOST - 1))
def test_one_bad_line_costs_two_writes_for_each_halving(bad: int) -> None:
    server = Server({line(bad)}, 400, keeps_good=False)
    deliver(server.post, MOST)
    assert server.writes <= 1 + 2 * MOST.bit_length()


def test_a_wrong_schema_is_noticed_after_few_writes_and_loses_nothing() -> None:
    server = Server({line(one) for one in range(5_000)}, 400, keeps_good=True, most=5_000)
    _, outcome = deliver(server.post, 5_000)
    assert outcome is Outcome.CONFIGURATION
    assert server.writes < 100


def test_a_block_of_bad_lines_among_good_ones_does_not_look_like_a_wrong_schema() -> None:
    bad = {line(one) for one in range(40)}
    server = Server(bad, 400, keeps_good=False, most=5_000)
    delivery, outcome = deliver(server.post, 100)
    assert outcome is Outcome.DONE
    assert {one.line.encode() for one in delivery.dead} == bad


def test_refused_lines_in_writes_of_one_line_each_add_up_to_a_wrong_schema() -> None:
    server = Server({line(0)}, 400, keeps_good=True)
    refused = 0
    for count in range(1, REFUSED_IN_A_ROW + 1):
        delivery = Delivery(server.post, refused)
        outcome, _ = delivery.send(compress(line(0) + b"\n"), 1)
        refused = delivery.refused_in_a_row
        assert outcome is (Outcome.CONFIGURATION if count == REFUSED_IN_A_ROW else Outcome.DONE)


@given(
    st.lists(st.lists(st.binary(max_size=20).filter(lambda one: b"\n" not in one), max_size=5), min_size=1)
)
def test_joined_payloads_are_one_frame_with_all_lines_in_order(parts: list[list[bytes]]) -> None:
    payloads = [b"".join(one + b"\n" for one in part) for part in parts]
    frame = joined(list(map(compress, payloads)))
    assert decompress(frame) == b"".join(payloads)
