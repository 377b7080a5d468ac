"""`--arch FILE.py:NAME`, of a suite and on the command line: built once, then found without tensorflow and its code."""

import pytest
from command_line import ONCE, Command, rows_of

NET = """
import pathlib
print("run by", __name__)
pathlib.Path(__file__).with_name("was_run").touch()
import keras

def tiny_net(width: int = 2, resolution: int = 32, classes: int = 3):
    entry = keras.Input((resolution, resolution, 3))
    maps = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(width, 3)(entry))
    return keras.Model(entry, keras.layers.Dense(classes)(maps))
"""
SUITE = """
title = "mine"
[[own]]
arch = "nets.py:tiny_net"
sweep = ["width=2,3", "resolution=32"]
quantization = "fp32"
"""


@pytest.mark.tensorflow
def test_what_a_suite_builds_of_a_builder_a_command_runs_without_tensorflow_and_the_users_code(
    bare: Command, without_tensorflow: dict[str, str]
) -> None:
    own = bare.folder / "own"
    own.mkdir()
    (own / "nets.py").write_text(NET)
    (own / "mine.toml").write_text(SUITE)
    ran = own / "was_run"
    refused = bare("run", "--suite", "own/mine.toml", *ONCE)
    assert not ran.exists()
    first = bare("run", "--suite", "own/mine.toml", "--allow-suite-code", "--json", *ONCE)
    assert ran.exists(), first.stderr
    ran.unlink()
    report = bare("suite", "report", "own/mine.toml")
    second = bare(
        *("run", "--arch", "own/nets.py:tiny_net", "--sweep", "width=2,3", "--resolution", "32"),
        *("--quantization", "fp32", "--json", *ONCE),
        **without_tensorflow,
    )

    assert refused.returncode == 2
    assert [row["variant"] for row in rows_of(first)] == ["tiny-net_width2_32_fp32", "tiny-net_width3_32_fp32"]
    assert "tiny-net_width3_32_fp32" in report.stdout, report.stderr
    assert second.returncode == 0, second.stderr
    assert [row["artifact_sha256"] for row in rows_of(second)] == [row["artifact_sha256"] for row in rows_of(first)]
    assert not ran.exists()
    assert "run by" not in f"{first.stdout}{first.stderr}"


def test_a_dry_run_runs_nothing_of_the_users(bare: Command) -> None:
    (bare.folder / "nets.py").write_text(NET)
    done = bare("run", "--arch", "nets.py:tiny_net", "--sweep", "width=2,3", "--dry-run")

    assert done.returncode == 0, done.stderr
    assert "job tiny-net_width3_int8-cpu-t1: to be built" in done.stdout
    assert not (bare.folder / "was_run").exists()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--arch", "gone.py:net"), "--arch gone.py: no such file"),
        (("--arch", "nets.py:tiny_net", "--sweep", "height=3"), "has no parameter 'height'"),
        (
            ("--arch", "nets.py:tiny_net", "--custom-objects", "nets.py:A"),
            "--custom-objects has no meaning with nets.py",
        ),
        (("--arch", "nets.py:tiny_net", "--keras", "n.keras"), "nets.py:tiny_net stands beside n.keras"),
        (("--arch", "nets.py:tiny_net", "--weights", "imagenet"), "--weights imagenet is for mbench's networks"),
    ],
)
def test_what_cannot_be_is_a_wrong_command_line(bare: Command, options: tuple[str, ...], reason: str) -> None:
    (bare.folder / "nets.py").write_text(NET)
    done = bare("build", *options)

    assert done.returncode == 2
    assert reason in done.stderr
