"""`--arch FILE.py:NAME` on the command line: built once, then found without tensorflow and the file's code."""

from pathlib import Path

import pytest
from command_line import SHORT, Command, rows_of

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
NO_TENSORFLOW = "raise ImportError('nothing here needs tensorflow')"


@pytest.mark.tensorflow
def test_the_second_run_needs_neither_tensorflow_nor_the_users_code(bare: Command, tmp_path: Path) -> None:
    file = bare.folder / "nets.py"
    file.write_text(NET)
    asked = ("run", "--arch", "nets.py:tiny_net", "--sweep", "width=2,3", "--resolution", "32", "--json", *SHORT)
    first = bare(*asked, "--quantization", "fp32")
    ran = bare.folder / "was_run"
    assert ran.exists(), first.stderr
    ran.unlink()
    (tmp_path / "tensorflow").mkdir()
    (tmp_path / "tensorflow" / "__init__.py").write_text(NO_TENSORFLOW)
    second = bare(*asked, "--quantization", "fp32", PYTHONPATH=f"{tmp_path}:{bare.environment['PYTHONPATH']}")

    assert [row["variant"] for row in rows_of(first)] == ["tiny-net_width2_32_fp32", "tiny-net_width3_32_fp32"]
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
