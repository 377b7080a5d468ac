"""Verdicts beside what they judge: `SESSION/verdict.json`, written anew whenever a night is judged again."""

import os
from pathlib import Path
from typing import Final

from mbench.core.errors import NoSession, StoreError
from mbench.core.nights.verdict_document import VerdictDocument
from mbench.store.documents import format_document, read_document
from mbench.store.files import refuse_links, replace_file
from mbench.store.identity import REMEDY
from mbench.store.nights import list_nights

VERDICT_FILE: Final = "verdict.json"


def save_verdict(path: Path, document: VerdictDocument) -> None:
    """Keep a verdict in a session's folder, in the place of an earlier one of the same night.

    Raises:
        StoreError: it could not be written.
    """
    refuse_links(path, path / VERDICT_FILE)
    replace_file(path / VERDICT_FILE, format_document(document))


def read_verdict(path: Path) -> VerdictDocument | None:
    """Return the verdict of a session's folder, None where it was not judged.

    Raises:
        StoreError: it is damaged, or of another session.
    """
    file = path / VERDICT_FILE
    if not os.path.lexists(file):
        return None
    refuse_links(path, file)
    document = read_document(file, VerdictDocument)
    folder = path.resolve().name
    if document.session != folder or document.verdict.night != folder:
        raise StoreError(f"{file}: it is the verdict of session {document.session!r}. {REMEDY}")
    return document


def last_judged(root: Path) -> Path:
    """Return the folder of the last night of a results folder that was judged.

    Raises:
        NoSession: none was.
        StoreError: the folder or a night cannot be read.
    """
    judged = [night.path for night in list_nights(root) if os.path.lexists(night.path / VERDICT_FILE)]
    if not judged:
        raise NoSession(f"no judged night in {root}: none of its sessions holds a {VERDICT_FILE}.")
    return judged[-1]
