"""Makes sure that no picture to train on is one to be judged by."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mbench.core.errors import DatasetError
from mbench.core.examples import SPLITS, Split


def check_disjoint(sides: Mapping[Split, tuple[Sequence[str], Sequence[bytes]]], *, format_: str) -> None:
    """Raise where a picture to train on is also one to be judged by.

    Args:
        sides: names and hashes of the pictures of each split.
        format_: a sentence on what should be there, for the message.

    Raises:
        DatasetError: the first such picture, by both names.
    """
    if set(sides) != set(SPLITS):
        return
    names, hashes = sides[Split.TRAIN]
    trained = dict(zip(hashes, names, strict=True))
    both = [(trained[content], name) for name, content in zip(*sides[Split.TEST], strict=True) if content in trained]
    if both:
        more = f" ({len(both)} such pictures)" if len(both) > 1 else ""
        raise DatasetError(
            f"{format_}; the train split's {both[0][0]} and the test split's {both[0][1]} are the same picture{more}. "
            "Remove it from one, or the score is worth nothing."
        )


def check_names_apart(lists: Mapping[Split, tuple[Path, Sequence[str]]], *, format_: str) -> None:
    """Raise where the lists of both splits name one picture.

    Args:
        lists: file and the pictures that it names, of each split that is there.
        format_: a sentence on what should be there, for the message.

    Raises:
        DatasetError: the first such picture.
    """
    if set(lists) != set(SPLITS):
        return
    (train_list, trained), (test_list, tested) = lists[Split.TRAIN], lists[Split.TEST]
    both = sorted(set(trained) & set(tested))
    if both:
        raise DatasetError(
            f"{format_}; {train_list} and {test_list} both list {both[0]}. Take it off one, "
            "or the score is worth nothing."
        )
