"""Example inputs: synthetic ones and folders of pictures."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mbench.core.builds.recipes import Calibration, CalibrationKind
from mbench.core.errors import UsageError
from mbench.models.tflite.calibration import (
    calibration_doubt,
    choose_images,
    describe_examples,
    describe_folder,
    load_examples,
    read_image,
    synthetic_examples,
    unseen_examples,
)

PINNED_SHA256 = "5b12fb349fe57856b72dbd6ee746d1bfb4f388022fe67cdc4a720d6d0d9ee947"
"""Of two synthetic examples at 32 px with seed 0."""


def save_picture(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (40, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


def test_synthetic_examples_are_the_same_bits_on_every_machine() -> None:
    assert hashlib.sha256(synthetic_examples(2, 32, seed=0).tobytes()).hexdigest() == PINNED_SHA256


def test_synthetic_examples_fill_the_range_of_pixels() -> None:
    examples = synthetic_examples(4, 50, seed=3)

    assert examples.shape == (4, 50, 50, 3)
    assert examples.dtype == np.float32
    assert np.allclose(np.abs(examples).max(axis=(1, 2, 3)), 1.0)


def test_synthetic_examples_are_smooth() -> None:
    examples = synthetic_examples(4, 224, seed=0)

    assert np.abs(np.diff(examples, axis=1)).max() < 0.1


def test_a_picture_is_cropped_centrally_and_scaled_to_minus_one_to_one(tmp_path: Path) -> None:
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[4:60, 4:60] = 255  # all that the central 0.875 keeps
    Image.fromarray(picture).save(tmp_path / "framed.png")

    assert np.all(read_image(tmp_path / "framed.png", 32) == 1.0)


def test_a_grey_picture_becomes_three_equal_channels(tmp_path: Path) -> None:
    Image.new("L", (40, 40), 0).save(tmp_path / "grey.png")

    assert np.array_equal(read_image(tmp_path / "grey.png", 32), np.full((32, 32, 3), -1.0, np.float32))


def test_pictures_are_spread_evenly_over_all_folders(tmp_path: Path) -> None:
    for label in "abcd":
        for number in range(5):
            save_picture(tmp_path / label / f"{number}.png", (0, 0, 0))

    assert [path.parent.name for path in choose_images(tmp_path, 4)] == ["a", "b", "c", "d"]


def test_fewer_pictures_than_asked_for_are_all_taken(tmp_path: Path) -> None:
    save_picture(tmp_path / "one.png", (9, 9, 9))

    assert describe_folder(tmp_path, examples=32).examples == 1


def test_described_pictures_are_loaded_in_order(tmp_path: Path) -> None:
    save_picture(tmp_path / "a.png", (0, 0, 0))
    save_picture(tmp_path / "b.png", (255, 255, 255))

    examples = load_examples(describe_folder(tmp_path), 32)

    assert [example.mean() for example in examples] == [-1.0, 1.0]


def test_the_digest_follows_the_bytes_and_not_the_place(tmp_path: Path) -> None:
    first = save_picture(tmp_path / "first" / "a.png", (1, 2, 3))
    second = save_picture(tmp_path / "second" / "b.png", (1, 2, 3))

    assert describe_folder(first.parent).sha256 == describe_folder(second.parent).sha256


def test_a_folder_that_changed_since_it_was_described_is_refused(tmp_path: Path) -> None:
    save_picture(tmp_path / "a.png", (1, 2, 3))
    calibration = describe_folder(tmp_path)
    save_picture(tmp_path / "a.png", (3, 2, 1))

    with pytest.raises(UsageError, match="changed since the build was planned"):
        load_examples(calibration, 32)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")

    with pytest.raises(UsageError, match="holds no picture"):
        describe_folder(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        describe_folder(tmp_path / "nowhere")


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nand no more")

    with pytest.raises(UsageError, match=r"broken\.png cannot be read as a picture"):
        load_examples(describe_folder(tmp_path), 32)


def test_a_calibration_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="needs calibration examples"):
        load_examples(Calibration(kind=CalibrationKind.NONE), 32)


def kept_pictures(folder: Path, count: int, resolution: int = 32) -> Path:
    levels = np.random.default_rng(3).integers(0, 256, (count, resolution, resolution, 3), np.uint8)
    np.save(folder / "pictures.npy", levels)
    return folder / "pictures.npy"


def test_a_data_sets_pictures_are_scaled_and_those_behind_the_count_stay_unseen(tmp_path: Path) -> None:
    file = kept_pictures(tmp_path, 6)
    described = describe_examples(file, examples=4)
    seen, unseen = load_examples(described, 32), unseen_examples(described, 32)
    assert unseen is not None
    assert (len(seen), len(unseen)) == (4, 2)
    np.testing.assert_array_equal(np.concatenate([seen, unseen]), np.load(file) / np.float32(127.5) - np.float32(1))


def test_no_other_calibration_has_real_examples_that_it_has_not_seen() -> None:
    assert unseen_examples(Calibration(), 32) is None


def test_a_data_sets_pictures_of_another_size_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"uint8 of shape \(6, 32, 32, 3\), not uint8 of \(n, 64, 64, 3\)"):
        load_examples(describe_examples(kept_pictures(tmp_path, 6), examples=4), 64)


def test_a_data_sets_pictures_that_changed_are_refused(tmp_path: Path) -> None:
    described = describe_examples(kept_pictures(tmp_path, 6), examples=4)
    kept_pictures(tmp_path, 5)
    with pytest.raises(UsageError, match="changed since the build was planned"):
        load_examples(described, 32)


@pytest.mark.parametrize("ending", ["gif", "tif", "tiff", "pgm", "GIF"])
def test_every_form_of_a_data_sets_picture_can_be_calibrated_on(tmp_path: Path, ending: str) -> None:
    Image.new("L", (40, 30), 255).save(tmp_path / f"1.{ending}")
    (picture,) = load_examples(describe_folder(tmp_path), 8)
    assert (picture == 1.0).all()


def pictures(*levels: float, noisy: int = 0) -> np.ndarray:
    """Return pictures of one level each, and behind them some of noise."""
    flat = np.asarray(levels, np.float32)[:, None, None, None] * np.ones((1, 8, 8, 3), np.float32)
    noise = np.random.default_rng(0).uniform(-1, 1, (noisy, 8, 8, 3)).astype(np.float32)
    return np.concatenate([flat, noise])


@pytest.mark.parametrize(
    ("examples", "doubt"),
    [
        (pictures(noisy=2), None),
        (pictures(noisy=1), "calibrated on one picture"),
        (pictures(0.5), "calibrated on one picture, which is of one colour"),
        (pictures(0.5, 0.25), "all 2 calibration pictures are of one colour"),
        (pictures(0.5, noisy=2), "1 of 3 calibration pictures are of one colour"),
        (pictures(noisy=1).repeat(3, axis=0), "all 3 calibration pictures are the same"),
        (pictures(noisy=4).reshape(2, 2, 8, 8, 3), None),
    ],
)
def test_pictures_that_say_little_about_others_are_doubted(examples: np.ndarray, doubt: str | None) -> None:
    assert calibration_doubt(examples) == doubt
