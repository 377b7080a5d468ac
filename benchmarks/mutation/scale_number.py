"""A mutation operator beside Cosmic Ray's own: a number is doubled or halved. Cosmic Ray moves it by one alone.

One step more makes 1.05 of 0.05, which any test notices; half or twice a tolerance is what a test may well miss.
"""

from collections.abc import Iterator
from typing import Any

import parso
from cosmic_ray.operators.operator import Example, Operator


def scaled(literal: str) -> list[float]:
    """Return twice and half of a number literal, without what moving it by one makes as well."""
    value = float(literal) if _is_float(literal) else int(literal, 0)
    found = [value * 2, value // 2 if isinstance(value, int) and value % 2 == 0 else value / 2]
    return [number for number in found if number not in (value - 1, value, value + 1)]


def _is_float(literal: str) -> bool:
    return not literal.lower().startswith("0x") and any(mark in literal.lower() for mark in (".", "e"))


class ScaleNumber(Operator):
    """Doubles and halves numeric constants."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        """Yield the node's position once for each number that it can become."""
        if isinstance(node, parso.python.tree.Number) and not node.value.lower().endswith("j"):
            for _ in scaled(node.value):
                yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Return the node with its number scaled."""
        return parso.python.tree.Number(f"{node.prefix or ' '}{scaled(node.value)[index]!r}", node.start_pos)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Return what it does to `0.05`."""
        return (Example("x = 0.05", "x = 0.1"), Example("x = 0.05", "x = 0.025", occurrence=1))


class Provider:
    """What Cosmic Ray asks for the operator; `session.py` announces it as a plug-in."""

    def __iter__(self) -> Iterator[str]:
        """Yield the operators' names."""
        return iter((ScaleNumber.__name__,))

    def __getitem__(self, name: str) -> type[Operator]:
        """Return the operator of this name."""
        return {ScaleNumber.__name__: ScaleNumber}[name]
