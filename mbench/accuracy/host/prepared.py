"""Pictures decoded and resized once, kept as one array for all files of a resolution and for every later evaluation.

    FOLDER/<key>.npy     (asked, h, w, 3) uint8 RGB, a row per asked example
    FOLDER/<key>.json    a `PreparedRecord`: what they are, which could not be decoded, size and SHA-256 of the array
    FOLDER/<key>.lock    held while they are being made

Both appear under their final names whole or not at all. A pair that has changed since is made again. What was not used
for longest makes room for what is new (`prepared_room`).
"""

import hashlib
import json
import logging
import os
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import PIL
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from mbench.accuracy.host.eviction import SPARE_BYTES, hold, make_room
from mbench.accuracy.host.pool import HostPool, WorkerDied, parts
from mbench.accuracy.host.sampling import asks_all, drawn_pictures
from mbench.accuracy.host.worker import Filled, PictureRows, fill_rows
from mbench.accuracy.pictures.recipes import PreprocessingRecipe
from mbench.core.errors import DatasetError, StoreError
from mbench.core.examples import DatasetFacts, Examples
from mbench.core.plain_text import whole_mib
from mbench.core.ports import Progress
from mbench.core.workloads import Document
from mbench.files.disk import disk_errors
from mbench.files.hashes import hash_file
from mbench.files.locks import locked
from mbench.files.scratch import scratch_folder
from mbench.files.whole import place, write_whole

_LOG = logging.getLogger(__name__)

GEOMETRY_VERSION: Final = 3
"""Rises with every change of which pictures are drawn, and of what decoding and resizing give. 2: of pairs, pairs.
3: pictures with an EXIF orientation are counted."""


class Unreadable(Document):
    """An example that could not be decoded: its row, its name, and why not."""

    row: int
    name: str
    reason: str


