"""Families: all files of one network, built, verified, counted and put into the cache by a worker process.

Whoever finds everything in the cache has no need of this module, which brings all that builds and judges a file.
tensorflow is imported by the worker processes alone.
"""

import itertools
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from mbench.artifacts.cache import ArtifactCache, CachedArtifact
from mbench.artifacts.inspection import inspect_bytes
from mbench.artifacts.running import RUNS_NOT, Inputs, run_outputs
from mbench.artifacts.verification import Verified, check_answers, verify
from mbench.core.builds.any_recipes import AnyRecipe, AnyVariant
from mbench.core.builds.own_recipes import OwnCalibrationKind, OwnRecipe
from mbench.core.builds.own_variants import OwnVariant
from mbench.core.builds.recipes import Calibration, Recipe, Weights
from mbench.core.builds.variants import CALIBRATED, Head, Quantization, Size
from mbench.core.choices import Quantizer
from mbench.core.error_classes import BUILD
from mbench.core.errors import ArtifactError, DiskError, MbenchError, RuinedConversion
from mbench.core.ports import Progress, utc_now
from mbench.core.processes.workers import end_with_parent, spawning, why_ended
from mbench.core.reasons import Unbuilt
from mbench.devices.host.facts import HostConditions
from mbench.files.scratch import scratch_folder
from mbench.models.networks.architectures import find_architecture
from mbench.models.own.build import INPUTS, OwnBuildRequest, build_own_files
from mbench.models.tflite.build import BUILDS_PER_WORKER, BuildRequest, BuiltFile, FailedFile, build_files
from mbench.models.tflite.model_outputs import wanted_outputs
from mbench.workflows.build.float_evaluator import FloatEvaluator
from mbench.workflows.build.own_recipes_of import own_latency_only
from mbench.workflows.build.recipes import latency_only
from mbench.workflows.build.search_float import search_float

Answer = TypeVar("Answer")

OWN_BUILDING_KIB: Final = 2 << 20
"""Memory that a user's network is taken to need while it is built: as much as most of mbench's."""

Outcome = CachedArtifact | Unbuilt
"""What became of a file: where it lies in the cache, or why it could not be built."""


@dataclass(frozen=True, slots=True)
class _Group:
    """What one float conversion serves: the unit of work of a worker process."""

    architecture: str
    size: Size
    head: Head
    weights: Weights
    calibration: Calibration
    quantizer: Quantizer


def build_missing(
    missing: Sequence[AnyRecipe],
    cache: ArtifactCache,
    workers: int | None,
    progress: Progress,
    *,
    build_timeout_s: float = 600.0,
    evaluator: FloatEvaluator | None = None,
) -> Iterator[tuple[AnyVariant, Outcome]]:
    """Build what is not in the cache, and yield each variant with its outcome as soon as its group is done.

    Args:
        missing: at least one recipe.
        cache: where artifacts are put.
        workers: processes that build; None for as many as this machine carries.
        progress: gets news of each artifact.
        build_timeout_s: for each call of a user's code.
        evaluator: of accuracy, for searches that go by it.

    Raises:
        DiskError: the cache folder cannot be used.
    """
    groups = _groups(missing)
    progress.start("building", len(missing), unit="files")
    progress.step("starting tensorflow")
    pool = build_workers(min(workers or default_workers([_demand_kib(group) for group in groups]), len(groups)))
    unfinished = True
    try:
        waiting = {
            pool.submit(_build_group, tuple(recipes), cache.folder, build_timeout_s, evaluator): recipes
            for recipes in groups
        }
        for future in as_completed(waiting):
            for variant, outcome in _outcomes(future, waiting[future], pool):
                progress.step(str(variant), 1)
                yield variant, outcome
        unfinished = False
    finally:
        _stop(pool, at_once=unfinished)
        progress.finish()


def build_workers(count: int) -> ProcessPoolExecutor:
    """Return processes that build; they read foreign weights, so that what kills them kills no more."""
    return ProcessPoolExecutor(
        max_workers=count, mp_context=spawning(), initializer=_be_a_worker, max_tasks_per_child=BUILDS_PER_WORKER
    )


def answer_of(future: Future[Answer], pool: ProcessPoolExecutor) -> Answer:
    """Return what such a process answered.

    Raises:
        ArtifactError: it died; how, and what to do.
        MbenchError: what it raised.
    """
    try:
        return future.result()
    except BrokenProcessPool as error:
        why = why_ended([*(pool._processes or {}).values()], more_memory="free some, or build fewer at once")
        raise ArtifactError(f"the process that built it {why}.") from error


