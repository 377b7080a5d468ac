"""Progress on stderr: a bar with the time left on a terminal, plain lines elsewhere, nothing when quiet."""

import sys
import time
from typing import TYPE_CHECKING, Final

from mbench.cli import streams
from mbench.core.plain_text import one_line
from mbench.core.ports import Progress, SilentProgress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID


LEAST_BETWEEN_LINES_S: Final = 1.0


def progress_for(*, quiet: bool) -> Progress:
    """Return what suits stderr."""
    if quiet:
        return SilentProgress()
    return BarProgress() if sys.stderr.isatty() else LineProgress()


class LineProgress:
    """One line per stage, and per finished tenth of one that takes long: for logs."""

    def __init__(self, name: str = "") -> None:
        self._name = name
        self._title = ""
        self._total: int | None = None
        self._done = self._said = 0
        self._said_at_s = 0.0

    def start(self, title: str, total: int | None, *, unit: str = "steps") -> None:
        """Begin a stage."""
        self._title, self._total, self._done, self._said = title, total, 0, 0
        self._said_at_s = time.monotonic()
        self.note(f"{title}…" if total is None else f"{title}: {_counted(total, unit)}")

    def step(self, label: str, count: int = 0) -> None:
        """Print a line for each tenth, but none within a second of the last."""
        self._done += count
        now_s = time.monotonic()
        if (
            self._total
            and count
            and self._done * 10 // self._total > self._said
            and now_s - self._said_at_s >= LEAST_BETWEEN_LINES_S
        ):
            self._said, self._said_at_s = self._done * 10 // self._total, now_s
            self.note(f"{self._title}: {self._done}/{self._total}{f' ({label})' if label else ''}")

    def grow(self, extra: int) -> None:
        """More steps are needed."""
        if self._total is not None:
            self._total += extra

    def finish(self) -> None:
        """Nothing is left to say."""

    def note(self, text: str) -> None:
        """Say one line."""
        streams.tell(_line(self._name, text))

    def of(self, device: str) -> "LineProgress":
        """Return one whose lines begin with the device."""
        return LineProgress(device)


class BarProgress:
    """A live bar for each device; rich is imported with the first stage, not with the command line."""

    def __init__(self, live: "Bar | None" = None, name: str = "") -> None:
        self._live = live or _new_bar()
        self._name = name
        self._task: TaskID = self._live.add_task("", total=None, visible=False, title=one_line(name))

    def start(self, title: str, total: int | None, *, unit: str = "steps") -> None:
        """Show the bar."""
        next(task for task in self._live.tasks if task.id == self._task).total = total
        self._live.reset(self._task, visible=True, description="", title=one_line(f"{self._name} {title}".lstrip()))
        self._live.live.vertical_overflow = "ellipsis"  # a stop leaves it "visible", which fills the scrollback
        self._live.start()

    def step(self, label: str, count: int = 0) -> None:
        """Move the bar."""
        self._live.update(self._task, description=one_line(label), advance=count)

    def grow(self, extra: int) -> None:
        """Lengthen the bar."""
        total = next(task.total for task in self._live.tasks if task.id == self._task)
        if total is not None:
            self._live.update(self._task, total=total + extra)

    def finish(self) -> None:
        """Take the bar away, and the whole view with the last one."""
        self._live.update(self._task, visible=False)
        if not any(task.visible for task in self._live.tasks):
            self._live.stop()

    def note(self, text: str) -> None:
        """Say one line that stays above the bars."""
        line = one_line(f"mbench: {_line(self._name, text)}")
        self._live.console.print(line, markup=False, emoji=False, highlight=False, soft_wrap=True)

    def of(self, device: str) -> "BarProgress":
        """Return one with a bar of its own in the same view, below those that were returned before."""
        return BarProgress(self._live, device)


def _counted(total: int, unit: str) -> str:
    """Return `6 steps`, `1 step`; of what is waited for, `at most 600 s`."""
    if unit == "s":
        return f"at most {total} s"
    return f"{total} {unit.removesuffix('s') if total == 1 else unit}"


def _line(device: str, text: str) -> str:
    """Return one line of ours; messages of a device's own troubles begin with its name already."""
    return text if not device or text.startswith(f"{device}: ") else f"{device}: {text}"


def _new_bar() -> "Bar":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.table import Column

    return Progress(
        TextColumn("{task.fields[title]}", markup=False),
        BarColumn(bar_width=12),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        # The one column that gives way on a narrow terminal.
        TextColumn("{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
        console=Console(stderr=True),
        expand=True,
        transient=True,
    )
