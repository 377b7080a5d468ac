"""Inspecting: `mbench inspect`."""

from pathlib import Path

from mbench.artifacts.cache import ArtifactCache
from mbench.artifacts.inspection import Inspection, inspect_file
from mbench.core.builds.variants import parse_variant
from mbench.core.errors import ArtifactError
from mbench.core.ports import Progress
from mbench.report.model_files.layers import layer_table, share_table
from mbench.report.model_files.tensors import tensor_table
from mbench.report.render.markdown import table_markdown
from mbench.report.render.text_table import TableValues
from mbench.workflows.build.obtain_artifacts import BuildFailure, obtain
from mbench.workflows.build.recipes import BuildInputs, recipes_of
from mbench.workflows.home import home


def inspect(what: str, *, progress: Progress) -> Inspection:
    """Return what a file or a variant is; a variant that is not in the cache is built.

    Raises:
        MbenchError: neither a file nor a variant, or a file that is no whole `.tflite`.
    """
    return inspect_file(path_of(what, progress=progress), name=None if is_path(what) else what)


def is_path(what: str) -> bool:
    """Whether a file is named, and not a variant."""
    path = Path(what)
    return path.exists() or path.suffix == ".tflite" or "/" in what


def path_of(what: str, *, progress: Progress) -> Path:
    """Return where a file or a variant lies; a variant that is not in the cache is built.

    Raises:
        MbenchError: neither a file nor a variant.
    """
    if is_path(what):
        return Path(what)
    variant = parse_variant(what)
    recipes = recipes_of([variant], BuildInputs(), weights_folder=home() / "weights")
    built = obtain(recipes, cache=ArtifactCache(home() / "cache"), workers=1, progress=progress)[variant]
    if isinstance(built, BuildFailure):
        raise ArtifactError(built.reason)
    return built.path


def tables(inspection: Inspection) -> tuple[TableValues, ...]:
    """Return the tables that say what a file is: tensors, layers, and shares by layer type."""
    return (
        tensor_table(inspection.name, inspection.inputs, inspection.outputs),
        layer_table(inspection),
        share_table(inspection),
    )


def markdown(inspection: Inspection) -> str:
    """Return the tables as markdown."""
    return "\n".join(table_markdown(table) for table in tables(inspection))
