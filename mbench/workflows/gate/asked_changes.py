"""What changed between two nights, looked up once for all findings of a verdict."""

from collections.abc import Iterable
from dataclasses import replace

from mbench.core.cells import Cell
from mbench.core.verdicts import Finding, NightVerdict
from mbench.history.past import Past


class AskedChanges:
    """Takes the gate's questions and gives each a mark, so that the archive is asked for all of them together."""

    def __init__(self) -> None:
        self._asked: dict[tuple[Cell, int, int], str] = {}

    def __call__(self, cell: Cell, before: int, after: int) -> tuple[str, ...]:
        """Return the mark of a question, in the place of its answer."""
        return (self._asked.setdefault((cell, before, after), f"{len(self._asked)}"),)

    def filled(self, verdict: NightVerdict, past: Past) -> NightVerdict:
        """Return a verdict with answers in the place of marks.

        Raises:
            StoreError: the archive cannot be read.
        """
        answers = dict(zip(self._asked.values(), past.changed(list(self._asked)), strict=True))

        def answered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
            return tuple(
                replace(one, changed=answers.get(one.changed[0], ()) if one.changed else ()) for one in findings
            )

        return replace(verdict, findings=answered(verdict.findings), near=answered(verdict.near))
