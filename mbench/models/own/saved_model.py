"""SavedModels of users: a folder whose graphs tensorflow runs."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from mbench.core.builds.own_recipes import OwnNetwork
from mbench.core.errors import ArtifactError, UsageError
from mbench.core.processes.user_code import call_python
from mbench.files.regular import GIB, open_regular
from mbench.models.own.input_arrays import OwnInput
from mbench.models.own.traced import OwnModel, end_name

GRAPH: Final = "saved_model.pb"
DEFAULT: Final = "serving_default"

MOST_FILES: Final = 10_000
MOST_BYTES: Final = 16 * GIB
_CHUNK_BYTES: Final = 1 << 20


def saved_model_digest(folder: Path) -> str:
    """Return the SHA-256 over all files of a SavedModel.

    Raises:
        UsageError: it is none, cannot be read, or has links or more files than a SavedModel has.
    """
    if not (folder / GRAPH).is_file():
        what = "has no saved_model.pb" if folder.is_dir() else "no such folder"
        raise UsageError(f"--saved-model {folder}: {what}; name the folder of a SavedModel.")
    digest = hashlib.sha256()
    try:
        for count, path in enumerate(sorted(_files(folder))):
            if count >= MOST_FILES:
                raise UsageError(f"--saved-model {folder} has more than {MOST_FILES} files.")
            digest.update(f"{path.relative_to(folder)} {_hash(path)}\n".encode())
    except OSError as error:
        raise UsageError(f"--saved-model {folder} cannot be read: {error.strerror or error}.") from error
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            if (path := Path(place, name)).is_symlink():
                raise UsageError(f"--saved-model {folder}: {path} is a link, which its hash would not cover.")
        yield from (Path(place, name) for name in names if name != "fingerprint.pb")  # its own number, drawn anew


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with open_regular(path, limit_bytes=MOST_BYTES) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def open_saved_model(network: OwnNetwork, *, timeout_s: float) -> OwnModel:
    """Return one signature of a SavedModel as a model.

    Raises:
        ArtifactError: it changed since the build was planned, tensorflow refuses it, or it has no such signature.
    """
    import tensorflow as tf

    folder = Path(network.source)
    if saved_model_digest(folder) != network.sha256:
        raise ArtifactError(f"{folder} changed since the build was planned; start it again.")
    loaded = call_python(lambda: tf.saved_model.load(str(folder)), what=f"loading {folder.name}", timeout_s=timeout_s)
    function = _signature(dict(loaded.signatures), network.signature, folder.name)
    specs = function.structured_input_signature[1]
    own = {end_name(name): name for name in specs}
    inputs = tuple(_input(name, specs[theirs], folder.name) for name, theirs in own.items())

    def call(given: Mapping[str, Any]) -> Any:
        _ = loaded  # whose variables the function holds weakly
        return function(**{own[name]: value for name, value in given.items()})

    return OwnModel(inputs=inputs, call=call, against="SavedModel")


def _signature(signatures: Mapping[str, Any], asked: str | None, folder: str) -> Any:
    if not signatures:
        raise ArtifactError(
            f"{folder} has no signatures; write it by model.export(FOLDER), or tf.saved_model.save with signatures=."
        )
    only = next(iter(signatures)) if len(signatures) == 1 else DEFAULT
    name = asked or only
    if name not in signatures:
        said = "several signatures" if asked is None else f"no signature {name!r}"
        raise ArtifactError(
            f"{folder} has {said}: {', '.join(sorted(signatures))}; name one: --saved-model FOLDER:NAME."
        )
    return signatures[name]


def _input(name: str, spec: Any, folder: str) -> OwnInput:
    if spec.shape.rank is None:
        raise ArtifactError(f"{folder}: its input {name!r} has any number of dimensions; export it with a shape.")
    dtype = spec.dtype.name
    if dtype in {"string", "bfloat16", "resource", "variant"}:
        raise ArtifactError(f"{folder}: its input {name!r} takes {dtype}, which no benchmark can feed.")
    return OwnInput(name=name, shape=tuple(-1 if size is None else size for size in spec.shape), dtype=dtype)
