from pathlib import Path

import numpy as np
import pytest
from dataset_samples import SYNSETS, examples_of, level_of, shown, write_lines, write_picture
from scipy.io import savemat

from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.core.builds.variants import IMAGENET_HEAD
from mbench.core.errors import DatasetError
from mbench.core.examples import Split


def write_list(folder: Path) -> None:
    """Write all synsets, in another order than the classes'."""
    write_lines(
        folder / "synset_words.txt", *(f"{name} word {place}" for place, name in reversed([*enumerate(SYNSETS)]))
    )


def write_flat(folder: Path, count: int) -> None:
    """Write pictures 1 to `count`, whose grey level is their number."""
    for number in range(1, count + 1):
        write_picture(folder / f"ILSVRC2012_val_{number:08d}.JPEG", number)


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    """Three pictures without labels, and a list of all classes."""
    write_flat(tmp_path, 3)
    write_list(tmp_path)
    return tmp_path


def test_a_thousand_synset_folders_are_classes_in_sorted_order(tmp_path: Path) -> None:
    picture = write_picture(tmp_path / "1.jpg", 7).read_bytes()
    (tmp_path / "val").mkdir()
    for name in SYNSETS:
        (tmp_path / "val" / name).mkdir()
        (tmp_path / "val" / name / f"of_{name}.JPEG").write_bytes(picture)
    dataset = open_dataset(f"imagenet:{tmp_path}")
    examples = dataset.split(Split.TEST)
    assert [examples.truth(index) for index in range(1000)] == list(range(1000))
    assert examples.name(999) == f"{SYNSETS[999]}/of_{SYNSETS[999]}.JPEG"
    assert examples.class_names == SYNSETS
    assert examples.facts.classes == 1000
    assert dataset.head == IMAGENET_HEAD
    assert not dataset.trainable
    assert (dataset.default_resolution, dataset.default_preprocessing) == (224, "inception")


def test_a_few_synset_folders_need_a_list_of_all(tmp_path: Path) -> None:
    for place in (5, 900):
        write_picture(tmp_path / SYNSETS[place] / "1.JPEG", 3)
    with pytest.raises(
        DatasetError, match=rf"{tmp_path} names 2 of the 1000 synsets.*LOC_synset_mapping\.txt.*folder:PATH"
    ):
        examples_of(f"imagenet:{tmp_path}")
    write_list(tmp_path)
    examples = examples_of(f"imagenet:{tmp_path}")
    assert shown(examples) == [(f"{SYNSETS[5]}/1.JPEG", 5), (f"{SYNSETS[900]}/1.JPEG", 900)]
    assert examples.class_names[5] == "word 5"


def test_train_and_validation_lie_side_by_side(tmp_path: Path) -> None:
    write_list(tmp_path)
    write_picture(tmp_path / "train" / SYNSETS[1] / "n_1.JPEG", 10)
    write_picture(tmp_path / "val" / SYNSETS[2] / "v_1.JPEG", 20)
    dataset = open_dataset(f"imagenet:{tmp_path}")
    assert dataset.trainable
    assert shown(dataset.split(Split.TRAIN)) == [(f"{SYNSETS[1]}/n_1.JPEG", 1)]
    assert shown(dataset.split(Split.TEST)) == [(f"{SYNSETS[2]}/v_1.JPEG", 2)]


@pytest.mark.parametrize(
    ("file", "lines"),
    [
        ("imagenet_2012_validation_synset_labels.txt", [SYNSETS[7], SYNSETS[0], SYNSETS[999]]),
        ("labels.txt", ["7", "0", "999"]),
        (
            "val.txt",
            ["ILSVRC2012_val_00000003.JPEG 999", "ILSVRC2012_val_00000001.JPEG 7", "ILSVRC2012_val_00000002.JPEG 0"],
        ),
        (
            "LOC_val_solution.csv",
            [
                "ImageId,PredictionString",
                f"ILSVRC2012_val_00000002,{SYNSETS[0]} 1 2 3 4 {SYNSETS[0]} 5 6 7 8 ",
                f"ILSVRC2012_val_00000001,{SYNSETS[7]} 1 2 3 4",
                f"ILSVRC2012_val_00000003,{SYNSETS[999]} 1 2 3 4",
            ],
        ),
    ],
)
def test_flat_pictures_are_labelled_by_any_usual_file(flat: Path, file: str, lines: list[str]) -> None:
    write_lines(flat / file, *lines)
    examples = examples_of(f"imagenet:{flat}")
    assert [truth for _, truth in shown(examples)] == [7, 0, 999]
    assert level_of(examples, 2) == 3
    assert examples.class_names[7] == "word 7"