def default_workers(demands_kib: Sequence[int]) -> int:
    """Return how many worker processes serve: as many as cores, groups and free memory allow.

    Args:
        demands_kib: memory that each group takes while it is built. The greatest ones are taken to be built at once.
    """
    available = HostConditions().read().memory_available_kib
    taken = itertools.accumulate(sorted(demands_kib, reverse=True))
    by_memory = len(demands_kib) if available is None else sum(demand <= available for demand in taken)
    return max(1, min(os.cpu_count() or 1, len(demands_kib), by_memory))


def _groups(recipes: Sequence[AnyRecipe]) -> list[list[AnyRecipe]]:
    """Group recipes by what they are converted from, the largest first so that the last worker is not left alone."""
    ours = [recipe for recipe in recipes if isinstance(recipe, Recipe)]
    groups: dict[_Group | OwnVariant, list[AnyRecipe]] = {}
    for recipe in recipes:
        key = own_family(recipe.variant) if isinstance(recipe, OwnRecipe) else _group(recipe, ours)
        groups.setdefault(key, []).append(recipe)
    return sorted(groups.values(), key=_work, reverse=True)


def own_family(variant: OwnVariant) -> OwnVariant:
    """Return what all quantizations of one network have in common."""
    return variant.network_variant


def _work(group: Sequence[AnyRecipe]) -> tuple[int, float]:
    """Return what goes up with the time that a group takes."""
    variant = group[0].variant
    if isinstance(variant, OwnVariant):
        return _demand_kib(group), float(variant.resolution or 0)
    size = variant.size
    return _demand_kib(group), size.alpha * size.resolution


def _demand_kib(group: Sequence[AnyRecipe]) -> int:
    variant = group[0].variant
    return OWN_BUILDING_KIB if isinstance(variant, OwnVariant) else find_architecture(variant.architecture).building_kib


def _group(recipe: Recipe, recipes: Sequence[Recipe]) -> _Group:
    """Return what a recipe is converted from; all of one network that are calibrated are calibrated alike."""
    network = (recipe.variant.architecture, recipe.variant.size, recipe.variant.head)
    calibrations = [
        one.calibration
        for one in recipes
        if one.variant.quantization in CALIBRATED
        and (one.variant.architecture, one.variant.size, one.variant.head) == network
    ]
    return _Group(
        architecture=recipe.variant.architecture,
        size=recipe.variant.size,
        head=recipe.variant.head,
        weights=recipe.weights,
        calibration=calibrations[0] if calibrations else recipe.calibration,
        quantizer=recipe.quantizer,
    )


def _outcomes(
    future: Future[list[tuple[AnyVariant, Outcome]]], recipes: Sequence[AnyRecipe], pool: ProcessPoolExecutor
) -> list[tuple[AnyVariant, Outcome]]:
    try:
        return answer_of(future, pool)
    except MbenchError as error:
        return [(recipe.variant, _unbuilt(error)) for recipe in recipes]


def _unbuilt(error: MbenchError) -> Unbuilt:
    return Unbuilt(str(error), error.error_class or BUILD)


def _be_a_worker() -> None:
    """Leave Ctrl-C to the parent; end the build at hand, cleaning up, when the parent says so; end with it anyway."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    end_with_parent()


def _stop(pool: ProcessPoolExecutor, *, at_once: bool) -> None:
    """End the workers; a build that is given up leaves nothing in the cache."""
    if at_once:
        for process in list((pool._processes or {}).values()):  # the class has no public way until Python 3.14
            process.terminate()
    pool.shutdown(wait=True, cancel_futures=True)


def _build_group(
    recipes: tuple[AnyRecipe, ...], folder: Path, build_timeout_s: float, evaluator: FloatEvaluator | None
) -> list[tuple[AnyVariant, Outcome]]:
    """Build, verify, count and keep all files of one group; runs in a worker process."""
    cache = ArtifactCache(folder)
    digests = {recipe.variant: recipe.digest() for recipe in recipes}
    with ExitStack() as locks:
        for digest in sorted(digests.values()):  # one order for all processes, so that two never wait for each other
            locks.enter_context(cache.building(digest))
        outcomes: dict[AnyVariant, Outcome] = {}
        for recipe in recipes:
            if cached := cache.get(digests[recipe.variant]):  # somebody else built it while we waited
                outcomes[recipe.variant] = cached
        left = [recipe for recipe in recipes if recipe.variant not in outcomes]
        if left:
            outcomes.update(_build(left, cache, build_timeout_s, evaluator))
    return list(outcomes.items())


def _build(
    recipes: Sequence[AnyRecipe], cache: ArtifactCache, build_timeout_s: float, evaluator: FloatEvaluator | None
) -> Iterator[tuple[AnyVariant, Outcome]]:
    with scratch_folder("build") as folder:
        for built in _files(recipes, folder, cache, build_timeout_s, evaluator):
            if isinstance(built, FailedFile):
                yield built.variant, Unbuilt(built.message)
                continue
            recipe = next(recipe for recipe in recipes if recipe.variant == built.variant)
            try:
                yield built.variant, _keep(built, recipe, cache)
            except RuinedConversion as error:
                yield built.variant, _unbuilt(RuinedConversion(f"{error}{_remedy(recipe)}"))
            except ArtifactError as error:
                remedy = _remedy(recipe) if RUNS_NOT in str(error) else ""
                yield built.variant, _unbuilt(ArtifactError(f"{error}{remedy}"))
            except DiskError as error:
                yield built.variant, _unbuilt(error)


def _remedy(recipe: AnyRecipe) -> str:
    """Return what else can be done about a file that does not follow its model."""
    if not isinstance(recipe, OwnRecipe) or recipe.variant.quantization is not Quantization.INT8:
        return ""
    return "" if recipe.keep_float is not None else " --keep-float auto finds what int8 should leave in float."


def _files(
    recipes: Sequence[AnyRecipe],
    folder: Path,
    cache: ArtifactCache,
    build_timeout_s: float,
    evaluator: FloatEvaluator | None,
) -> list[BuiltFile | FailedFile]:
    own = tuple(recipe for recipe in recipes if isinstance(recipe, OwnRecipe))
    if not own:
        return build_files(_request([recipe for recipe in recipes if isinstance(recipe, Recipe)], folder))
    log = build_log_of(cache.folder.parent, own[0].variant)
    request = OwnBuildRequest(recipes=own, folder=folder, log=log, timeout_s=build_timeout_s)
    return build_own_files(request, search=partial(search_float, evaluator=evaluator))


def build_log_of(home: Path, variant: OwnVariant) -> Path:
    """Return where what a network's builder and converter print is kept."""
    return home / "build_logs" / f"{own_family(variant)}.log".replace(f"_{Quantization.FP32}.log", ".log")


