"""A line that comes again and again is said once, and counted."""

from mbench.core.ports import SilentProgress
from mbench.workflows.nightly.said_once import SaidOnce


class Heard(SilentProgress):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, text: str) -> None:
        self.lines.append(text)


def test_a_line_of_a_device_is_said_again_only_after_other_news_of_it():
    heard = Heard()
    progress = SaidOnce(heard)
    for text in ("A: gone", "B: gone", "A: gone", "A: gone", "B: done", "A: done", "A: gone"):
        progress.note(text)
    assert heard.lines == [
        "A: gone",
        "B: gone",
        "B: done",
        "A: the line before 2 times more",
        "A: done",
        "A: gone",
    ]
