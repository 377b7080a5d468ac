"""What a suite says that its networks are scored on, relative to it; its code is run where somebody allows it."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from mbench.paper.suites import Suite
from mbench.workflows.paper.own_suites import ALLOW_CODE, at_place, refuse_code, resolved
from mbench.workflows.run.request import RunRequest


def scored_as_said(request: RunRequest, suite: Suite, path: Path, *, trusted: bool) -> RunRequest:
    """Return a request whose networks are scored on what a suite says; a data set that was typed holds instead.

    Args:
        request: what was typed.
        suite: what is to be run.
        path: its file, which its paths are relative to.
        trusted: whether code that the suite names may run.

    Raises:
        UsageError: with its line: a word that is not one, or code that nobody allowed.
    """
    said = suite.accuracy
    if said is None or request.accuracy is not None:
        return request
    if not trusted:
        refuse_code(said.code, path, ("accuracy", "dataset" if said.metric is None else "metric"))
    from mbench.workflows.score.scored_in_files import accuracy_of  # which a suite without scores has no need of

    accuracy = accuracy_of(
        said,
        partial(resolved, path),
        seed=request.seed,
        place_of=lambda key: at_place(path, ("accuracy", key)),
    )
    return replace(request, accuracy=accuracy)


def shown_accuracy(suite: Suite) -> Iterator[str]:
    """Yield what a suite's networks are scored on, and whether code of it is run; nothing where it does not say."""
    said = suite.accuracy
    if said is not None:
        by = "" if said.metric is None else f" by metric {said.metric}"
        code = "" if said.code is None else f"  (code: {ALLOW_CODE})"
        yield f"Accuracies are of {said.dataset}{by}, unless --dataset says otherwise.{code}"