def _request(recipes: Sequence[Recipe], folder: Path) -> BuildRequest:
    group = _group(recipes[0], recipes)
    return BuildRequest(
        architecture=group.architecture,
        size=group.size,
        head=group.head,
        quantizations=tuple(recipe.variant.quantization for recipe in recipes),
        weights=group.weights,
        calibration=group.calibration,
        quantizer=group.quantizer,
        folder=folder,
    )


def _calibration_notes(built: BuiltFile, verified: Verified) -> Iterator[str]:
    """Yield what speaks against a calibration, and what it costs."""
    if built.calibration_doubt is not None:
        ratio = "cannot be compared" if verified.snr_db is None else f"have {verified.snr_db:.1f} dB of signal to noise"
        yield f"{built.calibration_doubt}: its outputs {ratio} against the {verified.against}"


def _probe(built: BuiltFile) -> tuple[Inputs, NDArray[np.float32] | dict[str, NDArray[np.float32]]]:
    """Return the inputs that a file is judged by, and what the model, or float file, that it was made from answers."""
    with np.load(built.probe) as probe:
        named = {key.removeprefix(INPUTS): probe[key] for key in probe if key.startswith(INPUTS)}
        if not named:
            return probe["inputs"], wanted_outputs(probe)
        if built.source is None:
            return named, dict(wanted_outputs(probe))
    return named, {name: each.values for name, each in run_outputs(built.source.read_bytes(), named).items()}


def _suspect(recipe: AnyRecipe) -> str | None:
    """Return what else than a converter may have ruined a user's file."""
    synthetic = isinstance(recipe, OwnRecipe) and recipe.calibration.kind is OwnCalibrationKind.SYNTHETIC
    return "calibrated on synthetic examples" if synthetic else None


def _keep(built: BuiltFile, recipe: AnyRecipe, cache: ArtifactCache) -> CachedArtifact:
    """Verify a file against the model it was made from, count it, and put it in the cache."""
    data = built.path.read_bytes()
    inputs, reference = _probe(built)
    verified = verify(
        data if built.unfinished is None else built.unfinished.read_bytes(),
        inputs=inputs,
        reference=reference,
        quantization=recipe.variant.quantization,
        parameters=built.parameters,
        against=built.against,
        suspect=built.calibration_doubt or _suspect(recipe),
    )
    if built.unfinished is not None:
        assert not isinstance(inputs, Mapping)  # of users' networks alone
        check_answers(data, inputs[:1])
    facts = inspect_bytes(data, name=str(recipe.variant)).facts()
    facts = facts.model_copy(
        update={
            "snr_db": verified.snr_db,
            "snr_against": verified.against,
            "latency_only": own_latency_only(recipe) if isinstance(recipe, OwnRecipe) else latency_only(recipe),
            "recipe": recipe.digest(),
            "notes": (*built.notes, *_calibration_notes(built, verified)),
        }
    )
    return cache.put(
        recipe.digest(),
        data,
        facts,
        recipe=recipe.as_json(),
        created_at=utc_now(),
        build_s=built.seconds,
    )
