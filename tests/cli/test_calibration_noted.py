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
    pictures = save(tmp_path / "few", noise(0), noise(1))
    few, notes = build(bare, pictures)
    as_many, notes_on_enough = build(bare, pictures, "--calibration-examples", "2")  # the same file, found again
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
    assert as_many["sha256"] == few["sha256"]
    assert as_many["notes"] == []
    assert "calibrated" not in notes_on_enough
    assert "calibrated on one picture, which is of one colour: " in notes_on_grey
    assert "converter" not in notes_on_grey
    said = f"{grey['error']} {grey.get('notes')}"
    assert "calibrated on one picture, which is of one colour" in said
    assert "dB" in said
