"""What a farm file or a suite says that files are scored on: paths relative to it, wrong words with their key."""

from collections.abc import Callable, Mapping
from typing import Final

from mbench.core.errors import UsageError
from mbench.core.metric_units import refuse_no_unit
from mbench.core.numbers.limits import METRIC_TIMEOUT_S
from mbench.core.scored_tables import Scored
from mbench.core.scores import EvaluationSpec
from mbench.workflows.build.own_in_files import Resolve, code_path
from mbench.workflows.score.run_accuracy import Accuracy, Place

_PLACES: Final[Mapping[str, tuple[Place, ...]]] = {
    "host": ("host",),
    "device": ("device",),
    "both": ("host", "device"),
}

_SPLITS: Final = frozenset({"test", "train", "all"})
"""Splits by name; another word is a file that lists examples."""

_NO_PATHS: Final = frozenset({"tfds"})
"""Data sets of which not a path stands behind the colon."""

_KEYS: Final[Mapping[str, str]] = {
    "--metric-better": "metric_better",
    "--metric-unit": "metric_unit",
    "--metric-timeout": "metric_timeout",
    "--metric": "metric",
    "--accuracy": "place",
    "--preprocessing": "preprocessing",
}
"""Keys by the option that they are as; an option that begins like another one stands before it."""


def accuracy_of(said: Scored, resolve: Resolve, *, seed: int, place_of: Callable[[str], str]) -> Accuracy:
    """Return what files are scored on, and where, as a table of a file says it.

    Args:
        said: the table.
        resolve: makes paths of the file absolute.
        seed: of the draw where fewer than all examples are asked.
        place_of: says where a key of the table stands.

    Raises:
        UsageError: a unit that does not fit the head of a table, with its place.
    """
    try:
        refuse_no_unit(said.metric_unit)
    except UsageError as error:
        raise UsageError(f"{place_of('metric_unit')}: {error}") from error
    listed = said.split is not None and said.split not in _SPLITS
    spec = EvaluationSpec.model_validate(
        {
            "dataset": _reference(said.dataset, resolve),
            "split": "listed" if listed else said.split or "test",
            "list_file": str(resolve(str(said.split))) if listed else None,
            "examples": said.examples,
            "preprocessing": said.preprocessing,
            "seed": seed,
            "metric": None if said.metric is None else code_path(said.metric, resolve),
            "metric_better": said.metric_better,
            "metric_unit": said.metric_unit,
            "metric_timeout_s": METRIC_TIMEOUT_S if said.metric_timeout is None else float(said.metric_timeout),
        }
    )
    return Accuracy(
        spec=spec, places=_PLACES[said.place], place_of=lambda error: place_of(key_of_wrong(said, str(error)))
    )


def key_of_wrong(said: Scored, message: str) -> str:
    """Return the key of a table that a message is about: that whose option it names, else the data set's."""
    for option, key in _KEYS.items():
        if option in message:
            return key if key in said.model_fields_set else "dataset"
    if said.preprocessing is not None and said.preprocessing in message:
        return "preprocessing"
    return "dataset"


def _reference(said: str, resolve: Resolve) -> str:
    """Return a data set's reference whose place, where that is a path, is absolute."""
    name, colon, place = said.partition(":")
    if not colon or not place or name in _NO_PATHS:
        return said
    path = code_path(place, resolve) if name == "arrays" else str(resolve(place))
    return f"{name}:{path}"