def test_labels_may_lie_beside_the_folder_of_pictures(tmp_path: Path) -> None:
    write_flat(tmp_path / "val", 2)
    write_list(tmp_path)
    write_lines(tmp_path / "val.txt", "ILSVRC2012_val_00000001.JPEG 4", "ILSVRC2012_val_00000002.JPEG 5")
    for reference in (f"imagenet:{tmp_path}", f"imagenet:{tmp_path / 'val'}"):
        assert [truth for _, truth in shown(examples_of(reference))] == [4, 5]


def test_a_full_labels_file_serves_some_of_the_pictures_by_their_numbers(flat: Path) -> None:
    write_picture(flat / "ILSVRC2012_val_00049999.JPEG", 200)
    write_lines(flat / "synset_labels.txt", *(SYNSETS[number % 1000] for number in range(1, 50001)))
    assert [truth for _, truth in shown(examples_of(f"imagenet:{flat}"))] == [1, 2, 3, 999]


def test_labels_that_name_all_synsets_are_their_own_list(tmp_path: Path) -> None:
    write_flat(tmp_path, 1)
    write_lines(tmp_path / "synset_labels.txt", *(SYNSETS[number % 1000] for number in range(1, 50001)))
    examples = examples_of(f"imagenet:{tmp_path}")
    assert shown(examples) == [("ILSVRC2012_val_00000001.JPEG", 1)]
    assert examples.class_names == SYNSETS


def test_labels_that_name_some_synsets_need_a_list_of_all(tmp_path: Path) -> None:
    write_flat(tmp_path, 1)
    write_lines(tmp_path / "synset_labels.txt", SYNSETS[4])
    with pytest.raises(DatasetError, match=r"synset_labels\.txt names 1 of the 1000 synsets"):
        examples_of(f"imagenet:{tmp_path}")


def test_the_folders_of_the_train_split_are_a_list_of_all(tmp_path: Path) -> None:
    for name in SYNSETS:
        (tmp_path / "train" / name).mkdir(parents=True)
    write_flat(tmp_path / "val", 1)
    write_lines(tmp_path / "synset_labels.txt", SYNSETS[4])
    assert shown(examples_of(f"imagenet:{tmp_path}")) == [("ILSVRC2012_val_00000001.JPEG", 4)]


def test_numbers_need_no_list_of_synsets(tmp_path: Path) -> None:
    write_flat(tmp_path, 2)
    write_lines(tmp_path / "labels.txt", "65", "970")
    examples = examples_of(f"imagenet:{tmp_path}")
    assert [truth for _, truth in shown(examples)] == [65, 970]
    assert examples.class_names == ()


def test_numbers_of_the_development_kit_are_translated_by_its_meta_file(flat: Path) -> None:
    write_lines(flat / "ILSVRC2012_validation_ground_truth.txt", "1", "1000", "2")
    records = np.zeros((3, 1), [("ILSVRC2012_ID", "O"), ("WNID", "O"), ("words", "O"), ("num_children", "O")])
    for row, (number, place) in enumerate([(1, 151), (2, 4), (1000, 30)]):
        records[row, 0] = (np.array([[number]]), SYNSETS[place], "word", np.array([[0]]))
    savemat(flat / "meta.mat", {"synsets": records})
    assert [truth for _, truth in shown(examples_of(f"imagenet:{flat}"))] == [151, 30, 4]


