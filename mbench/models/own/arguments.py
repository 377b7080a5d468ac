"""What a user's builder is called with: values as they were typed, and members of Enums where it takes those."""

import typing
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from mbench.core.builds.own_recipes import Argument
from mbench.core.errors import ArtifactError


def builder_arguments(builder: Callable[..., Any], arguments: Sequence[Argument], *, what: str) -> dict[str, Any]:
    """Return arguments by name, with members of the Enums that annotations name in the place of their names.

    Args:
        builder: the user's; what its annotations say in quotes is evaluated.
        arguments: names and values.
        what: it is called in messages.

    Raises:
        ArtifactError: an Enum has no such member.
    """
    try:
        hints = typing.get_type_hints(builder)
    except Exception:  # whatever an annotation raises, it is the builder's to use
        hints = {}
    return {name: _taken(value, _enum_of(hints.get(name)), f"{what}: {name}") for name, value in arguments}


def _enum_of(hint: Any) -> type[Enum] | None:
    """Return the Enum that an annotation names: `Act`, or that of `Act | None`."""
    kinds = (hint, *typing.get_args(hint))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Enum)), None)


def _taken(value: int | float | bool | str, kind: type[Enum] | None, what: str) -> Any:
    if kind is None:
        return value
    if str(value) in kind.__members__:
        return kind.__members__[str(value)]
    for member in kind:
        if str(member.value) == str(value):
            return member
    raise ArtifactError(f"{what} {value!r} is none of {kind.__name__}'s {', '.join(kind.__members__)}.")
