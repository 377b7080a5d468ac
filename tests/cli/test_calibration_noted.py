"""Calibration on pictures that say little: reported by `mbench build`, with what it costs."""

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import Command
from PIL import Image

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]

SMALL = "mobilenet_v1_0.25_32_int8"


def build(bare: Command, folder: Path, *options: str) -> tuple[dict[str, object], str]:
    done = bare("build", SMALL, "--calibration", str(folder), "--json", *options)
    (row,) = json.loads(done.stdout)
    return row, done.stderr


def save(folder: Path, *pictures: np.ndarray) -> Path:
    folder.mkdir()
    for place, levels in enumerate(pictures):
        Image.fromarray(levels).save(folder / f"{place}.png")
    return folder


def noise(seed: int) -> np.ndarray:
    """Return a picture of four coarse blocks a side."""
    return np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8).repeat(10, axis=0).repeat(10, axis=1)


def test_fewer_pictures_than_asked_for_and_one_of_one_colour_are_reported_with_what_they_cost(
    bare: Command, tmp_path: Path
) -> None:
    few, notes = build(bare, save(tmp_path / "few", noise(0), noise(1)))
    grey, notes_on_grey = build(bare, save(tmp_path / "grey", np.full((40, 40, 3), 128, np.uint8)))

    assert few["error"] is None
    assert few["calibration"] | {"sha256": None} == {  # type: ignore[operator]
        "kind": "folder",
        "examples": 2,
        "asked": 32,
        "method": "min-max",
        "seed": None,
        "sha256": None,
        "source": "few",
    }
    note = f"calibrated on 2 of the 32 pictures that were asked for: its outputs have {few['snr_db']:.1f} dB of signal"
    assert any(each.startswith(note) for each in few["notes"])  # type: ignore[attr-defined]
    assert f"{SMALL}: {note}" in notes
    assert "calibrated on one picture, which is of one colour: " in notes_on_grey
    assert "converter" not in notes_on_grey
    said = f"{grey['error']} {grey.get('notes')}"
    assert "calibrated on one picture, which is of one colour" in said
    assert "dB" in said


def test_as_many_pictures_as_asked_for_are_no_matter(bare: Command, tmp_path: Path) -> None:
    row, notes = build(bare, save(tmp_path / "enough", noise(0), noise(1)), "--calibration-examples", "2")

    assert row["notes"] == []
    assert "calibrated" not in notes
