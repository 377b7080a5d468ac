"""Finds the CSV file of each split: the file itself, or the files of a folder."""

from collections.abc import Mapping
from pathlib import Path

from mbench.core.errors import DatasetError
from mbench.core.examples import SPLITS, Split


def find_tables(path: Path, *, format_: str) -> Mapping[Split, Path]:
    """Return the table of each split that is there; a single table is the test split.

    Args:
        path: a file, or a folder with train.csv and test.csv, either, or one table of any name.
        format_: a sentence on what should be there, for messages.

    Raises:
        DatasetError: nothing, or several tables of which none says what it is.
    """
    if path.exists() and not path.is_dir():
        return {Split.TEST: path}
    found = sorted(path.glob("*.csv")) if path.is_dir() else []
    named = {split: table for split in SPLITS for table in found if table.stem.lower() == split}
    if named:
        return named
    if len(found) != 1:
        names = ", ".join(table.name for table in found)
        what = f"holds {names}; call one of them test.csv" if found else "holds no .csv file"
        raise DatasetError(f"{format_}; {path} {what if path.is_dir() else 'does not exist'}. Check the path.")
    return {Split.TEST: found[0]}
