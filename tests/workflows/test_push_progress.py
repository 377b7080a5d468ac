from datetime import UTC, datetime

from mbench.core.ports import SilentProgress
from mbench.workflows.push_progress import PushProgress


class HandClock:
    """A clock that the test moves."""

    seconds = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Notes(SilentProgress):
    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)


def test_the_speed_counts_from_the_first_byte_to_the_proof_and_no_waiting_between_files():
    clock, notes = HandClock(), Notes()
    told = PushProgress(notes, clock)
    for _ in range(2):
        clock.sleep(10)  # for a turn
        told.sent(0)
        clock.sleep(1)
        told.sent(3_000_000)
        clock.sleep(0.5)  # the device hashes
        told.end_file()
    told.finish()
    assert notes.said == ["pushed 6.0 MB at 2.0 MB/s, proved by SHA-256"]


def test_where_nothing_was_sent_nothing_is_said():
    notes = Notes()
    told = PushProgress(notes, HandClock())
    told.end_file()
    told.finish()
    assert notes.said == []