class PreparedRecord(Document):
    """What an array of pictures holds.

    Attributes:
        geometry: how they were cropped and resized; recipes that only scale differently have the same.
        decoder: Pillow's release.
        resolution: height in pixels.
        width: likewise; None: as wide as high.
        asked: rows.
        seed: of the draw; None where all examples are there, in order.
        unreadable: rows that are black because their examples could not be decoded.
        turned: how many of the pictures EXIF says to turn, whether that was done or not.
        sha256: of the whole `.npy`.
    """

    format_version: Literal[1] = 1
    dataset: DatasetFacts
    geometry: str
    geometry_version: int
    decoder: str
    resolution: int
    width: int | None = None
    asked: int
    seed: int | None
    unreadable: tuple[Unreadable, ...] = ()
    turned: int = 0
    size_bytes: int = 0
    sha256: str = Field(default="0" * 64, pattern=r"^[0-9a-f]{64}$")

    def key(self) -> str:
        """Return what names the files: a digest over all that was asked for, and nothing of what came out."""
        asked = self.model_dump(mode="json", exclude={"unreadable", "turned", "size_bytes", "sha256"})
        if self.width is None:  # so were all of those that older releases kept
            del asked["width"]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Pictures that are ready: where they lie, and which examples they are.

    Attributes:
        path: the `.npy`; its bytes were checked when it was opened.
        indices: (asked,) of the examples in their split, by row.
    """

    path: Path
    record: PreparedRecord
    indices: NDArray[np.intp]

    @property
    def resolution(self) -> int:
        """Height in pixels."""
        return self.record.resolution

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.record.width or self.record.resolution

    def pictures(self) -> NDArray[np.uint8]:
        """Return (asked, height, width, 3), mapped from the disk and not to be written to."""
        mapped: NDArray[np.uint8] = np.load(self.path, mmap_mode="r")
        return mapped

    def doubts(self, recipe: PreprocessingRecipe) -> tuple[str, ...]:
        """Return what the pictures themselves say against a score of them by a recipe."""
        if not self.record.turned or recipe.upright:
            return ()
        count = f"{self.record.turned} of {self.record.asked} pictures"
        said = "are stored turned or mirrored, and their EXIF orientation is ignored, as TensorFlow does"
        return (f"{count} {said}; --exif apply turns them upright",)

    def readable(self) -> NDArray[np.bool_]:
        """Return (asked,): whether the example could be decoded."""
        readable = np.ones(self.record.asked, np.bool_)
        readable[[failure.row for failure in self.record.unreadable]] = False
        return readable


def prepare(
    examples: Examples,
    recipe: PreprocessingRecipe,
    resolution: int,
    *,
    width: int | None = None,
    asked: int | None,
    seed: int,
    folder: Path,
    pool: HostPool,
    progress: Progress,
) -> Prepared:
    """Return the examples' pictures of a resolution, out of `folder` or made and kept there.

    An example that cannot be decoded keeps its row, and is named in the record: it counts as wrong.

    Args:
        examples: of one split.
        recipe: how pictures are cropped and resized.
        resolution: height in pixels.
        width: likewise; None: as wide as high.
        asked: how many, of faces pairs; None: all. Fewer than all are drawn by `seed`.
        seed: of the draw.
        folder: where arrays are kept.
        pool: the processes that decode.
        progress: gets news of the stage and of pictures that are done.

    Raises:
        DatasetError: the data set cannot be read, or not one of the examples can be decoded.
        StoreError: the disk has no room, or does not take them.
    """
    indices = drawn_pictures(examples, asked, seed)
    wanted = PreparedRecord(
        dataset=examples.facts,
        geometry=recipe.geometry,
        geometry_version=GEOMETRY_VERSION,
        decoder=PIL.__version__,
        resolution=resolution,
        width=None if width == resolution else width,
        asked=len(indices),
        seed=None if asks_all(examples, asked) else seed,
    )
    path = folder / f"{wanted.key()}.npy"
    with disk_errors("keep prepared pictures in", folder), locked(path.with_suffix(".lock"), wait_s=None):
        record = _kept(path, wanted)
        if record is None:
            record = _made(examples, indices, wanted, recipe, path, pool, progress)
        hold(path)
    return Prepared(path=path, record=record, indices=indices)


def _kept(path: Path, wanted: PreparedRecord) -> PreparedRecord | None:
    """Return the record of an array that is there, whole and the one that is wanted."""
    try:
        record = PreparedRecord.model_validate_json(path.with_suffix(".json").read_bytes())
        if (
            record.key() == wanted.key()
            and path.stat().st_size == record.size_bytes
            and hash_file(path, limit_bytes=None) == record.sha256
        ):
            return record
        reason = "is not what its record says"
    except FileNotFoundError:
        return None
    except ValidationError as error:
        reason = f"has a record that cannot be read ({error.error_count()} errors)"
    _LOG.warning("%s %s; the pictures are prepared again", path, reason)
    return None


def _made(
    examples: Examples,
    indices: NDArray[np.intp],
    wanted: PreparedRecord,
    recipe: PreprocessingRecipe,
    path: Path,
    pool: HostPool,
    progress: Progress,
) -> PreparedRecord:
    part = path.with_suffix(".part")  # one name, so that what a dead process left is written over
    try:
        _reserve(part, (wanted.asked, wanted.resolution, wanted.width or wanted.resolution, 3))
        filled = _fill(examples, indices, wanted, recipe, part, pool, progress)
        unreadable = tuple(
            Unreadable(row=row, name=examples.name(int(indices[row])), reason=reason)
            for row, reason in filled.unreadable
        )
        if len(unreadable) == wanted.asked:
            raise DatasetError(f"none of {wanted.asked} examples can be decoded. The first: {unreadable[0].reason}")
        record = wanted.model_copy(
            update={
                "unreadable": unreadable,
                "turned": filled.turned,
                "size_bytes": part.stat().st_size,
                "sha256": hash_file(part, limit_bytes=None),
            }
        )
        path.with_suffix(".json").unlink(missing_ok=True)
        place(part, path, fsync=False)  # whoever opens it checks its hash
        write_whole(path.with_suffix(".json"), record.model_dump_json(indent=1).encode(), fsync=False)
    finally:
        part.unlink(missing_ok=True)
    return record


def _fill(
    examples: Examples,
    indices: NDArray[np.intp],
    wanted: PreparedRecord,
    recipe: PreprocessingRecipe,
    target: Path,
    pool: HostPool,
    progress: Progress,
) -> Filled:
    """Fill the array by all workers; return what was found, in order."""
    failures: list[tuple[int, str]] = []
    turn = 0
    pixels = f"{wanted.resolution} pixels" if wanted.width is None else f"{wanted.width} x {wanted.resolution} pixels"
    progress.start(f"preparing {wanted.dataset.name} at {pixels}", wanted.asked, unit="examples")
    try:
        with scratch_folder("examples") as folder:
            pickled = folder / "examples.pickle"
            pickled.write_bytes(pickle.dumps(examples))
            tasks = [
                PictureRows(
                    examples=pickled,
                    indices=tuple(indices[rows].tolist()),
                    first=rows.start,
                    target=target,
                    resolution=wanted.resolution,
                    width=wanted.width,
                    crop_and_resize=recipe.crop_and_resize,
                    upright=recipe.upright,
                )
                for rows in parts(wanted.asked, pool.workers)
            ]
            for task, filled in pool.run(fill_rows, tasks):
                failures += filled.unreadable
                turn += filled.turned
                progress.step(recipe.name, len(task.indices))
    except WorkerDied as error:
        raise DatasetError(f"a process that prepared {wanted.dataset.name} {error}.") from error
    finally:
        progress.finish()
    return Filled(unreadable=sorted(failures), turned=turn)


def _reserve(path: Path, shape: tuple[int, int, int, int]) -> None:
    """Make an array file of zeros of its full size, or say at once that there is no room, even without older ones."""
    needed = int(np.prod(shape, dtype=np.int64))
    free = make_room(path.with_suffix(".npy"), needed)
    if needed + SPARE_BYTES > free:
        raise StoreError(
            f"{path.parent} has {whole_mib(free)} free, and {shape[0]} pictures of {shape[2]} x {shape[1]} pixels take "
            f"{whole_mib(needed)}. Free some space, let MBENCH_HOME name another folder, or ask fewer --examples."
        )
    np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape).flush()
    if hasattr(os, "posix_fallocate"):  # a disk that fills up meanwhile would kill the process that writes the mapping
        with path.open("r+b") as stream:
            os.posix_fallocate(stream.fileno(), 0, path.stat().st_size)
