"""What a data set is once it is opened: what a person should know of it, and its splits, read when asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mbench.accuracy.datasets.picked import all_of, listed
from mbench.core.builds.variants import Head
from mbench.core.errors import DatasetError
from mbench.core.examples import Examples, Split, Task
from mbench.files.places import expanded

Readers = Mapping[Split, Callable[[], Examples]]
"""How to read each split that is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What was asked for.

    Attributes:
        reference: as typed: `imagenet:~/val`.
        place: what follows the colon: `~/val`; empty for an embedded data set.
        cache: folder for hashes of files; None: every process hashes them anew.
        skip_unreadable: whether files that are damaged or not pictures are left out.
    """

    reference: str
    place: str
    cache: Path | None = None
    skip_unreadable: bool = False

    @property
    def name(self) -> str:
        """The word before the colon."""
        return self.reference.partition(":")[0]

    @property
    def path(self) -> Path:
        """The place as a file or folder, absolute, so that worker processes find it too."""
        return expanded(self.place).absolute()

    def folder(self, format_: str) -> Path:
        """Return the path where it is a folder.

        Args:
            format_: a sentence on what should be there, for the message.

        Raises:
            DatasetError: it is not.
        """
        if not self.path.is_dir():
            what = "is no folder" if self.path.exists() else "does not exist"
            raise DatasetError(f"{format_}; {self.path} {what}. Check the path.")
        return self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A data set that was found; nothing but its outline has been read yet.

    Attributes:
        reference: as typed: `digits`, `imagenet:/path`.
        name: the word before the colon.
        default_resolution: input side in pixels of a network for it, where nobody says otherwise.
        default_preprocessing: recipe by name: `plain` for whole pictures resized, `inception` for photographs.
        head: of a classifier for it; None where classes alone do not say it (cells of the globe, boxes, embeddings).
        licence: of the pictures and labels; None: nobody here knows.
        provenance: where examples and splits come from, where a person should know.
        readers: how to read the splits.
        split_here: whether mbench, and not the data set, says which examples are to test.
        name_examples: gives the names of each split's examples, for the lists beside a result. None: whoever made the
            data set lists them.
        refuse_split: raises where what is there is too little for a split of it to be drawn, and none is for all of it.
        name_skipped: names the files that were left out; None of none. None: nothing is ever left out.
        count_classes: names the classes and how many pictures each has in each split; reads the lists of both. None:
            that is known to everybody, or takes long.
    """

    reference: str
    name: str
    task: Task
    default_resolution: int
    default_preprocessing: str
    head: Head | None
    licence: str | None = None
    provenance: str | None = None
    readers: Readers = field(repr=False, compare=False)
    split_here: bool = False
    name_examples: Callable[[], Mapping[Split, tuple[str, ...]]] | None = field(default=None, repr=False, compare=False)
    refuse_split: Callable[[], None] | None = field(default=None, repr=False, compare=False)
    name_skipped: Callable[[], str | None] | None = field(default=None, repr=False, compare=False)
    count_classes: Callable[[], str] | None = field(default=None, repr=False, compare=False)

    @property
    def trainable(self) -> bool:
        """Whether there is a split to learn from."""
        return Split.TRAIN in self.readers

    def split(self, which: Split, *, list_file: Path | None = None) -> Examples:
        """Return the examples of a split: listed and checked now, each picture read when it is asked for.

        Args:
            which: which one.
            list_file: of `LISTED`: the file that names them.

        Raises:
            DatasetError: there is no such split, or its files are not of the format.
        """
        if which is Split.ALL:
            return all_of({split: read() for split, read in self.readers.items()})
        if which is Split.LISTED and list_file is not None:
            return listed({split: read() for split, read in self.readers.items()}, list_file)
        if which not in self.readers:
            there = " and ".join(sorted(self.readers)) or "none"
            raise DatasetError(
                f"{self.reference} has no {which} split, only {there}. Add it, or choose another data set."
            )
        if self.refuse_split is not None:
            self.refuse_split()
        return self.readers[which]()
