"""Building: every artifact of a selection, out of the cache or else built and put there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mbench.artifacts.cache import ArtifactCache
from mbench.core.error_classes import BUILD, ErrorClass
from mbench.core.ports import Progress
from mbench.core.reasons import Unbuilt
from mbench.core.recipes import Recipe
from mbench.core.variants import Variant
from mbench.core.workloads import ArtifactFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file that is there: its path on this host, and its facts."""

    facts: ArtifactFacts
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildFailure:
    """Why there is no file."""

    name: str
    reason: str
    error_class: ErrorClass = BUILD


def obtain(
    recipes: Mapping[Variant, Recipe], *, cache: ArtifactCache, workers: int | None, progress: Progress
) -> dict[Variant, Artifact | BuildFailure]:
    """Return each variant's artifact, or why it could not be built; nothing is built twice.

    Args:
        recipes: what to build each variant from.
        cache: where artifacts are looked up and put.
        workers: processes that build; None for as many as this machine carries.
        progress: told of each artifact.

    Raises:
        DiskError: the cache folder cannot be used.
    """
    found: dict[Variant, Artifact | BuildFailure] = {}
    missing: list[Recipe] = []
    for variant, recipe in recipes.items():
        cached = cache.get(recipe.digest())
        if cached is None:
            missing.append(recipe)
        else:
            found[variant] = Artifact(facts=cached.facts, path=cached.path)
    if missing:
        from mbench.workflows.build.build_pool import (
            build_missing,  # numpy, the schema, Pillow: the cache needs none of them
        )

        for variant, built in build_missing(missing, cache, workers, progress):
            if isinstance(built, Unbuilt):
                found[variant] = BuildFailure(name=str(variant), reason=built.reason, error_class=built.error_class)
            else:
                cache.hold(built.path.stem)  # the worker that put it is still there
                found[variant] = Artifact(facts=built.facts, path=built.path)
    return {variant: found[variant] for variant in recipes}
