"""Parts: one phone's share of a session, as a plain value that could travel to another process or host."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from operator import attrgetter
from typing import Any, ClassVar

from mbench.core.errors import MbenchError

JsonValue = None | bool | int | float | str | list[Any] | dict[str, Any]


class PartInterrupted(MbenchError):
    """A part did not get to its end because the session was interrupted; what it has measured is in the store."""

    exit_code: ClassVar[int] = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTask:
    """One phone's share of a session.

    Attributes:
        serial: the phone; parts of one serial run one after the other, those of different serials at the same time.
        function: a function of a module, known by its import path. What it returns is dropped: it writes what it
            measures to the store, and passes over what is there already, because Dask may start a part again.
        arguments: JSON values; what is none (progress, locks) is lent under a token by `mbench.farm.lending`.
        expected_s: seconds that it will take, 0 where nobody knows: longer ones start first.
    """

    serial: str
    function: Callable[..., object]
    arguments: tuple[JsonValue, ...] = ()
    expected_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what could not travel.

        Raises:
            TypeError: the function is none of a module, or an argument is no JSON value.
        """
        if _imported(self.path) is not self.function:
            raise TypeError(f"{self.path} is not what its import path leads to; a part needs a function of a module.")
        if list(self.arguments) != json.loads(json.dumps(self.arguments)):
            raise TypeError(f"the arguments {self.arguments!r} of {self.path} do not survive JSON.")

    @property
    def path(self) -> str:
        """Return the function's import path, `mbench.workflows.run.session:measure_part`."""
        module, name = getattr(self.function, "__module__", None), getattr(self.function, "__qualname__", None)
        return f"{module}:{name}"


def call(path: str, arguments: str) -> None:
    """Import a function by its path and call it with the values of a JSON array; drop what it returns."""
    _imported(path)(*json.loads(arguments))


def _imported(path: str) -> Callable[..., object]:
    """Return what an import path leads to.

    Raises:
        TypeError: nowhere.
    """
    module, _, name = path.partition(":")
    try:
        found: object = attrgetter(name)(import_module(module))
    except (ImportError, AttributeError) as error:
        raise TypeError(f"{path} leads nowhere ({error}); a part needs a function of a module.") from error
    if not callable(found):
        raise TypeError(f"{path} cannot be called.")
    return found
