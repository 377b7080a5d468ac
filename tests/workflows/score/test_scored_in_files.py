"""What a file says that files are scored on: paths relative to it, and the key that a message is about."""

from pathlib import Path

import pytest

from mbench.core.choices import MetricBetter
from mbench.core.errors import UsageError
from mbench.core.examples import Split
from mbench.core.numbers.limits import METRIC_TIMEOUT_S
from mbench.core.scored_tables import Scored
from mbench.workflows.score.run_accuracy import Accuracy
from mbench.workflows.score.scored_in_files import accuracy_of, key_of_wrong

FOLDER = Path("/there")


def accuracy(**said) -> Accuracy:
    table = Scored.model_validate({"dataset": "digits"} | said)
    return accuracy_of(table, FOLDER.joinpath, seed=3, place_of=lambda key: f"file: {key}")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("digits", "digits"),
        ("folder:pictures", "folder:/there/pictures"),
        ("folder:/data/val", "folder:/data/val"),
        ("tfrecord:shards/*.tfrecord", "tfrecord:/there/shards/*.tfrecord"),
        ("tfds:mnist", "tfds:mnist"),
        ("arrays:val.npz", "arrays:/there/val.npz"),
        ("arrays:val.py:pairs", "arrays:/there/val.py:pairs"),
        ("arrays:package.val:pairs", "arrays:package.val:pairs"),
        ("folder:", "folder:"),
    ],
)
def test_places_of_data_sets_are_relative_to_the_file(said: str, meant: str) -> None:
    assert accuracy(dataset=said).spec.dataset == meant


def test_a_metric_is_relative_to_the_file_with_all_that_is_said_of_it() -> None:
    spec = accuracy(metric="m/own.py:psnr", metric_better="lower", metric_unit="dB", metric_timeout=7).spec
    assert (spec.metric, spec.metric_better, spec.metric_unit) == ("/there/m/own.py:psnr", MetricBetter.LOWER, "dB")
    assert (spec.metric_timeout_s, spec.seed) == (7.0, 3)
    assert accuracy(metric="package.own:psnr").spec.metric == "package.own:psnr"


def test_what_is_not_said_is_as_the_command_has_it() -> None:
    found = accuracy()
    assert (found.spec.metric, found.spec.metric_better, found.spec.metric_unit) == (None, MetricBetter.HIGHER, None)
    assert (found.spec.metric_timeout_s, found.spec.split, found.places) == (METRIC_TIMEOUT_S, Split.TEST, ("host",))


@pytest.mark.parametrize(
    ("said", "split", "listed"),
    [
        ("test", Split.TEST, None),
        ("train", Split.TRAIN, None),
        ("all", Split.ALL, None),
        ("hard.txt", Split.LISTED, "/there/hard.txt"),
    ],
)
def test_a_split_is_a_word_or_a_list_beside_the_file(said: str, split: Split, listed: str | None) -> None:
    spec = accuracy(split=said).spec
    assert (spec.split, spec.list_file) == (split, listed)


@pytest.mark.parametrize(
    ("place", "places"), [("host", ("host",)), ("device", ("device",)), ("both", ("host", "device"))]
)
def test_places_are_those_of_the_command(place: str, places: tuple[str, ...]) -> None:
    assert accuracy(place=place).places == places


def test_a_unit_that_is_none_is_refused_in_the_words_of_the_command_with_its_place() -> None:
    with pytest.raises(UsageError, match=r"^file: metric_unit: --metric-unit 'a\|b': a unit has 1 to 20 characters"):
        accuracy(metric="m.py:f", metric_unit="a|b")
    assert accuracy(metric="m.py:f", metric_unit="a" * 20).spec.metric_unit == "a" * 20
    with pytest.raises(UsageError, match="1 to 20 characters"):
        accuracy(metric="m.py:f", metric_unit="a" * 21)


@pytest.mark.parametrize(
    ("message", "key"),
    [
        ("--metric-unit needs --metric FILE.py:NAME.", "metric_unit"),
        ("--metric-better needs --metric FILE.py:NAME.", "metric_better"),
        ("--metric gone.py: no such file; write FILE.py:NAME.", "metric"),
        ("arrays is scored on this host alone; leave --accuracy out.", "place"),
        ("--preprocessing is for pictures", "preprocessing"),
        ("unknown recipe 'odd'", "preprocessing"),
        ("unknown data set 'digit'", "dataset"),
    ],
)
def test_a_message_is_about_the_key_whose_option_it_names(message: str, key: str) -> None:
    said = {"metric": "gone.py:f", "metric_unit": "dB", "metric_better": "lower", "place": "both"}
    table = Scored.model_validate({"dataset": "digit", "preprocessing": "odd"} | said)
    assert key_of_wrong(table, message) == key


def test_a_message_about_a_key_that_is_not_there_is_about_the_data_set() -> None:
    table = Scored(dataset="arrays:val.npz")
    assert key_of_wrong(table, "name what judges them by --metric FILE.py:NAME.") == "dataset"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({}, None),
        ({"metric": "m.py:f"}, "m.py:f"),
        ({"metric": "package.m:f"}, "package.m:f"),
        ({"dataset": "arrays:val.npz"}, None),
        ({"dataset": "arrays:val.py:pairs"}, "arrays:val.py:pairs"),
        ({"dataset": "folder:odd.py:name"}, None),
        ({"dataset": "arrays:val.py:pairs", "metric": "m.py:f"}, "m.py:f"),
    ],
)
def test_a_metric_and_a_generator_of_examples_are_code(said: dict[str, str], code: str | None) -> None:
    assert Scored.model_validate({"dataset": "digits"} | said).code == code
