"""What a user asked `mbench run` for, as typed and with every word of it looked up."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mbench.artifacts.asked_inputs import NO_INPUTS, AskedInputs
from mbench.core.errors import UsageError
from mbench.core.ports import Progress
from mbench.workflows.build.own_networks import refuse_unevaluated
from mbench.workflows.build.recipes import BuildInputs
from mbench.workflows.build.selection import Candidate, Selection, select
from mbench.workflows.run.against import OldFiles, beside_new, old_files, paired_rules

if TYPE_CHECKING:  # what a run without a data set, or on this host by hostbench, has no need of
    from mbench.binaries.records import Flavour
    from mbench.workflows.score.run_accuracy import Accuracy, Scoring

QUICK_RULES: Final[Mapping[str, float]] = {"min_runs": 3, "max_runs": 3}
QUICK_SETTINGS: Final[Mapping[str, float]] = {"warmup_min_secs": 0.15, "num_runs": 20, "min_secs": 0.25}
"""Few and short runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a user asked `mbench run` for; None leaves a thing to the device's profile.

    Attributes:
        accuracy: what files are scored on and where; None: they are not.
        predictions: CSV file for what each file answers to each example; None: none is written.
        inputs: how the inputs of the user's own files are fed.
        title: what the session's name says it is of; None: what was typed.
        against: a session's name or a `.tflite` file with which what is run is compared; None: nothing.
        label: what the user calls what is measured, such as a git commit.
        names: the names that last, of the user's own files, by path.
    """

    devices: tuple[str, ...]
    selection: Selection
    build_inputs: BuildInputs
    accuracy: "Accuracy | None" = None
    predictions: Path | None = None
    inputs: AskedInputs = NO_INPUTS
    settings: dict[str, float] = field(default_factory=dict)
    rules: dict[str, float] = field(default_factory=dict)
    memory_runs: int = 3
    profile_ops: bool = False
    seed: int = 0
    cpus: str | None = None
    binary: Path | None = None
    flavour: "Flavour | None" = None
    fixed_performance: bool = False
    governor: str | None = None
    signature: str | None = None
    wait_s: float | None = None
    results: Path
    command: tuple[str, ...]
    workers: int | None = None
    adb_servers: tuple[str, ...] = ()
    every: bool = False
    at_most: int | None = None
    title: str | None = None
    against: str | None = None
    label: str | None = None
    names: Mapping[Path, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandedRequest:
    """What was typed, with every word of it looked up.

    Attributes:
        request: as its data set wants it.
        scoring: what scores files; None where no data set is named.
        selected: everything to run, on whatever device; old files, where there are any, beside the new ones.
        old: where old files come from; None: nothing is compared.
    """

    request: RunRequest
    scoring: "Scoring | None"
    selected: tuple[Candidate, ...]
    old: OldFiles | None = None


def expand_request(request: RunRequest, progress: Progress) -> ExpandedRequest:
    """Return the request with all that it means on whatever device: a wrong word is refused before any is looked for.

    Raises:
        DatasetError: the data set is not there.
        UsageError: a word that is not one, or nothing to run.
    """
    _refuse_inputs_of_others(request)
    scoring = None
    if request.accuracy is not None:
        from mbench.workflows.score.run_accuracy import scoring_of

        scoring = scoring_of(request.accuracy, workers=request.workers, progress=progress)
        selection, build_inputs = scoring.suited(request.selection, request.build_inputs)
        request = replace(request, selection=selection, build_inputs=build_inputs)
    selected = select(request.selection)
    own = [one.own for one in selected if one.own is not None]
    if own and scoring is None:
        refuse_unevaluated(own)
    if request.against is None:
        return ExpandedRequest(request=request, scoring=scoring, selected=selected)
    old = old_files(request.against, selected, results=request.results)
    return ExpandedRequest(
        request=replace(request, rules=dict(paired_rules(request.rules))),
        scoring=scoring,
        selected=beside_new(selected, old),
        old=old,
    )


def _refuse_inputs_of_others(request: RunRequest) -> None:
    """Refuse inputs for what is not a file of the user's, or for what a data set feeds.

    Raises:
        UsageError: it says which.
    """
    if not request.inputs:
        return
    selection = request.selection
    if selection.own or selection.quantized:
        raise UsageError("--input is for files that are measured as they are; examples of yours are a --calibration.")
    if not selection.files or selection.names:
        raise UsageError("--input-shape and --input are for files that --model names; mbench's networks have a shape.")
    if request.accuracy is not None:
        raise UsageError(
            "--input-shape and --input feed what is timed; a data set feeds what is scored: leave one out."
        )
