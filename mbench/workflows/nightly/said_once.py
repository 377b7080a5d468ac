"""Progress that says once what it hears again and again: a night may try a phone for hours."""

import threading

from mbench.core.ports import Progress


class SaidOnce:
    """Passes progress on; a note that was passed on before is counted, and the count is said when the device has news.

    Notes of devices begin with their name and a colon; others are news of no device.

    Args:
        progress: where it goes.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress, self._lock = progress, threading.Lock()
        self._last: dict[str, str] = {}
        self._again: dict[str, int] = {}

    def note(self, text: str) -> None:
        """Say one line, unless it is the last one of its device."""
        device = text.partition(": ")[0]
        with self._lock:
            if self._last.get(device) == text:
                self._again[device] = self._again.get(device, 0) + 1
                return
            self._last[device] = text
            times = self._again.pop(device, 0)
        if times:
            self._progress.note(f"{device}: the line before {times} times more")
        self._progress.note(text)

    def start(self, title: str, total: int | None, *, unit: str = "steps") -> None:
        """Begin a stage."""
        self._progress.start(title, total, unit=unit)

    def step(self, label: str, count: int = 0) -> None:
        """Go on."""
        self._progress.step(label, count)

    def grow(self, extra: int) -> None:
        """Need more steps."""
        self._progress.grow(extra)

    def finish(self) -> None:
        """End the stage."""
        self._progress.finish()

    def of(self, device: str) -> Progress:
        """Return the progress of one device."""
        return self._progress.of(device)
