"""Pictures that speak against scores on them: under two classes, nearly the same on both sides, calibrated on."""

from pathlib import Path

import numpy as np
import pytest
from dataset_samples import examples_of
from PIL import Image

from mbench.accuracy.datasets.contradictions import MOST_COMPARED, near_copies, under_two_classes
from mbench.accuracy.datasets.examples import LabelledExamples
from mbench.core.examples import Split, Task
from mbench.workflows.score.run_accuracy import calibrated_on


def scene(seed: int, *, add: int = 0) -> Image.Image:
    """Return a picture of large areas of different levels, as photographs are."""
    cells = np.random.default_rng(seed).integers(20, 230, (4, 4, 3), np.uint8)
    levels = np.asarray(Image.fromarray(cells).resize((64, 64), Image.Resampling.BILINEAR), np.float64)
    return Image.fromarray(np.rint(levels + add).astype(np.uint8))


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    for split in ("train", "test"):
        for place, name in enumerate(("cat", "dog")):
            folder = tmp_path / split / name
            folder.mkdir(parents=True)
            for number in range(4):
                scene(100 * (split == "test") + 10 * place + number).save(folder / f"{number}.png")
    return tmp_path


def of(scenes: Path, split: Split) -> LabelledExamples:
    examples = examples_of(f"folder:{scenes}", split)
    assert isinstance(examples, LabelledExamples)
    return examples


def compared(scenes: Path, cache: Path | None = None) -> str | None:
    return near_copies(of(scenes, Split.TRAIN), of(scenes, Split.TEST), cache=cache)


def test_different_pictures_are_no_near_copies(scenes: Path) -> None:
    assert compared(scenes) is None
    assert under_two_classes(of(scenes, Split.TEST)) is None


@pytest.mark.parametrize("change", ["again", "small"])
def test_a_picture_that_was_encoded_again_is_named_with_its_origin(scenes: Path, change: str) -> None:
    picture = scene(11)
    if change == "small":
        picture = picture.resize((40, 40), Image.Resampling.BILINEAR)
    picture.save(scenes / "test" / "dog" / "copy.jpg", quality=60)
    said = compared(scenes)
    assert said is not None
    assert said.startswith("1 of 9 pictures of the test split are near-copies of pictures of the train split")
    assert "(test/dog/copy.jpg and train/dog/1.png, …)" in said


@pytest.mark.parametrize(("add", "near"), [(2, True), (4, False)])
def test_the_bound_lies_between_what_encoding_changes_and_another_light(scenes: Path, add: int, near: bool) -> None:
    scene(11, add=add).save(scenes / "test" / "dog" / "copy.png")
    assert (compared(scenes) is not None) is near


def test_plain_pictures_are_not_compared(scenes: Path) -> None:
    for split, level in (("train", 100), ("test", 101)):
        Image.new("RGB", (40, 40), (level, level, level)).save(scenes / split / "cat" / "plain.png")
    assert compared(scenes) is None


def test_what_was_found_is_noted(
    scenes: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = tmp_path_factory.mktemp("notes")
    scene(11).save(scenes / "test" / "dog" / "copy.jpg")
    first = compared(scenes, cache=notes)
    monkeypatch.setattr(LabelledExamples, "picture", lambda *_: pytest.fail("decoded again"))
    assert compared(scenes, cache=notes) == first is not None


def test_more_pictures_than_are_compared_are_said(scenes: Path) -> None:
    class Many(LabelledExamples):
        def __len__(self) -> int:
            return MOST_COMPARED

    few = of(scenes, Split.TEST)
    many = Many(name="x", task=Task.CLASSIFICATION, split=Split.TRAIN, pictures=few.pictures, truths=[0] * len(few))
    assert "were not looked for among" in str(near_copies(many, few, cache=None))


def test_one_picture_under_two_classes_is_named_by_both(scenes: Path) -> None:
    (scenes / "test" / "dog" / "same.png").write_bytes((scenes / "test" / "cat" / "2.png").read_bytes())
    said = "1 picture stands under two classes, of which one is wrong: test/cat/2.png and test/dog/same.png"
    assert under_two_classes(of(scenes, Split.TEST)) == said


def test_a_copy_within_a_class_is_no_contradiction(scenes: Path) -> None:
    (scenes / "test" / "cat" / "same.png").write_bytes((scenes / "test" / "cat" / "2.png").read_bytes())
    assert under_two_classes(of(scenes, Split.TEST)) is None


def test_calibrating_on_what_is_scored_is_counted(scenes: Path) -> None:
    test = of(scenes, Split.TEST)
    pictures = [scenes / "test" / "cat" / "1.png", scenes / "train" / "cat" / "1.png"]
    assert str(calibrated_on(pictures, test)).startswith("1 of 2 calibration pictures are among those that are scored")
    assert calibrated_on(pictures[1:], test) is None
