"""The results of all sessions of a folder as tables need them; what was made of unchanged documents is kept."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final

import pydantic

import mbench
from mbench.report.results.rows.short_result import ShortResult
from mbench.report.results.rows.short_sessions import format_short, parse_short, short_results
from mbench.store.derived import DerivedTexts
from mbench.store.nights import shown_results
from mbench.store.session import list_sessions, open_session, session_folder

_ROOMS: Final = ("core", "report", "store")
"""Whose code reads documents, and makes rows of them."""


def all_short_results(root: Path) -> tuple[ShortResult, ...]:
    """Return the results of all sessions of a folder, without the runs that tables show nothing of.

    Only documents that are new, or have changed, are read; a session in which a job has none is read each time.

    Raises:
        StoreError: a session that cannot be read.
    """
    names = list_sessions(root)
    derived = DerivedTexts(root, made_by=code_mark())
    kept = {name: found for name in names if (found := _kept(derived, name)) is not None}
    folders = {name: session_folder(root, name) for name in names if name not in kept}
    results: dict[Path, tuple[ShortResult, ...]] = {}
    for name in names:
        folder = folders.get(name, root / name).resolve()  # of two that are one, by whatever path, one counts
        if folder not in results:
            results[folder] = kept[name] if name in kept else _read(derived, name, folders[name])
    derived.forget_others(names)
    return tuple(result for found in results.values() for result in found)


@lru_cache(maxsize=1)
def code_mark() -> str:
    """Return what changes with the code that short results are made by."""
    digest = hashlib.blake2b(f"{mbench.__version__} {pydantic.VERSION}".encode(), digest_size=16)
    for room in _ROOMS:
        folder = Path(mbench.__file__).parent / room
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"{path.relative_to(folder.parent)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _kept(derived: DerivedTexts, name: str) -> tuple[ShortResult, ...] | None:
    text = derived.read(name)
    try:
        return None if text is None else parse_short(text)
    except ValueError:
        return None


def _read(derived: DerivedTexts, name: str, folder: Path) -> tuple[ShortResult, ...]:
    store = open_session(folder)
    results = short_results(shown_results(store))
    if store.has_all_documents():
        derived.keep(name, format_short(results))
    return results
