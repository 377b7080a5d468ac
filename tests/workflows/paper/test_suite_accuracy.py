"""What a suite's networks are scored on: relative to it, in the command's words, and no code without leave."""

from dataclasses import replace
from pathlib import Path

import pytest

from mbench.core.errors import UsageError
from mbench.core.ports import SilentProgress
from mbench.core.scores import EvaluationSpec
from mbench.workflows.build.recipes import BuildInputs
from mbench.workflows.build.selection import Selection
from mbench.workflows.paper.suites import find_suite, shown, suite_request
from mbench.workflows.run.request import RunRequest
from mbench.workflows.score.run_accuracy import Accuracy, scoring_of

METRIC = "raise SystemExit('never run here')\ndef iou(outputs, labels): pass\n"
OWN = '[[own]]\nkeras = ["a.keras"]\n'
REQUEST = RunRequest(
    devices=("host",), selection=Selection(), build_inputs=BuildInputs(), results=Path("results"), command=("mbench",)
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "own.py").write_text(METRIC)
    (tmp_path / "a.keras").touch()
    monkeypatch.setenv("MBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir("/")
    return tmp_path


def asked(
    folder: Path, text: str, request: RunRequest = REQUEST, *, trusted: bool = True, scored: bool = True
) -> Accuracy | None:
    """Return what the networks of a suite are scored on; its [accuracy] begins in line 4."""
    path = folder / "mine.toml"
    path.write_text(f'title = "mine"\n{OWN}[accuracy]\n{text}')
    return suite_request(request, find_suite(str(path)), str(path), trusted=trusted, scored=scored)[0].accuracy


def test_a_suite_names_data_set_and_metric_relative_to_itself(folder: Path) -> None:
    found = asked(folder, 'dataset = "arrays:val.npz"\nmetric = "m/own.py:iou"\nmetric_unit = "dB"\nexamples = 9\n')

    assert found is not None
    assert (found.spec.dataset, found.spec.metric) == (f"arrays:{folder}/val.npz", f"{folder}/m/own.py:iou")
    assert (found.spec.metric_unit, found.spec.examples, found.places) == ("dB", 9, ("host",))


def test_a_data_set_that_is_typed_holds_instead_of_all_that_the_suite_says(folder: Path) -> None:
    typed = Accuracy(spec=EvaluationSpec(dataset="digits", examples=5))
    request = replace(REQUEST, accuracy=typed)
    assert asked(folder, 'dataset = "fashion"\nmetric = "m/own.py:iou"\n', request, trusted=False) is typed


def test_a_farm_file_says_itself_what_a_night_is_scored_on(folder: Path) -> None:
    assert asked(folder, 'dataset = "digits"\n', scored=False) is None
    assert asked(folder, 'dataset = "digits"\n') is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('dataset = "digits"\nmetric = "m/own.py:iou"\n', r"mine\.toml:6: accuracy\.metric: m/own\.py:iou is code"),
        ('metric = "package.own:iou"\ndataset = "digits"\n', r"mine\.toml:5: accuracy\.metric: package\.own:iou is"),
        ('dataset = "arrays:m/own.py:iou"\n', r"mine\.toml:5: accuracy\.dataset: arrays:m/own\.py:iou is code"),
    ],
)
def test_code_that_judges_or_makes_examples_needs_leave(folder: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"{said}.*--allow-suite-code"):
        asked(folder, text, trusted=False)
    assert asked(folder, text) is not None


def test_a_data_set_without_code_needs_no_leave(folder: Path) -> None:
    assert asked(folder, 'dataset = "digits"\n', trusted=False) is not None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('dataset = "digits"\nmetric = "m/gone.py:iou"\n', "6: accuracy.metric"),
        ('dataset = "digits"\nmetric = "m/own.py:gone"\n', "6: accuracy.metric"),
        ('dataset = "digits"\nmetric_unit = "dB"\n', "6: accuracy.metric_unit"),
        ('dataset = "digits"\nmetric_better = "lower"\n', "6: accuracy.metric_better"),
        ('dataset = "digit"\n', "5: accuracy.dataset"),
        ('dataset = "digits"\npreprocessing = "nothing"\n', "6: accuracy.preprocessing"),
    ],
)
def test_what_is_wrong_is_said_in_the_commands_words_behind_its_line(folder: Path, text: str, place: str) -> None:
    found = asked(folder, text)
    assert found is not None
    with pytest.raises(UsageError) as typed:
        scoring_of(replace(found, place_of=None), workers=1, progress=SilentProgress())
    with pytest.raises(UsageError) as named:
        scoring_of(found, workers=1, progress=SilentProgress())

    assert str(named.value) == f"{folder}/mine.toml:{place}: {typed.value}"


def test_wrong_keys_and_units_are_refused_with_their_line(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"mine\.toml:6: accuracy\.metric_unit: --metric-unit 'a\|b': a unit has"):
        asked(folder, 'dataset = "digits"\nmetric_unit = "a|b"\nmetric = "m/own.py:iou"\n')
    with pytest.raises(UsageError, match=r"mine\.toml:6: accuracy\.metrics: Extra inputs"):
        asked(folder, 'dataset = "digits"\nmetrics = "m/own.py:iou"\n')
    with pytest.raises(UsageError, match=r"mine\.toml:6: accuracy\.metric_better: Input should be 'higher' or 'lower'"):
        asked(folder, 'dataset = "digits"\nmetric_better = "more"\n')


def test_showing_a_suite_says_what_judges_it_and_the_leave_that_this_needs(folder: Path) -> None:
    asked(folder, 'dataset = "digits"\nmetric = "m/own.py:iou"\n')
    text = list(shown(str(folder / "mine.toml")))

    line = "Accuracies are of digits by metric m/own.py:iou, unless --dataset says otherwise."
    assert f"{line}  (code: --allow-suite-code)" in text
    assert any(each.endswith("mine.toml --device host --allow-suite-code") for each in text)
    asked(folder, 'dataset = "digits"\n')
    plain = list(shown(str(folder / "mine.toml")))
    assert "Accuracies are of digits, unless --dataset says otherwise." in plain
    assert not any("--allow-suite-code" in each for each in plain)
