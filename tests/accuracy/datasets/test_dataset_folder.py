import os
import pickle
import shutil
from pathlib import Path

import pytest
from dataset_samples import examples_of, level_of, levels_of, shown, write_lines, write_picture

from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.core.builds.variants import Head
from mbench.core.errors import DatasetError, UnreadableExample
from mbench.core.examples import SPLITS, Split


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    """Two classes of ten pictures, no two alike."""
    for number in range(10):
        write_picture(tmp_path / "cat" / f"{number}.png", 10 * number)
        write_picture(tmp_path / "dog" / f"{number}.jpg", 10 * number + 5)
    return tmp_path


@pytest.fixture
def apart(tmp_path: Path) -> Path:
    """The same classes, split by a person."""
    for part, level in (("train", 0), ("test", 100)):
        for number in range(3):
            write_picture(tmp_path / part / "cat" / f"{number}.png", level + 10 * number)
            write_picture(tmp_path / part / "dog" / f"{number}.PNG", level + 10 * number + 5)
    return tmp_path


def test_splits_of_a_person_are_kept(apart: Path) -> None:
    dataset = open_dataset(f"folder:{apart}")
    assert dataset.trainable
    assert shown(dataset.split(Split.TEST)) == [
        ("test/cat/0.png", 0),
        ("test/cat/1.png", 0),
        ("test/cat/2.png", 0),
        ("test/dog/0.PNG", 1),
        ("test/dog/1.PNG", 1),
        ("test/dog/2.PNG", 1),
    ]
    assert level_of(dataset.split(Split.TRAIN), 1) == 10
    assert level_of(dataset.split(Split.TEST), 1) == 110


def test_classes_are_the_folders_and_the_head_counts_them(apart: Path) -> None:
    dataset = open_dataset(f"folder:{apart}")
    assert dataset.split(Split.TEST).class_names == ("cat", "dog")
    assert dataset.split(Split.TEST).facts.classes == 2
    assert dataset.head == Head(name="folder", classes=2)
    assert (dataset.default_resolution, dataset.default_preprocessing) == (224, "inception")


@pytest.mark.parametrize(
    "name", ["val", "validation", "valid", "Validation", "TEST", "testing", "seg_test", "test_set"]
)
def test_a_validation_folder_serves_as_test(apart: Path, name: str) -> None:
    (apart / "test").rename(apart / name)
    assert len(examples_of(f"folder:{apart}")) == 6


def test_a_validation_folder_beside_test_is_said_to_be_unused(apart: Path) -> None:
    shutil.copytree(apart / "test", apart / "val")
    assert "val not used" in str(open_dataset(f"folder:{apart}").provenance)


@pytest.mark.parametrize("name", ["Train", "training", "seg_train", "train-images"])
def test_the_folder_to_train_on_has_its_usual_names(apart: Path, name: str) -> None:
    (apart / "train").rename(apart / name)
    assert levels_of(examples_of(f"folder:{apart}", Split.TRAIN)) == [0, 10, 20, 5, 15, 25]


def test_a_split_inside_a_folder_of_its_own_name_is_found(apart: Path) -> None:
    for part in ("train", "test"):
        (apart / part).rename(apart / "moved")
        (apart / f"seg_{part}").mkdir()
        (apart / "moved").rename(apart / f"seg_{part}" / f"seg_{part}")
    assert shown(examples_of(f"folder:{apart}"))[0] == ("seg_test/seg_test/cat/0.png", 0)


@pytest.mark.parametrize("name", ["unlabeled", "seg_pred", "Extra"])
def test_pictures_of_no_class_are_reported_as_not_used(apart: Path, name: str) -> None:
    write_picture(apart / name / "1.png", 250)
    dataset = open_dataset(f"folder:{apart}")
    assert dataset.split(Split.TEST).class_names == ("cat", "dog")
    assert f"{name} not used" in str(dataset.provenance)


