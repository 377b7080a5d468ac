"""Results under names that last in place of serials, for what is published: the same phone has the same name always."""

import dataclasses
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from mbench.core.results import JobResult

DIGITS: Final = 8
"""Of the serial's hash: of a thousand phones two share a name once in ten thousand farms."""

_PROFILE: Final = 24
"""Characters of a profile's name that a phone's begins with."""


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
    return tuple(JobResult.model_validate(with_texts(result.model_dump(), hidden)) for result in results)


def hiding(profiles: Mapping[str, str]) -> Callable[[str], str]:
    """Return what replaces each serial in a text by its lasting name.

    Args:
        profiles: of phones, by their serials.
    """
    names = {serial: lasting_name(serial, profile) for serial, profile in profiles.items()}
    names |= {_fit(serial): name for serial, name in names.items() if _fit(serial)}
    ordered = sorted(filter(None, names), key=len, reverse=True)
    if not ordered:
        return str
    pattern = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, ordered))})(?![A-Za-z0-9])")

    def hidden(text: str) -> str:
        return pattern.sub(lambda match: names[match[0]], text)

    return hidden


def _fit(text: str) -> str:
    """Return a text as names of sessions and files have it."""
    return re.sub(r"[^A-Za-z0-9._+]+", "-", text).strip("-.")


def with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return a value in which each text is changed; enumerations and times are not texts, dataclasses hold some."""
    if type(value) is str:
        return change(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: with_texts(getattr(value, field.name), change) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **fields)
    if isinstance(value, Mapping):
        return {with_texts(name, change): with_texts(each, change) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return tuple(with_texts(each, change) for each in value)
    return value
