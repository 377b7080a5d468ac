"""A program that does not list its flags: who is blamed, and with which exit code."""

from pathlib import Path
from typing import Any, cast

import pytest

from mbench.core.errors import CommandTimeout, ForeignProgram, MbenchError, NoDevice
from mbench.core.ports import CommandResult
from mbench.workflows.devices.benchmark_program import pushed_program


class Answers:
    """A device whose programs give one answer."""

    serial, root = "PHX1", "/data/local/tmp/mbench"

    def __init__(self, end: CommandResult | Exception) -> None:
        self._end = end

    def push(self, *_: object, **__: object) -> None:
        """Take it."""

    def run(self, *_: object, **__: object) -> CommandResult:
        if isinstance(self._end, Exception):
            raise self._end
        return self._end


def refusal(tmp_path: Path, end: CommandResult | Exception) -> MbenchError:
    binary = tmp_path / "benchmark_model"
    binary.write_bytes(b"x")
    with pytest.raises(MbenchError) as found:
        pushed_program(cast(Any, Answers(end)), binary)
    return found.value


def ended(status: int, out: bytes = b"", err: bytes = b"") -> CommandResult:
    return CommandResult(exit_code=status, stdout=out, stderr=err, wall_s=0.1)


@pytest.mark.parametrize(
    ("end", "kind", "words"),
    [
        (ended(137, err=b"Killed\n"), NoDevice, "PHX1: benchmark_model was killed (SIGKILL) when it was asked for"),
        (ended(143), NoDevice, "PHX1: benchmark_model was killed (SIGTERM) when it was asked for"),
        (ended(132), NoDevice, "PHX1: benchmark_model does not run there: SIGILL ended it"),
        (ended(139, out=b"half"), NoDevice, "SIGSEGV ended it when it was asked for its flags, after 'half'."),
        (ended(0, out=b"hello\n"), ForeignProgram, "is no benchmark_model: its --help says 'hello'. Name another"),
        (ended(3), ForeignProgram, "its --help says nothing, and it ended with status 3. Name another by --binary."),
        (
            CommandTimeout("PHX1: x was still running.", argv=("x",), deadline_s=30),
            NoDevice,
            "does not start: x was still running.",
        ),
    ],
)
def test_the_device_is_named_once_and_what_happened(
    end: CommandResult | Exception, kind: type[MbenchError], words: str, tmp_path: Path
) -> None:
    found = refusal(tmp_path, end)
    assert type(found) is kind
    assert words in str(found)
    assert str(found).count("PHX1") == 1
    assert not str(found).endswith("..")
