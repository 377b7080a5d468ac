"""Results under names that last in place of serials, for what is published: the same phone has the same name always."""

import dataclasses
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel

from mbench.core.results import JobResult

DIGITS: Final = 8
"""Of the serial's hash: of a thousand phones two share a name once in ten thousand farms."""

_PROFILE: Final = 24
"""Characters of a profile's name that a phone's begins with."""

_ADDRESS: Final = re.compile(r"\[?([0-9a-fA-F.:]{7,}?)\]?:\d+")
"""A serial of `adb connect`: `192.168.1.77:5555`."""

_MDNS: Final = re.compile(r"adb-([A-Za-z0-9]{4,})-[A-Za-z0-9]+(?: \(\d+\))?\._adb(?:-tls-connect)?\._tcp\.?")
"""A serial of wireless debugging, which holds the phone's own: `adb-R58M12ABCDE-x1y2z3._adb-tls-connect._tcp`."""

_THIS_HOST: Final = frozenset({"127.0.0.1", "::1", "0.0.0.0"})
"""Addresses that say nothing of anybody: those of emulated phones."""


def lasting_name(serial: str, profile: str) -> str:
    """Return the name of a phone that says its profile and not its serial: `pixel4-1f2e3d4c`.

    Who has a serial can find out its name, and nobody the serial from the name but by trying all there are.
    """
    digest = hashlib.sha256(f"mbench {serial}".encode("utf-8", errors="surrogateescape")).hexdigest()[:DIGITS]
    return f"{_fit(profile)[:_PROFILE] or 'device'}-{digest}"


def without_serials(results: Sequence[JobResult]) -> tuple[JobResult, ...]:
    """Return results in whose texts each serial is replaced: messages, commands, paths, names of sessions and jobs."""
    profiles = {result.device.serial: result.device.profile for result in results}
    hidden = hiding(profiles)
    return tuple(with_texts(result, hidden) for result in results)


def hiding(profiles: Mapping[str, str]) -> Callable[[str], str]:
    """Return what replaces each serial in a text by its lasting name, in capitals or not.

    Args:
        profiles: of phones, by their serials.
    """
    whole = {serial: lasting_name(serial, profile) for serial, profile in profiles.items()}
    forms = [(form, name) for serial, name in whole.items() for form in _forms(serial)]
    if not forms:
        return str
    names = {form.lower(): name for form, name in reversed(forms)}
    ordered = sorted((form for form, _ in forms), key=len, reverse=True)
    either = "|".join(map(re.escape, ordered))
    pattern = re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])", re.IGNORECASE | re.ASCII)

    def hidden(text: str) -> str:
        return pattern.sub(lambda match: whole.get(match[0]) or names[match[0].lower()], text)

    return hidden


def _forms(serial: str) -> Iterator[str]:
    """Yield what a serial is written as: itself, as in names of files, and the address or own serial that is in it."""
    address, own = _ADDRESS.fullmatch(serial), _MDNS.fullmatch(serial)
    inside = [found[1] for found in (address, own) if found and found[1] not in _THIS_HOST]
    yield from filter(None, (serial, _fit(serial), *inside))


def _fit(text: str) -> str:
    """Return a text as names of sessions and files have it."""
    return re.sub(r"[^A-Za-z0-9._+]+", "-", text).strip("-.")


def with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return a value in which each text is changed; enumerations and times are not texts, dataclasses hold some.

    Names of a model's fields stay: a host may be called `build`, as one of them is.
    """
    if type(value) is str:
        return change(value)
    if isinstance(value, BaseModel):
        return value.model_copy(update={name: with_texts(each, change) for name, each in value})
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: with_texts(getattr(value, field.name), change) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **fields)
    if isinstance(value, Mapping):
        return {with_texts(name, change): with_texts(each, change) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return tuple(with_texts(each, change) for each in value)
    return value
