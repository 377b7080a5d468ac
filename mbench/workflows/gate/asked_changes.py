"""What changed between two nights, looked up once for all findings of a verdict."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from mbench.core.nights.cells import Cell
from mbench.core.nights.verdicts import Finding, NightName, NightVerdict
from mbench.history.changes import changed_between
from mbench.history.past import Past


class AskedChanges:
    """Takes the gate's questions and gives each a mark, so that the archive is asked for all of them together."""

    def __init__(self) -> None:
        self._asked: dict[tuple[Cell, int, int], str] = {}

    def __call__(self, cell: Cell, before: int, after: int) -> tuple[str, ...]:
        """Return the mark of a question, in the place of its answer."""
        return (self._asked.setdefault((cell, before, after), f"{len(self._asked)}"),)

    def filled(self, verdict: NightVerdict, pasts: Sequence[Past], names: Mapping[int, NightName]) -> NightVerdict:
        """Return a verdict with answers in the place of marks.

        Args:
            verdict: with marks.
            pasts: of its project's branches that it is about.
            names: of nights, by the index that was asked with.

        Raises:
            StoreError: the archive cannot be read.
        """
        keys: dict[Cell, list[int]] = {}
        for each in (each for past in pasts for each in past.cells):
            keys.setdefault(replace(each.cell, branch=""), []).extend(each.keys)
        asked = [(keys.get(replace(cell, branch=""), []), before, after) for cell, before, after in self._asked]
        sessions = {index: name.id for index, name in names.items()}
        found = changed_between(pasts[0].archive.segments, asked, sessions) if asked else []
        answers = dict(zip(self._asked.values(), found, strict=True))

        def answered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
            return tuple(
                replace(one, changed=answers.get(one.changed[0], ()) if one.changed else ()) for one in findings
            )

        return replace(verdict, findings=answered(verdict.findings), near=answered(verdict.near))
