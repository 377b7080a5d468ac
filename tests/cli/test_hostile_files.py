"""Pipes and devices named on the command line: one line, exit code 2, and nothing is waited for."""

import os
from collections.abc import Callable

import pytest
from PIL import Image

FIFO = "it is a pipe (FIFO), not a regular file"


def one_line(done, exit_code: int = 2) -> str:
    assert done.returncode == exit_code, done.stderr
    assert done.stdout == ""
    assert "defect of mbench" not in done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.strip()


@pytest.mark.parametrize(
    "command",
    [
        ("parse", "{}"),
        ("parse", "real.log", "--stderr", "{}"),
        ("suite", "show", "{}.toml"),
        ("devices", "profile", "check", "{}"),
        ("binary", "add", "{}"),
        ("run", "mobilenet_v1_0.25_32_fp32", "--device", "host", "--weights", "{}", "--dry-run"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_a_pipe_is_named_and_not_waited_for(bare: Callable, command: tuple[str, ...]) -> None:
    path = next(part.format("fifo") for part in command if "{}" in part)
    os.mkfifo(bare.folder / path)
    (bare.folder / "real.log").write_text("")
    assert FIFO in one_line(bare(*(part.format("fifo") for part in command)))


@pytest.mark.parametrize("command", [("inspect",), ("run", "--device", "host", "--model")], ids=" ".join)
def test_a_model_that_is_a_pipe_is_named(bare: Callable, command: tuple[str, ...]) -> None:
    os.mkfifo(bare.folder / "x.tflite")
    assert "is a pipe (FIFO)" in one_line(bare(*command, "x.tflite"))


def test_a_log_that_never_ends_is_refused(bare: Callable) -> None:
    assert "it is a character device, not a regular file" in one_line(bare("parse", "/dev/zero"))


def test_a_data_set_with_a_pipe_is_one_line(bare: Callable) -> None:
    for level, name in enumerate(("cat", "dog")):
        (bare.folder / "set" / "test" / name).mkdir(parents=True)
        Image.new("RGB", (8, 8), (level, 0, 0)).save(bare.folder / "set" / "test" / name / "1.png")
    os.mkfifo(bare.folder / "set" / "test" / "dog" / "2.png")
    (bare.folder / "x.npz").write_bytes(b"")
    done = bare("evaluate", "mobilenet_v1_0.25_32_fp32", "--dataset", "folder:set", "--weights", "x.npz")
    assert FIFO in one_line(done)
