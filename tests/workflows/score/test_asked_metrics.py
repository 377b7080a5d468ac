"""What is said of a user's metric and arrays, and means nothing: refused before anything is scored."""

from pathlib import Path

import numpy as np
import pytest

from mbench.cli.options.accuracy_values import metric_fields
from mbench.core.choices import MetricBetter
from mbench.core.errors import UsageError
from mbench.core.ports import SilentProgress
from mbench.core.scores import EvaluationSpec
from mbench.workflows.score.run_accuracy import Accuracy, Scoring

SOURCE = """
raise SystemExit("never run here")
def right(outputs, labels): ...
def top1(outputs, labels): ...
"""
RIGHT = {"metric": "m.py:right"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "m.py").write_text(SOURCE)
    (tmp_path / "net.tflite").touch()
    np.savez(tmp_path / "val.npz", picture=np.zeros((2, 8, 8, 3), np.float32), labels=np.zeros(2))
    monkeypatch.setenv("MBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(accuracy: Accuracy) -> str:
    """Return what a run, or an evaluation, says before it builds anything."""
    with pytest.raises(UsageError) as raised:
        _ = Scoring(accuracy, workers=1, progress=SilentProgress()).opened.examples
    return str(raised.value)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"metric": "gone.py:f"}, "--metric gone.py: no such file"),
        ({"metric": "m.py:gone"}, "defines no gone at its top level"),
        ({"metric": "m.py:top1"}, "top1 is a column of mbench's own; rename your function"),
        (RIGHT | {"labels": "l.txt"}, "--labels says which classes outputs stand for"),
        ({"metric_unit": "dB"}, "--metric-unit needs --metric FILE.py:NAME"),
        ({"metric_better": MetricBetter.LOWER}, "--metric-better needs --metric FILE.py:NAME"),
        (RIGHT | {"dataset": "arrays:gone.npz"}, "no such file"),
        (RIGHT | {"dataset": "arrays:m.py:gone"}, "defines no gone at its top level"),
        (RIGHT | {"dataset": "arrays:net.tflite"}, "name a .npz file of arrays, or FILE.py:NAME"),
        (RIGHT | {"dataset": "arrays:"}, "arrays needs a place"),
        (RIGHT | {"dataset": "arrays:val.npz", "preprocessing": "unit"}, "--preprocessing is for pictures"),
        (RIGHT | {"dataset": "arrays:val.npz", "split": "train"}, "has no train split"),
        ({"dataset": "arrays:val.npz"}, "name what judges them by --metric"),
    ],
)
def test_what_means_nothing_is_one_line(said: dict[str, str], reason: str) -> None:
    found = refusal(Accuracy(spec=EvaluationSpec.model_validate({"dataset": "digits"} | said)))
    assert reason in found
    assert len(found.splitlines()) == 1


def test_answers_are_not_kept_of_what_has_no_classes() -> None:
    spec = EvaluationSpec(dataset="digits", metric="m.py:right")
    assert "--predictions is for classes" in refusal(Accuracy(spec=spec, predictions=True))


@pytest.mark.parametrize("places", [("device",), ("host", "device")])
def test_arrays_are_scored_on_the_host_alone(places: tuple[str, ...]) -> None:
    spec = EvaluationSpec(dataset="arrays:val.npz", metric="m.py:right")
    found = refusal(Accuracy(spec=spec, places=places))  # type: ignore[arg-type]
    assert "is scored on this host alone" in found


def test_a_typed_unit_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="a unit has 1 to 20 characters"):
        metric_fields("m.py:right", MetricBetter.HIGHER, "a|b", 60.0)
