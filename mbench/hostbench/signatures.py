"""`--signature_to_run_for`: an entry point, whose graph takes the main graph's place before anything is loaded."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from mbench.hostbench import streams
from mbench.hostbench.parameters import Parameters


@contextmanager
def with_signature(parameters: Parameters) -> Iterator[Parameters]:
    """Yields the parameters with a graph that begins with the chosen signature's; unchanged where it does already.

    Raises:
      BenchmarkFailed: The file has no such signature, or its signatures cannot be read; stderr says which.
    """
    content = _reordered(parameters) if parameters.signature else None
    if content is None:
        yield parameters
        return
    with _file_of(content) as path:
        yield replace(parameters, graph=path)


def _reordered(parameters: Parameters) -> bytes | None:
    """Returns the model with the signature's graph in front; None where it is there."""
    from mbench.hostbench.called_subgraphs import UnreadableModel, as_main, read_model

    try:
        model = read_model(parameters.graph)
    except UnreadableModel as exc:
        _fail_unread(exc, parameters)
    graphs = {_text(each.signatureKey): each.subgraphIndex for each in model.signatureDefs or ()}
    if parameters.signature not in graphs:
        streams.fail(f"No signature {parameters.signature!r}; the model has {', '.join(graphs) or 'none'}.")
    index = graphs[parameters.signature]
    try:
        return as_main(model, index) if index else None
    except UnreadableModel as exc:
        _fail_unread(exc, parameters)


def _fail_unread(exc: Exception, parameters: Parameters) -> NoReturn:
    """Gives up: to go on would be to time the main graph under the signature's name."""
    streams.fail(f"Cannot read the signatures: {exc}.", f"Failed to load model {parameters.graph}")


def _text(raw: bytes | str | None) -> str:
    return raw if isinstance(raw, str) else (raw or b"").decode("utf-8", "replace")


@contextmanager
def _file_of(content: bytes) -> Iterator[str]:
    """Yields the name of a file that nobody has to remove where the system has such."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("model")
        try:
            with os.fdopen(os.dup(descriptor), "wb") as file:
                file.write(content)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
        return
    number, name = tempfile.mkstemp(suffix=".tflite")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
        yield name
    finally:
        with suppress(OSError):
            Path(name).unlink()