def test_flat_splits_beside_an_unlabelled_one_are_no_classes(tmp_path: Path) -> None:
    for name in ("train", "test", "unlabeled"):
        write_picture(tmp_path / name / "1.png", 7)
    with pytest.raises(
        DatasetError, match=r"test, train, unlabeled .* named like splits and hold no folder of a class"
    ):
        open_dataset(f"folder:{tmp_path}")


def test_a_test_folder_without_classes_is_not_used(apart: Path) -> None:
    (apart / "test").rename(apart / "valid")
    write_picture(apart / "test" / "1.png", 250)
    dataset = open_dataset(f"folder:{apart}")
    assert len(dataset.split(Split.TEST)) == 6
    assert "test not used" in str(dataset.provenance)


def test_a_split_that_holds_pictures_beside_its_classes_is_refused(apart: Path) -> None:
    write_picture(apart / "train" / "sample.png", 250)
    with pytest.raises(DatasetError, match=rf"{apart}/train is named like a split and holds pictures beside folders"):
        open_dataset(f"folder:{apart}")


def test_two_folders_of_one_split_are_refused(apart: Path) -> None:
    shutil.copytree(apart / "train", apart / "Train")
    with pytest.raises(DatasetError, match=r"has Train and train, two names of one split"):
        open_dataset(f"folder:{apart}")


def test_folders_of_the_same_classes_are_splits_whatever_they_are_called(apart: Path) -> None:
    (apart / "train").rename(apart / "fold1")
    (apart / "test").rename(apart / "fold2")
    with pytest.raises(DatasetError, match=r"fold1, fold2 in .* hold no picture .* \(cat, dog\), so they are splits"):
        open_dataset(f"folder:{apart}")


def test_splits_beside_a_folder_of_another_name_are_refused(apart: Path) -> None:
    write_picture(apart / "backup" / "1.png", 250)
    with pytest.raises(DatasetError, match=r"test, train in .* so they are splits .* Name them train and test"):
        open_dataset(f"folder:{apart}")


def test_classes_whose_pictures_lie_one_folder_deeper_are_classes(tmp_path: Path) -> None:
    for number in range(4):
        write_picture(tmp_path / "cat" / "images" / f"{number}.png", number)
        write_picture(tmp_path / "dog" / "images" / f"{number}.png", 100 + number)
    assert open_dataset(f"folder:{tmp_path}").split(Split.TEST).class_names == ("cat", "dog")


def test_classes_are_counted_in_each_split(animals: Path) -> None:
    write_picture(animals / "cat" / "more.png", 255)
    count = open_dataset(f"folder:{animals}").count_classes
    assert count is not None
    assert count() == "2 classes, train + test: cat 9 + 2, dog 8 + 2"


def test_classes_may_be_called_train_and_test(tmp_path: Path) -> None:
    for number in range(5):
        write_picture(tmp_path / "train" / f"{number}.png", number)
        write_picture(tmp_path / "test" / f"{number}.png", 100 + number)
    assert open_dataset(f"folder:{tmp_path}").split(Split.TRAIN).class_names == ("test", "train")


def test_without_splits_a_fifth_of_every_class_is_to_test(animals: Path) -> None:
    dataset = open_dataset(f"folder:{animals}")
    truths = {split: [truth for _, truth in shown(dataset.split(split))] for split in SPLITS}
    assert truths == {Split.TRAIN: [0] * 8 + [1] * 8, Split.TEST: [0, 0, 1, 1]}
    assert "split here" in str(dataset.provenance)


def test_a_drawn_split_holds_every_picture_once(animals: Path) -> None:
    dataset = open_dataset(f"folder:{animals}")
    names = [name for split in SPLITS for name, _ in shown(dataset.split(split))]
    assert len(names) == len(set(names)) == 20


def test_the_draw_follows_contents_and_not_names(animals: Path) -> None:
    before = sorted(levels_of(examples_of(f"folder:{animals}")))
    for number in range(10):
        (animals / "cat" / f"{number}.png").rename(animals / "cat" / f"{9 - number}-again.png")
    assert sorted(levels_of(examples_of(f"folder:{animals}"))) == before


