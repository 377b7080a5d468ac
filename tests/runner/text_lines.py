"""Lines of a text as `read_lines` returns them, and what a reader complains of."""

from mbench.runner.output.lines import Line, Stream


def line(text: str, number: int = 1, *, stream: Stream = "stdout", level: str | None = "INFO") -> Line:
    return Line(stream=stream, number=number, level=level, text=text)


def numbered(*texts: str, stream: Stream = "stdout") -> tuple[Line, ...]:
    return tuple(line(text, number, stream=stream) for number, text in enumerate(texts, start=1))


class Complaints(list[tuple[int, str]]):
    """Collects (number of the line, reason)."""

    def __call__(self, line: Line, reason: str) -> None:
        self.append((line.number, reason))
