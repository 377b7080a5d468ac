"""`arrays:FILE.npz` and `arrays:FILE.py:NAME`: a user's own examples with labels, as a data set.

They are laid out once, in a worker process, below `MBENCH_HOME/arrays`; the second time no code of the user's runs.
"""

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from mbench.accuracy.datasets.opened import Dataset, Opening
from mbench.accuracy.host.pool import HostPool, WorkerDied
from mbench.accuracy.own.laying_out import LABELS_FILE, RECORD, LaidOut, LayOut, lay_out
from mbench.core.builds.own_recipes import PythonName
from mbench.core.errors import ArtifactError, DatasetError, UnreadableExample
from mbench.core.examples import DatasetFacts, Split, Task, Truth
from mbench.files import in_use
from mbench.files.disk import disk_errors
from mbench.files.hashes import hash_file
from mbench.files.locks import locked
from mbench.files.places import expanded
from mbench.files.python_source import find_python
from mbench.files.regular import GIB

ARRAYS: Final = "arrays"
FORM: Final = "arrays:FILE.npz|FILE.py:NAME"

MOST_BYTES: Final = 8 * GIB

_NPZ: Final = ".npz"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayExamples:
    """Examples that are no pictures.

    Attributes:
        folder: where their arrays lie.
        record: what there is.
        source: file that they came from, without its folder.
    """

    folder: Path
    record: LaidOut
    source: str

    @property
    def facts(self) -> DatasetFacts:
        """What identifies them."""
        return DatasetFacts(
            name=ARRAYS, task=Task.OWN, split=Split.TEST, sha256=self.record.sha256, examples=self.record.examples
        )

    @property
    def class_names(self) -> tuple[str, ...]:
        """Nobody knows any."""
        return ()

    @property
    def labels(self) -> Path:
        """File of the labels, which worker processes read."""
        return self.folder / LABELS_FILE

    def inputs(self) -> tuple[Path, ...]:
        """Return the `.npy` of each input."""
        return tuple(self.folder / f"input{place}.npy" for place in range(self.record.inputs))

    def __len__(self) -> int:
        return self.record.examples

    def name(self, index: int) -> str:
        """Return what a message calls an example."""
        return f"{self.source} #{index}"

    def picture(self, index: int) -> "npt.NDArray[np.uint8]":
        """Refuse: there are none."""
        raise UnreadableExample(f"{self.name(index)} is not a picture")

    def orientation(self, index: int) -> int:
        """Return that nothing is turned."""
        return 1

    def truth(self, index: int) -> Truth:
        """Refuse: the user's metric alone understands the labels."""
        raise UnreadableExample(f"{self.name(index)} has a label of the user's own")


def open_arrays(opening: Opening, *, home: Path, timeout_s: float) -> Dataset:
    """Return a user's examples as a data set; they are laid out when they are asked for.

    Args:
        opening: what was typed.
        home: folder whose `arrays` and `build_logs` are used.
        timeout_s: for the user's generator.

    Raises:
        DatasetError: there is no such file.
        UsageError: nor such a name in it.
    """
    place = opening.place
    if not place:
        raise DatasetError(f"{ARRAYS} needs a place: {FORM}.")
    code = find_python(str(expanded(place)), option=f"--dataset {ARRAYS}:") if ".py:" in place else None
    if code is None and opening.path.suffix != _NPZ:
        raise DatasetError(f"--dataset {opening.reference}: name a .npz file of arrays, or FILE.py:NAME.")
    if code is None and not opening.path.is_file():
        raise DatasetError(f"--dataset {opening.reference}: no such file. Check the path.")

    def read() -> ArrayExamples:
        return _laid_out(opening, code, home, timeout_s)

    return Dataset(
        reference=opening.reference,
        name=ARRAYS,
        task=Task.OWN,
        default_resolution=224,
        default_preprocessing="plain",
        head=None,
        readers={Split.TEST: read},
    )


def _laid_out(opening: Opening, code: PythonName | None, home: Path, timeout_s: float) -> ArrayExamples:
    path = opening.path if code is None else Path(code.source)
    key = hash_file(path, limit_bytes=MOST_BYTES) if code is None else f"{code.sha256[:40]}-{code.name}"
    root = home / ARRAYS
    in_use.hold(root, key)
    with locked(root / f"{key}.lock", wait_s=None):
        record = _read(root / key) or _made(root, key, opening, code, home, timeout_s)
    return ArrayExamples(folder=root / key, record=record, source=path.name)


def _read(folder: Path) -> LaidOut | None:
    try:
        return LaidOut.model_validate_json((folder / RECORD).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        _LOG.warning("%s cannot be read (%s); the examples are laid out again", folder, type(error).__name__)
        return None


def _made(root: Path, key: str, opening: Opening, code: PythonName | None, home: Path, timeout_s: float) -> LaidOut:
    part, source = root / f"{key}.part", f"--dataset {opening.reference}"
    with disk_errors("lay examples out in", root):
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(root / key, ignore_errors=True)
        part.mkdir(parents=True)
        task = LayOut(
            arrays=opening.path if code is None else None,
            code=code,
            folder=part,
            source=source,
            log=home / "build_logs" / f"arrays-{key[:12]}.log",
            timeout_s=timeout_s,
        )
        try:
            with HostPool(1) as pool:
                ((_, record),) = pool.run(lay_out, [task])
        except WorkerDied as error:
            raise DatasetError(f"{source}: the process that read it {error}.") from error
        except ArtifactError as error:
            raise DatasetError(str(error)) from error
        part.replace(root / key)
    return record