def test_copies_of_a_picture_stay_on_one_side(animals: Path) -> None:
    for path in list((animals / "cat").iterdir()):
        shutil.copy(path, path.with_name(f"copy-{path.name}"))
    dataset = open_dataset(f"folder:{animals}")
    levels = [
        {level_of(examples, index) for index, (_, truth) in enumerate(shown(examples)) if truth == 0}
        for examples in (dataset.split(Split.TRAIN), dataset.split(Split.TEST))
    ]
    assert not levels[0] & levels[1]


def test_the_same_picture_to_train_and_to_test_is_refused(apart: Path) -> None:
    shutil.copy(apart / "train" / "cat" / "1.png", apart / "test" / "cat" / "9.png")
    with pytest.raises(
        DatasetError, match=r"the train split's train/cat/1\.png and the test split's test/cat/9\.png are the same"
    ):
        examples_of(f"folder:{apart}")


def test_pictures_in_folders_of_a_class_belong_to_it(animals: Path) -> None:
    write_picture(animals / "cat" / "more" / "x.png", 201)
    names = [name for split in SPLITS for name, _ in shown(examples_of(f"folder:{animals}", split))]
    assert "cat/more/x.png" in names


def test_hidden_files_are_passed_over(animals: Path) -> None:
    write_lines(animals / "cat" / ".DS_Store", "x")
    write_lines(animals / "cat" / "Thumbs.db", "x")
    write_lines(animals / ".git" / "HEAD", "x")
    assert open_dataset(f"folder:{animals}").split(Split.TEST).class_names == ("cat", "dog")


def test_an_empty_class_is_named(animals: Path) -> None:
    (animals / "emu").mkdir()
    with pytest.raises(DatasetError, match=rf"folder:PATH is one folder .*; {animals}/emu holds no picture"):
        examples_of(f"folder:{animals}")


def test_a_file_that_is_no_picture_is_named_with_the_known_endings(animals: Path) -> None:
    write_lines(animals / "dog" / "a.heic", "x")
    with pytest.raises(
        DatasetError, match=rf"{animals}/dog/a\.heic is none that is known \(\.bmp .*\.jpeg \.jpg .*\.webp\)"
    ):
        examples_of(f"folder:{animals}")


def test_pictures_without_class_folders_are_refused(tmp_path: Path) -> None:
    write_picture(tmp_path / "1.png", 0)
    with pytest.raises(DatasetError, match=rf"{tmp_path} holds no folder, and two classes are the fewest"):
        open_dataset(f"folder:{tmp_path}")


def test_a_single_class_is_refused(tmp_path: Path) -> None:
    write_picture(tmp_path / "images" / "1.png", 0)
    with pytest.raises(DatasetError, match=rf"{tmp_path} holds no folder but images, and two classes are the fewest"):
        open_dataset(f"folder:{tmp_path}")


def test_a_class_of_one_picture_cannot_be_split(animals: Path) -> None:
    write_picture(animals / "emu" / "1.png", 233)
    dataset = open_dataset(f"folder:{animals}")
    for split in (Split.TEST, Split.TRAIN):
        with pytest.raises(DatasetError, match=r"emu holds one picture, too few for a split\. .* by --split all"):
            dataset.split(split)


def test_a_class_of_one_picture_is_scored_where_no_split_is_made(animals: Path, tmp_path: Path) -> None:
    write_picture(animals / "emu" / "1.png", 233)
    dataset = open_dataset(f"folder:{animals}")
    everything = dataset.split(Split.ALL)
    names = [everything.name(index) for index in range(len(everything))]
    assert names.count("emu/1.png") == 1
    (tmp_path / "list.txt").write_text("emu/1.png\n")
    assert len(dataset.split(Split.LISTED, list_file=tmp_path / "list.txt")) == 1
    assert "emu 1 + 0" in dataset.count_classes()


