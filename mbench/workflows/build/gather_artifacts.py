"""Artifacts of a selection: out of the cache, built, or the user's own files; each with facts or a reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from mbench.artifacts.asked_inputs import NO_INPUTS, AskedInputs
from mbench.artifacts.cache import ArtifactCache
from mbench.core.builds.own_variants import OwnVariant
from mbench.core.builds.recipes import Recipe
from mbench.core.builds.variants import Variant
from mbench.core.error_classes import BUILD, ErrorClass
from mbench.core.errors import ArtifactError
from mbench.core.plain_text import without_name
from mbench.core.ports import Progress
from mbench.core.workloads import ArtifactFacts, InputTensor
from mbench.files.regular import read_regular
from mbench.models.training.records import TrainingRecord
from mbench.workflows.build.built_from import with_origins, with_own_origins
from mbench.workflows.build.obtain_artifacts import Artifact, BuildFailure, obtain
from mbench.workflows.build.own_networks import OwnBuild
from mbench.workflows.build.own_recipes_of import inputs_of, own_recipes
from mbench.workflows.build.recipes import BuildInputs, recipes_of
from mbench.workflows.build.selection import Candidate
from mbench.workflows.home import home

MOST_INPUT_BYTES: Final = 1 << 30
"""Of the values of one input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of an artifact.

    Attributes:
        reason: why no program can run it; None: one may.
        error_class: of that reason; of a fault of this host it is that of the environment.
        here: why this host's own runtime cannot, whatever others can; None: nothing speaks against it.
        inputs: as they are to be fed, where that was asked for.
    """

    facts: ArtifactFacts
    reason: str | None = None
    error_class: ErrorClass = BUILD
    here: str | None = None
    inputs: tuple[InputTensor, ...] = ()


def gather(
    candidates: Sequence[Candidate],
    build_inputs: BuildInputs,
    *,
    workers: int | None,
    progress: Progress,
    asked: AskedInputs = NO_INPUTS,
) -> list[Known]:
    """Return what is known of each candidate's artifact, in order; whatever can be run lies in the cache then.

    `asked` says how the inputs of a user's own files are to be fed.

    Raises:
        UsageError: weights, calibration pictures or an architecture that are not there.
        DiskError: the cache cannot be used.
    """
    cache = ArtifactCache(home() / "cache")
    variants = list(dict.fromkeys(one.variant for one in candidates if one.variant is not None))
    outcomes = build_variants(variants, build_inputs, workers=workers, progress=progress)
    for variant, outcome in outcomes.items():  # what was not trained has been said
        if isinstance(outcome, BuildFailure) and build_inputs.untrained(variant) is None:
            progress.note(f"{variant}: {without_name(outcome.reason, str(variant))}")
    builds = list(dict.fromkeys(one.own for one in candidates if one.own is not None))
    own_outcomes = build_own(builds, build_inputs, workers=workers, progress=progress) if builds else {}
    for own_variant, outcome in own_outcomes.items():
        if isinstance(outcome, BuildFailure):
            progress.note(f"{own_variant}: {without_name(outcome.reason, str(own_variant))}")
    files = dict.fromkeys(one.file for one in candidates if one.file is not None)
    own = {path: _own_file(path, asked, keep=cache) for path in files}
    known: list[Known] = []
    for one in candidates:
        if one.file is not None:
            known.append(own[one.file])
        elif one.own is not None:
            known.append(_built(own_outcomes[one.own.variant]))
        elif one.variant is not None:
            known.append(_built(outcomes[one.variant]))
        elif one.kept is not None:
            known.append(_kept(one.kept, cache, asked))
    return known


def foresee(
    candidates: Sequence[Candidate], build_inputs: BuildInputs, *, asked: AskedInputs = NO_INPUTS
) -> list[Known]:
    """Return what the cache knows of each candidate's artifact, in order, and what a user's file is; nothing is built.

    Raises:
        UsageError: weights, calibration pictures or an architecture that are not there.
        DiskError: the cache cannot be used.
    """
    variants = dict.fromkeys(one.variant for one in candidates if one.variant is not None)
    able = [each for each in variants if build_inputs.untrained(each) is None]
    recipes = recipes_of(able, build_inputs, weights_folder=home() / "weights")
    cache = ArtifactCache(home() / "cache")
    cached = {variant: cache.get(recipe.digest()) for variant, recipe in recipes.items()}
    builds = list(dict.fromkeys(one.own for one in candidates if one.own is not None))
    own_cached = (
        {each: cache.get(recipe.digest()) for each, recipe in own_recipes(builds, build_inputs).items()}
        if builds
        else {}
    )
    known: list[Known] = []
    for one in candidates:
        if one.file is not None:
            known.append(_own_file(one.file, asked, keep=None))
        elif one.own is not None:
            entry = own_cached[one.own.variant]
            known.append(Known(facts=entry.facts if entry else unbuilt(str(one.own.variant))))
        elif one.variant is not None:
            entry = cached.get(one.variant)
            known.append(Known(facts=entry.facts if entry else unbuilt(str(one.variant))))
        elif one.kept is not None:
            known.append(_kept(one.kept, cache, asked))
    return known


def build_variants(
    variants: Sequence[Variant], build_inputs: BuildInputs, *, workers: int | None, progress: Progress
) -> dict[Variant, Artifact | BuildFailure]:
    """Return each variant's artifact, or why there is none; a network that was not trained is not built.

    Raises:
        UsageError: weights, calibration pictures or an architecture that are not there.
        DiskError: the cache cannot be used.
    """
    untrained = {each: reason for each in variants if (reason := build_inputs.untrained(each)) is not None}
    able = [each for each in variants if each not in untrained]
    recipes = recipes_of(able, build_inputs, weights_folder=home() / "weights", progress=progress)
    obtained = obtain(recipes, cache=ArtifactCache(home() / "cache"), workers=workers, progress=progress)
    built = with_origins(
        obtained,
        recipes,
        asked=build_inputs.calibration_examples,
        records=_records(recipes.values()),
    )
    _say_notes(built.values(), progress)
    built |= {each: BuildFailure(name=str(each), reason=reason) for each, reason in untrained.items()}
    return {each: built[each] for each in variants}


def build_own(
    builds: Sequence[OwnBuild], build_inputs: BuildInputs, *, workers: int | None, progress: Progress
) -> dict[OwnVariant, Artifact | BuildFailure]:
    """Return the artifact of each variant of a user's networks, or why there is none.

    Raises:
        UsageError: a network or examples that are not there, or a file that is quantized already.
        DiskError: the cache cannot be used.
    """
    recipes = own_recipes(builds, build_inputs)
    obtained = obtain(
        recipes,
        cache=ArtifactCache(home() / "cache"),
        workers=workers,
        progress=progress,
        build_timeout_s=max((inputs_of(one.source, build_inputs).build_timeout_s for one in builds), default=0.0),
        evaluator=build_inputs.evaluator,
    )
    built = with_own_origins(obtained, recipes)
    _say_notes(built.values(), progress)
    return built


def _say_notes(built: Iterable[Artifact | BuildFailure], progress: Progress) -> None:
    for note, names in _notes(built).items():
        progress.note(f"{', '.join(names)}: {note}.")


def _records(recipes: Iterable[Recipe]) -> Sequence[TrainingRecord]:
    """Return the trainings on this machine, where any file's weights may have come from one."""
    if not any(recipe.weights.sha256 for recipe in recipes):
        return ()
    from mbench.models.training.library import TrainingLibrary  # numpy, which untrained networks have no need of

    return TrainingLibrary(home()).records()


