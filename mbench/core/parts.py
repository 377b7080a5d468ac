"""Parts: one device's share of a session, as a plain value that could travel to another process or host."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from operator import attrgetter
from typing import Any

JsonValue = None | bool | int | float | str | list[Any] | dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One device's share of a session.

    Attributes:
        device: by its serial; parts of one device run one after the other, those of different devices together.
        function: import path of a function, `mbench.workflows.run.many_devices:measure_here`. It is called with the
            context that the engine's host has for it, then `arguments`. What it returns is dropped: it writes what it
            measures to the store, and passes over what is there already, because a part may be begun again.
        arguments: JSON values.
        expected_s: seconds that it will take, 0 where nobody knows: of one device's parts longer ones start first.
        priority: of whoever wants it; where several do, parts of a higher one start first, however long they are.
    """

    device: str
    function: str
    arguments: tuple[JsonValue, ...] = ()
    expected_s: float = 0.0
    priority: int = 0

    def __post_init__(self) -> None:
        """Refuse what could not travel.

        Raises:
            TypeError: the path leads to no function, or an argument is not a JSON value.
        """
        self.resolve()
        if list(self.arguments) != json.loads(json.dumps(self.arguments)):
            raise TypeError(f"the arguments {self.arguments!r} of {self.function} do not survive JSON.")

    def resolve(self) -> Callable[..., object]:
        """Return the function that the path leads to.

        Raises:
            TypeError: nowhere.
        """
        module, _, name = self.function.partition(":")
        try:
            found: object = attrgetter(name)(import_module(module))
        except (ImportError, AttributeError, ValueError) as error:
            raise TypeError(f"{self.function} leads nowhere ({error}); a part needs a function of a module.") from error
        if not callable(found):
            raise TypeError(f"{self.function} cannot be called.")
        return found