def test_a_class_of_one_picture_under_two_names_cannot_be_split(animals: Path) -> None:
    write_picture(animals / "emu" / "1.png", 233)
    write_picture(animals / "emu" / "2.png", 233)
    with pytest.raises(DatasetError, match="emu holds one picture"):
        examples_of(f"folder:{animals}")


def test_a_class_that_only_one_split_has_is_named(apart: Path) -> None:
    shutil.rmtree(apart / "test" / "dog")
    with pytest.raises(DatasetError, match=rf"{apart}/test has no folder dog\. Both need the same classes"):
        open_dataset(f"folder:{apart}")


def test_a_picture_that_cannot_be_decoded_is_named_when_it_is_read(apart: Path) -> None:
    write_lines(apart / "test" / "cat" / "0.png", "no picture")
    examples = examples_of(f"folder:{apart}")
    with pytest.raises(UnreadableExample, match=rf"{apart}/test/cat/0\.png: "):
        examples.picture(0)


def test_a_picture_that_went_away_is_named_when_it_is_read(apart: Path) -> None:
    examples = examples_of(f"folder:{apart}")
    (apart / "test" / "cat" / "0.png").unlink()
    with pytest.raises(UnreadableExample, match=rf"{apart}/test/cat/0\.png could not be read: No such file"):
        examples.picture(0)


def test_pickled_examples_are_the_same(apart: Path) -> None:
    examples = examples_of(f"folder:{apart}")
    copy = pickle.loads(pickle.dumps(examples))
    assert copy.facts == examples.facts
    assert (copy.picture(2) == examples.picture(2)).all()


def test_a_relative_path_still_leads_there_from_another_folder(apart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(apart.parent)
    examples = examples_of(f"folder:{apart.name}")
    monkeypatch.chdir("/")
    assert level_of(examples, 0) == 100


def test_all_files_that_are_no_pictures_are_named_at_once(animals: Path) -> None:
    write_lines(animals / "cat" / "a.heic", "x")
    write_lines(animals / "dog" / "notes.txt", "x")
    both = rf"{animals}/cat/a\.heic, {animals}/dog/notes\.txt are none that are known .*--skip-unreadable"
    with pytest.raises(DatasetError, match=both):
        examples_of(f"folder:{animals}")


def test_unreadable_files_are_left_out_and_named_when_asked_for(animals: Path) -> None:
    write_lines(animals / "cat" / "a.heic", "x")
    write_lines(animals / "dog" / "3.jpg", "torn")
    (animals / "dog" / "4.jpg").unlink()
    os.mkfifo(animals / "dog" / "4.jpg")
    dataset = open_dataset(f"folder:{animals}", skip_unreadable=True)
    names = [name for split in SPLITS for name, _ in shown(dataset.split(split))]
    assert len(names) == 18
    assert not {"dog/3.jpg", "dog/4.jpg"} & set(names)
    assert dataset.name_skipped is not None
    assert dataset.name_skipped() == "3 unreadable files were left out: cat/a.heic, dog/3.jpg, dog/4.jpg"


def test_nothing_is_said_to_be_left_out_where_all_are_readable(animals: Path) -> None:
    dataset = open_dataset(f"folder:{animals}", skip_unreadable=True)
    assert len(dataset.split(Split.TRAIN)) == 16
    assert dataset.name_skipped is not None
    assert dataset.name_skipped() is None


def test_a_class_of_which_nothing_is_left_is_named(animals: Path) -> None:
    write_lines(animals / "emu" / "1.png", "torn")
    with pytest.raises(DatasetError, match=rf"{animals}/emu holds no picture"):
        open_dataset(f"folder:{animals}", skip_unreadable=True).split(Split.TEST)


def test_leaving_out_is_refused_where_a_list_says_what_there_is() -> None:
    with pytest.raises(DatasetError, match="--skip-unreadable is for folder:PATH"):
        open_dataset("digits", skip_unreadable=True)
