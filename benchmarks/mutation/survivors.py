"""What mutation testing found in one module, and whether that is good enough. Values in, values out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEAST_KILLED = 0.9
"""Share of all mutants of a module, equivalent ones among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One changed line of a module, and whether its tests noticed.

    Attributes:
        line: the number of the first changed line.
        function: the innermost function or class around it; empty at module level.
        operator: the mutation operator's name.
        before: the line or lines taken out, stripped.
        after: those put in.
        killed: a test failed, or the tests took longer than they may.
        timed_out: killed by taking longer.
    """

    line: int
    function: str
    operator: str
    before: str
    after: str
    killed: bool
    timed_out: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is known by where lines have moved."""
        return self.function, self.before, self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What became of all mutants of a module.

    Attributes:
        module: its path from the checkout.
        tests: the test files it was mutated against.
        test_seconds: how long these take without a mutant.
        reasons: why a mutant is equivalent, by its key.
    """

    module: str
    tests: tuple[str, ...]
    test_seconds: float
    mutants: tuple[Mutant, ...]
    reasons: Mapping[tuple[str, str, str], str]

    @property
    def killed(self) -> int:
        """How many were killed."""
        return sum(mutant.killed for mutant in self.mutants)

    @property
    def survivors(self) -> list[Mutant]:
        """Those that no test noticed, by line."""
        return sorted((one for one in self.mutants if not one.killed), key=lambda one: (one.line, one.after))

    @property
    def unexplained(self) -> list[Mutant]:
        """Survivors without a reason."""
        return [mutant for mutant in self.survivors if mutant.key not in self.reasons]

    def faults(self) -> list[str]:
        """Return why the module does not pass; empty where it does."""
        found = []
        if self.killed < LEAST_KILLED * len(self.mutants):
            found.append(f"{self.killed} of {len(self.mutants)} mutants killed, less than {LEAST_KILLED:.0%}")
        if self.unexplained:
            found.append(f"{len(self.unexplained)} survivors without a reason")
        surviving = {mutant.key for mutant in self.survivors}
        killed = {mutant.key for mutant in self.mutants if mutant.killed}
        for key in self.reasons:
            if key not in surviving:
                said = "was killed" if key in killed else "is no longer made"
                found.append(f"a mutant that is listed as equivalent {said}: {key[2]}")
        return found

    def document(self) -> dict[str, Any]:
        """Return it for the kept result."""
        return {
            "tests": list(self.tests),
            "test_seconds": round(self.test_seconds, 2),
            "mutants": len(self.mutants),
            "killed": self.killed,
            "killed_by_timeout": sum(mutant.timed_out for mutant in self.mutants),
            "survivors": [
                {
                    "line": mutant.line,
                    "function": mutant.function,
                    "operator": mutant.operator,
                    "before": mutant.before,
                    "after": mutant.after,
                    "equivalent_because": self.reasons.get(mutant.key),
                }
                for mutant in self.survivors
            ],
        }


def parse_reasons(entries: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str, str], str]:
    """Return the reasons of one module's entries in `equivalent.toml`.

    Raises:
        ValueError: an entry without a reason.
    """
    reasons = {}
    for entry in entries:
        after: str | Sequence[str] = entry["after"]
        if not entry.get("reason", "").strip():
            raise ValueError(f"no reason is given for {entry['before']!r}")
        for line in [after] if isinstance(after, str) else after:
            reasons[entry.get("function", ""), entry["before"], line] = entry["reason"]
    return reasons


def parse_diff(diff: str) -> tuple[str, str]:
    """Return the lines taken out and put in by a unified diff, stripped and joined."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++", "@@"))]
    before, after = ([line[1:].strip() for line in lines if line.startswith(sign)] for sign in "-+")
    return " ⏎ ".join(before), " ⏎ ".join(after)
