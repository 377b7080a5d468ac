"""Building: every artifact of a selection, out of the cache or else built and put there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mbench.artifacts.cache import ArtifactCache
from mbench.core.builds.any_recipes import AnyRecipe, AnyVariant
from mbench.core.builds.own_variants import OwnVariant
from mbench.core.builds.variants import Variant
from mbench.core.error_classes import BUILD, ErrorClass
from mbench.core.ports import Progress
from mbench.core.reasons import Unbuilt
from mbench.core.workloads import ArtifactFacts
from mbench.workflows.build.float_evaluator import FloatEvaluator


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


Kind = TypeVar("Kind", Variant, OwnVariant)


def obtain(
    recipes: Mapping[Kind, AnyRecipe],
    *,
    cache: ArtifactCache,
    workers: int | None,
    progress: Progress,
    build_timeout_s: float = 600.0,
    evaluator: FloatEvaluator | None = None,
) -> dict[Kind, Artifact | BuildFailure]:
    """Return each variant's artifact, or why it could not be built; nothing is built twice.

    Args:
        recipes: what to build each variant from.
        cache: where artifacts are looked up and put.
        workers: processes that build; None for as many as this machine carries.
        progress: gets news of each artifact.
        build_timeout_s: for each call of a user's code.
        evaluator: of accuracy, for recipes that say what it is asked on.

    Raises:
        DiskError: the cache folder cannot be used.
    """
    found: dict[AnyVariant, Artifact | BuildFailure] = {}
    missing: list[AnyRecipe] = []
    for wanted, recipe in recipes.items():
        cached = cache.get(recipe.digest())
        if cached is None:
            missing.append(recipe)
        else:
            found[wanted] = Artifact(facts=cached.facts, path=cached.path)
    if missing:
        from mbench.workflows.build.build_pool import (
            build_missing,  # numpy, the schema, Pillow: the cache needs none of them
        )

        for variant, built in build_missing(
            missing, cache, workers, progress, build_timeout_s=build_timeout_s, evaluator=evaluator
        ):
            if isinstance(built, Unbuilt):
                found[variant] = BuildFailure(name=str(variant), reason=built.reason, error_class=built.error_class)
            else:
                cache.hold(built.path.stem)  # the worker that put it is still there
                found[variant] = Artifact(facts=built.facts, path=built.path)
    return {variant: found[variant] for variant in recipes}
