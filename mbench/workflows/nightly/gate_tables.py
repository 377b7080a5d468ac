"""Tables of a farm file about its verdict: what is accepted, how long may be measured again, and what is written.

[gate]
accepted = "accepted.toml"
against = "main"          # judged by that branch's past; else by its own
budget_share = 0.2        # of the window, for measuring suspects again; or budget_minutes = 45

[outputs]
junit = "out/junit.xml"
comment = "out/comment.md"
bencher = "out/bencher"   # a folder
"""

from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from mbench.core.numbers.bounds import WORD
from mbench.core.toml_tables import Table, Text

DEFAULT_SHARE: Final = 0.2
"""Of a night's window: a night's suspects are few, and what is measured again is no more than a fifth of it."""


class Gate(Table):
    """How a night is judged.

    Attributes:
        accepted: file of accepted changes.
        against: a branch whose past the night is judged by, and which it never enters: a pull request's by `main`.
        budget_share: of the window, for measuring suspects again.
        budget_minutes: the same in minutes; one of the two is said at most.
    """

    accepted: Text = "accepted.toml"
    against: Annotated[str, StringConstraints(pattern=WORD)] | None = None
    budget_share: Annotated[float, Field(ge=0, le=1)] | None = None
    budget_minutes: Annotated[float, Field(ge=0, le=7 * 24 * 60)] | None = None

    @field_validator("budget_share", "budget_minutes", mode="before")
    @classmethod
    def _number(cls, said: object) -> object:
        return float(said) if isinstance(said, int) and not isinstance(said, bool) else said

    @model_validator(mode="after")
    def _one_budget(self) -> Self:
        if self.budget_share is not None and self.budget_minutes is not None:
            raise ValueError("say budget_share, or budget_minutes")
        return self

    def budget_s(self, window_s: float) -> float:
        """Return the seconds in which suspects may be measured again, no more than the window has."""
        if self.budget_minutes is not None:
            return min(60 * self.budget_minutes, window_s)
        return window_s * (DEFAULT_SHARE if self.budget_share is None else self.budget_share)


class Outputs(Table):
    """Files that a judged night is written to, relative to the farm file; what is not named is not written.

    Attributes:
        text: the verdict as a terminal shows it.
        summary: for `$GITHUB_STEP_SUMMARY`.
        comment: body of a comment, with its mark.
        annotations: workflow commands of GitHub.
        junit: JUnit XML.
        bencher: folder of Bencher's files, one for each device.
        github_benchmark: JSON of github-action-benchmark.
        otava: folder of Otava's CSV files and their YAML.
        page: the night as a page.
        hide_serials: whether that shows names that last in place of phones' serials.
    """

    text: Text | None = None
    summary: Text | None = None
    comment: Text | None = None
    annotations: Text | None = None
    junit: Text | None = None
    bencher: Text | None = None
    github_benchmark: Text | None = None
    otava: Text | None = None
    page: Text | None = None
    hide_serials: bool = False

    @model_validator(mode="after")
    def _apart(self) -> Self:
        named = {name: Path(said) for name, said in self.model_dump().items() if isinstance(said, str)}
        for name, path in named.items():
            if other := next((each for each in named if each != name and named[each] == path), None):
                raise ValueError(f"{name} and {other} are both {path}")
        return self