def test_numbers_of_the_development_kit_alone_are_refused(flat: Path) -> None:
    write_lines(flat / "ILSVRC2012_validation_ground_truth.txt", "1", "1000", "2")
    with pytest.raises(DatasetError, match=r"counts in the development kit's own order.*meta\.mat"):
        examples_of(f"imagenet:{flat}")


def test_numbers_that_count_from_one_are_refused(flat: Path) -> None:
    write_lines(flat / "labels.txt", "7", "1000", "2")
    with pytest.raises(DatasetError, match=r"labels\.txt line 2 says 1000: it counts from 1"):
        examples_of(f"imagenet:{flat}")


@pytest.mark.parametrize("label", ["1001", "-1", "n99999999", "tench"])
def test_a_label_that_is_no_class_is_named_with_its_line(flat: Path, label: str) -> None:
    write_lines(flat / "labels.txt", SYNSETS[0], label, SYNSETS[1])
    with pytest.raises(DatasetError, match=rf"labels\.txt line 2 says '{label}', which is none of the 1000 synsets"):
        examples_of(f"imagenet:{flat}")


def test_a_labels_file_with_too_few_lines_is_refused(flat: Path) -> None:
    write_lines(flat / "labels.txt", "1", "2")
    with pytest.raises(DatasetError, match=r"labels\.txt has 2 lines for 3 pictures"):
        examples_of(f"imagenet:{flat}")


def test_a_picture_that_the_labels_leave_out_is_named(flat: Path) -> None:
    write_lines(flat / "val.txt", "ILSVRC2012_val_00000001.JPEG 4", "ILSVRC2012_val_00000002.JPEG 5")
    with pytest.raises(DatasetError, match=r"val\.txt says nothing of ILSVRC2012_val_00000003\.JPEG"):
        examples_of(f"imagenet:{flat}")


def test_flat_pictures_without_labels_are_refused_with_the_known_names(flat: Path) -> None:
    with pytest.raises(
        DatasetError, match=rf"no labels file in {flat} or .*imagenet_2012_validation_synset_labels\.txt"
    ):
        examples_of(f"imagenet:{flat}")


def test_an_empty_labels_file_is_refused(flat: Path) -> None:
    (flat / "labels.txt").write_text("\n")
    with pytest.raises(DatasetError, match=r"labels\.txt has 0 lines for 3 pictures"):
        examples_of(f"imagenet:{flat}")


def test_a_list_that_is_short_is_refused(flat: Path) -> None:
    write_lines(flat / "synset_words.txt", *SYNSETS[:999])
    write_lines(flat / "synset_labels.txt", *SYNSETS[:3])
    with pytest.raises(DatasetError, match=r"synset_words\.txt lists 999 synsets, not 1000"):
        examples_of(f"imagenet:{flat}")


def test_an_empty_synset_folder_is_named(tmp_path: Path) -> None:
    write_list(tmp_path)
    (tmp_path / SYNSETS[3]).mkdir()
    with pytest.raises(DatasetError, match=rf"{tmp_path}/{SYNSETS[3]} holds no picture"):
        examples_of(f"imagenet:{tmp_path}")


def test_a_folder_among_synsets_that_is_none_is_named(tmp_path: Path) -> None:
    for name in (SYNSETS[0], "cats"):
        write_picture(tmp_path / name / "1.JPEG", 1)
    with pytest.raises(DatasetError, match=rf"{tmp_path}/cats is not called like a synset"):
        examples_of(f"imagenet:{tmp_path}")


def test_an_empty_folder_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=rf"imagenet:PATH is one folder per synset.*; {tmp_path} holds neither"):
        examples_of(f"imagenet:{tmp_path}")


def test_training_pictures_must_lie_in_synset_folders(tmp_path: Path) -> None:
    write_picture(tmp_path / "train" / "1.JPEG", 1)
    with pytest.raises(DatasetError, match=rf"{tmp_path}/train holds no synset folder"):
        examples_of(f"imagenet:{tmp_path}", Split.TRAIN)
