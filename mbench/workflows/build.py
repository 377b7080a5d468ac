"""Build: `mbench build`."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from mbench.artifacts.cache import ArtifactCache
from mbench.core.errors import ArtifactError
from mbench.core.ports import Progress
from mbench.workflows.building import Artifact, BuildFailure, obtain
from mbench.workflows.home import home
from mbench.workflows.recipes import recipes_of
from mbench.workflows.selection import Ingredients, Selection, select

Outcome = Artifact | BuildFailure


def build(
    selection: Selection, ingredients: Ingredients, *, output: Path | None, workers: int | None, progress: Progress
) -> tuple[Outcome, ...]:
    """Return what became of each chosen variant; copies go to `output` as `VARIANT.tflite`.

    Raises:
        MbenchError: nothing could be built, or `output` could not be written.
    """
    variants = list(dict.fromkeys(one.variant for one in select(selection) if one.variant is not None))
    recipes = recipes_of(variants, ingredients, weights_folder=home() / "weights")
    outcomes = obtain(recipes, cache=ArtifactCache(home() / "cache"), workers=workers, progress=progress)
    if output is not None:
        return tuple(_copied(outcome, output) for outcome in outcomes.values())
    return tuple(outcomes.values())


def _copied(outcome: Outcome, output: Path) -> Outcome:
    if isinstance(outcome, BuildFailure):
        return outcome
    target = output / f"{outcome.facts.name}.tflite"
    part = target.with_name(f"{target.name}.part")
    try:
        output.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(outcome.path, part)
        part.replace(target)
    except OSError as error:
        raise ArtifactError(f"could not write {target}: {error.strerror or error}. Name another --output.") from error
    return Artifact(facts=outcome.facts, path=target)


def as_text(outcomes: Sequence[Outcome]) -> str:
    """Return a line per artifact: name, hash, size, signal-to-noise ratio, path."""
    lines = []
    for outcome in outcomes:
        if isinstance(outcome, Artifact):
            facts = outcome.facts
            snr = "SNR not comparable" if facts.snr_db is None else f"SNR {facts.snr_db:.1f} dB"
            lines.append(f"{facts.name}  {(facts.sha256 or '')[:12]}  {facts.size_bytes} bytes  {snr}  {outcome.path}")
    return "\n".join(lines)


def as_json(outcomes: Sequence[Outcome]) -> str:
    """Return a JSON list: the facts of each artifact with its path, or its name with the reason."""
    return json.dumps(
        [
            outcome.facts.model_dump() | {"path": str(outcome.path), "error": None}
            if isinstance(outcome, Artifact)
            else {"name": outcome.name, "path": None, "error": outcome.reason}
            for outcome in outcomes
        ],
        indent=1,
    )
