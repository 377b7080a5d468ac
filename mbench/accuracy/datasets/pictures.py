"""Pictures that are files: finding them in folders, reading them, hashing them."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.datasets.hashes import hash_files
from mbench.accuracy.pictures.decoding import MOST_BYTES, UPRIGHT, decode, orientation_of, read_size
from mbench.core.errors import DatasetError, UnreadableExample
from mbench.files.regular import open_regular, read_regular

SUFFIXES: Final = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
"""Endings of files that `mbench.accuracy.pictures.decoding` may be able to decode, in lower case."""

MOST_NAMED: Final = 20
"""Files in one line; all are counted."""

_OF_THE_DESKTOP: Final = {"Thumbs.db", "desktop.ini"}
"""Files that a file browser leaves behind; hidden files are passed over too."""


class PictureFiles:
    """Pictures in files.

    Args:
        folder: that names are relative to.
        names: paths of the pictures, in order.
        cache: folder for notes of hashes; None: none are kept.
    """

    def __init__(self, folder: Path, names: Sequence[str], *, cache: Path | None) -> None:
        self._folder, self._names, self._cache = folder, tuple(names), cache

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._names)

    def name(self, index: int) -> str:
        """Return a file's path below the folder."""
        return self._names[index]

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Return one, (height, width, 3) RGB.

        Raises:
            UnreadableExample: the file cannot be read or decoded.
        """
        path = self._folder / self._names[index]
        try:
            data = read_regular(path, limit_bytes=MOST_BYTES)
        except OSError as error:
            raise UnreadableExample(f"{path} could not be read: {error.strerror}. Restore or remove it.") from error
        return decode(data, source=str(path))

    def orientation(self, index: int) -> int:
        """Return how one's EXIF says that it is to be turned, 1 to 8; a file that cannot be read says nothing."""
        try:
            with open_regular(self._folder / self._names[index], limit_bytes=MOST_BYTES) as stream:
                return orientation_of(stream)
        except OSError:
            return UPRIGHT

    def size(self, index: int) -> tuple[int, int]:
        """Return width and height of one; only the beginning of its file is read.

        Raises:
            UnreadableExample: the file cannot be read, or is no picture.
        """
        return read_size(self._folder / self._names[index])

    def digests(self) -> Sequence[bytes]:
        """Return the SHA-256 of each file.

        Raises:
            DatasetError: one cannot be read, or is larger than any picture that is decoded.
        """
        return hash_files(self._folder, self._names, cache=self._cache, limit_bytes=MOST_BYTES)


def unreadable_of(folder: Path, names: Sequence[str]) -> Mapping[str, str]:
    """Return the pictures that cannot be read or decoded, each with why: all are decoded for it."""

    def why(name: str) -> str | None:
        try:
            PictureFiles(folder, (name,), cache=None).picture(0)
        except UnreadableExample as error:
            return str(error)
        return None

    with ThreadPoolExecutor() as pool:  # decoding releases the interpreter's lock
        reasons = zip(names, pool.map(why, names), strict=True)
        return {name: reason for name, reason in reasons if reason is not None}


def folders_in(folder: Path) -> tuple[str, ...]:
    """Return names of the folders in a folder, sorted by code point; hidden ones are passed over."""
    with os.scandir(folder) as entries:
        return tuple(sorted(entry.name for entry in entries if _is_folder(entry) and not _ignored(entry.name)))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder; links that lead round in a circle lead to none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def has_pictures(folder: Path) -> bool:
    """Whether pictures lie directly in a folder."""
    with os.scandir(folder) as entries:
        return any(is_picture(entry.name) and not _ignored(entry.name) for entry in entries)


def is_picture(name: str) -> bool:
    """Whether a file's ending is that of a picture."""
    return name.lower().endswith(SUFFIXES)


def pictures_below(folder: Path, *, format_: str) -> tuple[str, ...]:
    """Return paths of all pictures below a folder, relative to it, with `/`, sorted by code point.

    Args:
        folder: where nothing but pictures is expected.
        format_: a sentence on what should be there, for messages.

    Raises:
        DatasetError: there is none, or a file that is not one, or links lead to a folder twice.
    """
    pictures, foreign = files_below(folder, format_=format_)
    if foreign:
        raise foreign_files([str(folder / name) for name in foreign], format_=format_)
    if not pictures:
        raise no_picture(folder, format_=format_)
    return pictures


def no_picture(folder: Path, *, format_: str) -> DatasetError:
    """Return the error of a folder without pictures."""
    return DatasetError(f"{format_}; {folder} holds no picture. Fill it, or remove it.")


def foreign_files(paths: Sequence[str], *, format_: str, advice: str = "") -> DatasetError:
    """Return the error of files that are not pictures, all of them named as far as a line has room."""
    more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
    verb = "is none that is" if len(paths) == 1 else "are none that are"
    return DatasetError(
        f"{format_}; {', '.join(paths[:MOST_NAMED])}{more} {verb} known ({' '.join(SUFFIXES)}). "
        f"Convert it, or move it away{advice}."
    )


def files_below(folder: Path, *, format_: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return paths of all pictures below a folder, as `pictures_below`, and of all other files.

    Raises:
        DatasetError: links lead to a folder twice.
    """
    found: list[str] = []
    walked: dict[tuple[int, int], str] = {}
    for place, folders, files in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not _ignored(name)]
        _check_new(place, walked, format_)
        prefix = Path(place).relative_to(folder).as_posix() + "/" if place != str(folder) else ""
        found += [prefix + name for name in files if not _ignored(name)]
    pictures = tuple(sorted(name for name in found if is_picture(name)))
    return pictures, tuple(sorted(name for name in found if not is_picture(name)))


def _check_new(place: str, walked: dict[tuple[int, int], str], format_: str) -> None:
    """Raise where a folder was walked before: links in a circle lead on for ever, and two at each level as good as."""
    status = Path(place).stat()
    before = walked.setdefault((status.st_dev, status.st_ino), place)
    if before != place:
        raise DatasetError(f"{format_}; {place} is {before} once more, by a link. Remove the link.")


def check_present(folder: Path, names: Sequence[str], *, listed_in: Path, format_: str) -> None:
    """Raise where a picture that a list names is not there.

    Raises:
        DatasetError: the first of them by name, and how many more.
    """
    there: dict[str, set[str]] = {}
    missing = [name for name in names if not _is_there(folder, name, there)]
    if missing:
        more = f" and {len(missing) - 1} more of {len(names)}" if len(missing) > 1 else ""
        raise DatasetError(
            f"{format_}; {listed_in} lists {missing[0]}{more}, which {folder} does not hold. "
            "Fetch what is missing, or take it off the list."
        )


def _is_there(folder: Path, name: str, there: dict[str, set[str]]) -> bool:
    """Whether a file exists; each folder is listed once, since 200 000 questions would take far longer."""
    place, _, file = name.rpartition("/")
    if place not in there:
        try:
            with os.scandir(folder / place) as entries:
                there[place] = {entry.name for entry in entries}
        except (OSError, ValueError):  # ValueError: a name that no file can have
            there[place] = set()
    return file in there[place]


def _ignored(name: str) -> bool:
    return name.startswith(".") or name in _OF_THE_DESKTOP