def _notes(built: Iterable[Artifact | BuildFailure]) -> dict[str, list[str]]:
    """Return what should be known of files, with the names of those that it is about."""
    notes: dict[str, list[str]] = {}
    for facts in (outcome.facts for outcome in built if isinstance(outcome, Artifact)):
        for note in facts.notes:
            notes.setdefault(note, []).append(facts.name)
    return notes


def _built(outcome: Artifact | BuildFailure) -> Known:
    if isinstance(outcome, BuildFailure):
        return Known(facts=unbuilt(outcome.name), reason=outcome.reason, error_class=outcome.error_class)
    return Known(facts=outcome.facts)


def unbuilt(name: str) -> ArtifactFacts:
    """Return what is known of a file that is not there: its name."""
    return ArtifactFacts(
        name=name, sha256=None, size_bytes=None, mult_adds=None, parameters=None, activation_bytes=None
    )


def _kept(facts: ArtifactFacts, cache: ArtifactCache, asked: AskedInputs) -> Known:
    """Return what a file of the cache is; of a user's own, how its inputs are to be fed is looked up in it again."""
    path = None if facts.sha256 is None else cache.find_file(facts.sha256)
    if path is None:
        return Known(facts=facts, reason=f"{facts.name} is no longer in the cache {cache.folder}")
    if facts.name.startswith("file:"):
        found = _own_file(path, asked, keep=None)
        own = {"name": facts.name, "latency_only": facts.latency_only}
        return replace(found, facts=found.facts.model_copy(update=own))
    return Known(facts=facts)


def _own_file(path: Path, asked: AskedInputs, *, keep: ArtifactCache | None) -> Known:
    """Return what a user's own file is, taken into a cache, if one is given, so that a session goes on without it."""
    from mbench.artifacts.input_tensors import input_tensors, unfed_input  # numpy, the schema
    from mbench.artifacts.inspection import file_name, foreign_operators, inspect_bytes, read_bytes, runnable_reason

    name, facts = f"file:{path.stem}", None
    try:
        data = read_bytes(path)
        name = file_name(path, data)
        inspection = inspect_bytes(data, name=name, source=str(path))
        facts = inspection.facts()
        inputs = input_tensors(inspection.inputs, asked, partial(_values, keep))
    except ArtifactError as error:
        return Known(facts=facts or unbuilt(name), reason=str(error))
    finally:
        if keep is not None and facts is not None:
            keep.keep_file(data)
    reason = runnable_reason(inspection) or unfed_input(inspection.inputs, inputs, asked)
    if any(fed.shape != stored.shape for fed, stored in zip(inputs, inspection.inputs, strict=False)):
        # what was counted holds for the shapes that the file stores
        facts = facts.model_copy(update={"mult_adds": None, "activation_bytes": None, "outputs": None})
    return Known(facts=facts, reason=reason, here=foreign_operators(inspection), inputs=inputs)


def _values(keep: ArtifactCache | None, path: Path) -> bytes:
    """Return the bytes of a file of values, taken into a cache, if one is given."""
    try:
        data = read_regular(path, limit_bytes=MOST_INPUT_BYTES)
    except OSError as error:
        raise ArtifactError(f"could not read {path}: {error.strerror or error}. Check the path.") from error
    if keep is not None:
        keep.keep_file(data)
    return data
