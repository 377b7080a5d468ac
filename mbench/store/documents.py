"""Documents of the store: how values become bytes and bytes become values, whatever version wrote them."""

import json
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from pydantic import ValidationError
from pydantic.json_schema import models_json_schema

from mbench.core.errors import StoreError
from mbench.core.nights.nights import Night, NightEnd
from mbench.core.nights.verdict_document import VerdictDocument
from mbench.core.numbers.bounds import SessionName
from mbench.core.results import FORMAT_VERSION, JobResult, PartEnding, Plan, Run
from mbench.core.workloads import Document
from mbench.store.files import read_regular
from mbench.store.upgrade import upgrade

SCHEMA_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

LARGEST_BYTES: Final = 256 << 20
"""Of one document; the plan of 10 000 jobs has a tenth of it."""

MOST_VALUES: Final = 1 << 22
"""Of one document; the plan of 10 000 jobs has a quarter of it. Each `[]` of three bytes takes some 70 in memory."""

DocumentT = TypeVar("DocumentT", bound=Document)


class RunDocument(Document):
    """One run as it is kept while its job goes on; the job's own document repeats it."""

    format_version: Literal[3] = FORMAT_VERSION
    kind: Literal["run"] = "run"
    session: SessionName
    run: Run


def format_document(document: Document) -> bytes:
    """Return a document as JSON: UTF-8, indented, every field written."""
    return document.model_dump_json(indent=1).encode("utf-8") + b"\n"


def parse_document(data: bytes, model: type[DocumentT], *, source: str) -> DocumentT:
    """Return the document that `data` holds, upgraded to the current format.

    Args:
        data: a file's bytes.
        model: `Plan`, `JobResult`, `RunDocument`, `PartEnding`, `Night`, `NightEnd` or `VerdictDocument`.
        source: file that they came from, for messages.

    Raises:
        NewerFormat: written by a newer mbench.
        StoreError: damaged, or no such document; the message names the place.
    """
    _refuse_values(data, source)
    try:  # of the current format, in a third of the time; whatever else it is, is found out below
        return model.model_validate_json(data)
    except ValidationError:
        fields = upgrade(_parse_object(data, source), source=source)
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "document"
        more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise StoreError(
            f"{source}: {place}: {first['msg']}{more}. It is no {model.__name__} of format {FORMAT_VERSION}; "
            "restore the file, or remove it and its session."
        ) from error


def read_document(path: Path, model: type[DocumentT]) -> DocumentT:
    """Return the document in a file.

    Raises:
        StoreError: as `parse_document`, or the file cannot be read, or is none.
    """
    return parse_document(read_regular(path, limit_bytes=LARGEST_BYTES), model, source=str(path))


def schema() -> dict[str, Any]:
    """Return the JSON schema of every document in a session folder, a night's and its verdict's among them."""
    kinds: tuple[type[Document], ...] = (Plan, JobResult, RunDocument, PartEnding, Night, NightEnd, VerdictDocument)
    references, definitions = models_json_schema(
        [(kind, "validation") for kind in kinds],
        title=f"mbench results, format {FORMAT_VERSION}",
    )
    return {"$schema": SCHEMA_DIALECT, "oneOf": list(references.values()), **definitions}


def _refuse_values(data: bytes, source: str) -> None:
    if len(data) <= MOST_VALUES:  # each value takes a byte: nearly all documents, which need not be looked through
        return
    if sum(map(data.count, (b",", b"[", b"{"))) > MOST_VALUES:  # no fewer than it has values, before any takes memory
        raise StoreError(
            f"{source}: holds more than the {MOST_VALUES} values that are read; restore the file, or remove it and its "
            "session."
        )


def _parse_object(data: bytes, source: str) -> dict[str, Any]:
    try:
        fields = json.loads(data.decode("utf-8"))
    except json.JSONDecodeError as error:
        raise StoreError(
            f"{source}: damaged JSON at line {error.lineno}, column {error.colno}: {error.msg}. "
            "Restore the file, or remove it and its session."
        ) from error
    except UnicodeDecodeError as error:
        raise StoreError(f"{source}: damaged: {error}. Restore the file, or remove it and its session.") from error
    except (ValueError, RecursionError) as error:  # int() converts no more than 4300 digits (CVE-2020-10735)
        what = "lists or objects are nested too deeply"
        if isinstance(error, ValueError):
            what = "a number has too many digits"
        raise StoreError(f"{source}: damaged: {what}. Restore the file, or remove it and its session.") from error
    if not isinstance(fields, dict):
        raise StoreError(f"{source}: holds a JSON {type(fields).__name__} at line 1, not a document of mbench.")
    return fields
