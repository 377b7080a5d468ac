import pickle
from pathlib import Path

import pytest
from dataset_samples import shown, write_lines, write_picture

from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.accuracy.datasets.examples import PairedExamples
from mbench.core.errors import DatasetError
from mbench.core.examples import Split, Task

PAIRS = ["2\t1", "Abel\t1\t3", "Abel\t1\tDean\t1", "Dean\t1\t2", "Cleo\t4\tAbel\t3"]


def pairs_of(reference: str, split: Split = Split.TEST) -> PairedExamples:
    examples = open_dataset(reference).split(split)
    assert isinstance(examples, PairedExamples)
    return examples


@pytest.fixture
def lfw(tmp_path: Path) -> Path:
    for level, (person, number) in enumerate([("Abel", 1), ("Abel", 3), ("Cleo", 4), ("Dean", 1), ("Dean", 2)]):
        write_picture(tmp_path / "lfw" / person / f"{person}_{number:04d}.jpg", level)
    write_lines(tmp_path / "pairs.txt", *PAIRS)
    return tmp_path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    for level, name in enumerate("abcde"):
        write_picture(tmp_path / f"{name}.png", level)
    write_lines(tmp_path / "pairs.csv", "first,second,same", "a.png,b.png,1", "b.png,c.png,TRUE", "c.png,d.png,no")
    return tmp_path


def test_pairs_keep_the_lists_order_and_point_at_pictures(lfw: Path) -> None:
    examples = pairs_of(f"faces:{lfw}")
    named = [(examples.name(first), examples.name(second), same) for first, second, same in examples.pairs()]
    assert named == [
        ("Abel/Abel_0001.jpg", "Abel/Abel_0003.jpg", True),
        ("Abel/Abel_0001.jpg", "Dean/Dean_0001.jpg", False),
        ("Dean/Dean_0001.jpg", "Dean/Dean_0002.jpg", True),
        ("Cleo/Cleo_0004.jpg", "Abel/Abel_0003.jpg", False),
    ]


def test_every_picture_is_there_once_with_its_person(lfw: Path) -> None:
    assert shown(pairs_of(f"faces:{lfw}")) == [
        ("Abel/Abel_0001.jpg", 0),
        ("Abel/Abel_0003.jpg", 0),
        ("Dean/Dean_0001.jpg", 2),
        ("Dean/Dean_0002.jpg", 2),
        ("Cleo/Cleo_0004.jpg", 1),
    ]


def test_a_list_of_one_fold_and_persons_beside_it_will_do(lfw: Path) -> None:
    for person in ("Abel", "Cleo", "Dean"):
        (lfw / "lfw" / person).rename(lfw / person)
    (lfw / "pairs.txt").unlink()
    write_lines(lfw / "pairsDevTest.txt", "1", "Dean\t1\t2", "Cleo\t4\tAbel\t3")
    assert pairs_of(f"faces:{lfw}").pairs() == ((0, 1, True), (2, 3, False))


def test_faces_have_no_head_and_their_own_resolution(lfw: Path) -> None:
    dataset = open_dataset(f"faces:{lfw}")
    assert (dataset.task, dataset.head, dataset.default_resolution) == (Task.VERIFICATION, None, 160)


def test_other_pairs_of_the_same_pictures_are_another_identity(lfw: Path) -> None:
    before = pairs_of(f"faces:{lfw}").facts.sha256
    write_lines(lfw / "pairs.txt", *PAIRS[:2], "Abel\t1\tDean\t2", *PAIRS[3:])
    write_lines(lfw / "pairs.txt", PAIRS[0], PAIRS[1], PAIRS[2], PAIRS[3], "Cleo\t4\tDean\t1")
    assert pairs_of(f"faces:{lfw}").facts.sha256 != before


def test_pickled_examples_bring_their_pairs(lfw: Path) -> None:
    examples = pairs_of(f"faces:{lfw}")
    assert pickle.loads(pickle.dumps(examples)).pairs() == examples.pairs()


def test_pairs_of_a_table_chain_persons(table: Path) -> None:
    examples = pairs_of(f"faces:{table}")
    assert examples.pairs() == ((0, 1, True), (1, 2, True), (2, 3, False))
    assert [truth for _, truth in shown(examples)] == [0, 0, 0, 1]


def test_tables_by_name_are_two_splits(table: Path) -> None:
    (table / "pairs.csv").rename(table / "train.csv")
    write_picture(table / "f.png", 6)
    write_lines(table / "test.csv", "first,second,same", "e.png,f.png,0")
    assert len(pairs_of(f"faces:{table}", Split.TRAIN)) == 4
    assert len(pairs_of(f"faces:{table}")) == 2


def test_a_picture_of_both_splits_is_named(table: Path) -> None:
    (table / "pairs.csv").rename(table / "train.csv")
    write_lines(table / "test.csv", "first,second,same", "e.png,c.png,0")
    with pytest.raises(DatasetError, match=r"train\.csv and .*test\.csv both list c\.png"):
        pairs_of(f"faces:{table}")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a.png,b.png,1"], r"which names no first and no second and no same"),
        (["first,second,same"], r"pairs\.csv has a header and no pairs"),
        (["first,second,same", "a.png,b.png,maybe"], r"pairs\.csv line 2: same is 'maybe', not 1 or 0"),
        (["first,second,same", "a.png,z.png,0"], r"pairs\.csv lists z\.png, which"),
        (
            ["first,second,same", "a.png,b.png,1", "b.png,c.png,1", "a.png,c.png,0"],
            r"pairs\.csv line 4 says two persons, and other lines make them one",
        ),
    ],
)
def test_a_table_that_is_broken_is_named_with_its_line(table: Path, lines: list[str], message: str) -> None:
    write_lines(table / "pairs.csv", *lines)
    with pytest.raises(DatasetError, match=rf"faces:PATH is .*; .*{message}"):
        pairs_of(f"faces:{table}")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["Abel\t1\t3"], r"pairs\.txt does not begin with numbers of folds and of pairs"),
        (["10\t300", "Abel\t1\t3"], r"pairs\.txt promises 6000 pairs and has 1"),
        (["0"], r"pairs\.txt promises 0 pairs and has 0"),
        (["1", "Abel\t1\t3", "Abel\tone\tDean\t1"], r"pairs\.txt line 3 is no pair of either kind"),
        (["1", "Abel\t1\t3", "Abel\t1\tAbel\t3"], r"pairs\.txt line 3 is no pair of either kind"),
        (["1", "Abel\t1\t2", "Abel\t1\tDean\t1"], r"pairs\.txt lists Abel/Abel_0002\.jpg, which"),
        (["1", "Nobody\t1\t2", "Abel\t1\tDean\t1"], r"names Nobody, of whom .* has no folder\. Unpack lfw\.tgz"),
    ],
)
def test_a_list_that_is_broken_is_named_with_its_line(lfw: Path, lines: list[str], message: str) -> None:
    write_lines(lfw / "pairs.txt", *lines)
    with pytest.raises(DatasetError, match=rf"faces:PATH is .*; .*{message}"):
        pairs_of(f"faces:{lfw}")
