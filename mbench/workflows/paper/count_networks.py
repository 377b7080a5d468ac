"""Counting the paper's networks: each one's file out of a session or the cache, or built, and read; never typed in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from mbench.artifacts.cache import ArtifactCache
from mbench.artifacts.inspection import Inspection, inspect_file
from mbench.artifacts.layer_types import FULLY_CONNECTED
from mbench.core.builds.recipes import Recipe
from mbench.core.builds.variants import Quantization, Variant, parse_variant
from mbench.core.errors import MbenchError
from mbench.core.ports import Progress
from mbench.core.results import JobResult
from mbench.models.networks.architectures import find_architecture
from mbench.paper.counting import Counts
from mbench.paper.suites import network_of
from mbench.report.paper.measured_columns import variant_of
from mbench.workflows.build.obtain_artifacts import BuildFailure, obtain
from mbench.workflows.build.recipes import BuildInputs, recipes_of
from mbench.workflows.home import home

COUNTED_IN: Final = Quantization.FP32
"""Every quantization counts alike; this one needs no calibration."""

NOT_BUILT: Final = "not in the cache, and nothing was to be built"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was counted, and of what there is no file, by network (a variant's name without its quantization)."""

    inspections: Mapping[str, Inspection] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)

    def counts(self, network: str) -> Counts | None:
        """Return the counts of a network; None where there is no file."""
        found = self.inspections.get(network)
        return None if found is None else counts_of(found)


def counts_of(inspection: Inspection) -> Counts:
    """Return what the paper's counting rules need of a file."""
    connected = [layer for layer in inspection.layers if layer.type == FULLY_CONNECTED]
    weights = _total([layer.weights for layer in inspection.layers])
    connected_weights = _total([layer.weights for layer in connected])
    connected_parameters = _total([layer.parameters for layer in connected])
    return Counts(
        mult_adds=inspection.mult_adds,
        connected_mult_adds=_total([layer.mult_adds for layer in connected]),
        weights=weights,
        connected_weights=connected_weights,
        biases=_difference(inspection.parameters, weights),
        connected_biases=_difference(connected_parameters, connected_weights),
    )


def count_networks(
    networks: Sequence[str], results: Sequence[JobResult], *, build: bool, progress: Progress
) -> Counted:
    """Return what is counted of networks, and why of some nothing is.

    Args:
        networks: variants' names without quantization.
        results: whose files are read where they are of these networks and still in the cache.
        build: whether files that are nowhere are built.
        progress: gets news of what is built.

    Raises:
        DiskError: the cache cannot be used.
    """
    cache = ArtifactCache(home() / "cache")
    inspections = dict(_of_sessions(networks, results, cache))
    missing: dict[str, str] = {}
    recipes: dict[Variant, Recipe] = {}
    for network in networks:
        if network not in inspections:
            variant = parse_variant(f"{network}_{COUNTED_IN}")
            if (reason := unbuildable(variant)) is not None:
                missing[network] = reason
            else:
                recipes |= recipes_of([variant], BuildInputs(), weights_folder=home() / "weights")
    cached = {variant: found for variant, recipe in recipes.items() if (found := cache.get(recipe.digest()))}
    paths = {variant: found.path for variant, found in cached.items()}
    wanted = {variant: recipe for variant, recipe in recipes.items() if variant not in paths}
    if build and wanted:
        for variant, outcome in obtain(wanted, cache=cache, workers=None, progress=progress).items():
            if isinstance(outcome, BuildFailure):
                missing[network_of(variant)] = outcome.reason
            else:
                paths[variant] = outcome.path
    unbuilt = [network_of(variant) for variant in wanted if variant not in paths]
    missing |= {network: NOT_BUILT for network in unbuilt if network not in missing}
    inspections |= {network_of(variant): inspect_file(path, name=str(variant)) for variant, path in paths.items()}
    return Counted(inspections=inspections, missing=missing)


def unbuildable(variant: Variant) -> str | None:
    """Return why mbench has no such network, None where it has."""
    try:
        find_architecture(variant.architecture).check(variant.size, variant.head)
    except MbenchError as error:
        return str(error).rstrip(".")
    return None


def _of_sessions(
    networks: Sequence[str], results: Sequence[JobResult], cache: ArtifactCache
) -> Iterator[tuple[str, Inspection]]:
    """Yield what the files of sessions hold, each network's once."""
    seen: set[str] = set()
    for result in results:
        variant, sha256 = variant_of(result), result.workload.artifact.sha256
        name = None if variant is None else network_of(variant)
        if name is None or sha256 is None or name not in networks or name in seen:
            continue
        if (path := cache.find_file(sha256)) is not None:
            seen.add(name)
            yield name, inspect_file(path, name=str(variant))


def _total(numbers: Sequence[int | None]) -> int | None:
    return None if None in numbers else sum(number for number in numbers if number is not None)


def _difference(whole: int | None, part: int | None) -> int | None:
    return None if whole is None or part is None else whole - part
