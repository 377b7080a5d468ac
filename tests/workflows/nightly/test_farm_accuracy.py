"""What a night is scored on: relative to the farm file, in the command's words, and by code that travels nowhere."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mbench.core.errors import UsageError
from mbench.core.ports import SilentProgress
from mbench.core.scores import EvaluationSpec
from mbench.workflows.nightly.asked import FarmRequest, expand_farm
from mbench.workflows.nightly.farm_file import read_farm_file

FARM = """project = "p"

[window]
hours = 1

[phones.pixels]
profile = "pixel4"
every = true

[[measure]]
"""
VARIANT = 'variants = ["mobilenet_v1_0.25_128_digits10_fp32"]\n'
METRIC = "raise SystemExit('never run here')\ndef iou(outputs, labels): pass\n"
HOSTS = '[hosts]\nscheduler = "127.0.0.1:8786"\n'

Expand = Callable[[str], FarmRequest]


class Notes(SilentProgress):
    """Keeps what is noted."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def expand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, notes: Notes) -> Expand:
    monkeypatch.setenv("MBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir("/")
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "own.py").write_text(METRIC)

    def expanded(text: str) -> FarmRequest:
        """Expand a farm file whose [[measure]] is in line 10."""
        path = tmp_path / "farm.toml"
        path.write_text(FARM + text)
        return expand_farm(read_farm_file(path), command=("mbench",), progress=notes)

    return expanded


def spec_of(request: FarmRequest) -> EvaluationSpec:
    accuracy = request.groups["pixels"].request.accuracy
    assert accuracy is not None
    return accuracy.spec


def test_a_metric_is_named_relative_to_the_farm_file_and_not_run_to_plan(expand: Expand, tmp_path: Path) -> None:
    found = expand(
        f'{VARIANT}[accuracy]\ndataset = "digits"\nmetric = "m/own.py:iou"\nmetric_unit = "pt"\nmetric_timeout = 9\n'
    )
    spec, scoring = spec_of(found), found.groups["pixels"].scoring

    assert (spec.metric, spec.metric_unit, spec.metric_timeout_s) == (f"{tmp_path}/m/own.py:iou", "pt", 9)
    assert scoring is not None
    assert scoring.opened.metric is not None
    assert (scoring.opened.metric.facts.name, scoring.opened.metric.facts.source) == ("iou", "own.py")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('metric = "m/gone.py:iou"\n', "14: accuracy.metric: --metric "),
        ('metric = "m/own.py:gone"\n', "14: accuracy.metric: --metric "),
        ('metric_unit = "dB"\n', "14: accuracy.metric_unit: --metric-unit needs --metric FILE.py:NAME"),
        ('metric = "m/own.py:iou"\nmetric_unit = "a|b"\n', "15: accuracy.metric_unit: --metric-unit 'a|b': a unit has"),
        ('metrics = "m/own.py:iou"\n', "14: accuracy.metrics: unknown key. Did you mean 'metric'?"),
        ('metric = "m/own.py:iou"\nmetric_better = "more"\n', "15: accuracy.metric_better: "),
        ('metric = "m/own.py:iou"\nmetric_timeout = 0\n', "15: accuracy.metric_timeout: "),
        ('preprocessing = "nothing"\n', "14: accuracy.preprocessing: "),
        ('weights = "trained"\nmetric = "m/gone.py:iou"\n', "15: accuracy.metric: --metric "),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(expand: Expand, tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(UsageError) as refused:
        expand(f'{VARIANT}[accuracy]\ndataset = "digits"\n{text}')
    assert str(refused.value).startswith(f"{tmp_path}/farm.toml:{place}")


@pytest.mark.parametrize("place", ["device", "both"])
def test_hosts_that_lend_phones_get_no_code_to_judge_their_answers_by(expand: Expand, place: str) -> None:
    asked = f'{VARIANT}[accuracy]\ndataset = "digits"\nplace = "{place}"\n'
    metric = 'metric = "m/own.py:iou"\n'
    with pytest.raises(UsageError, match=r"farm\.toml:14: accuracy\.place: the hosts that lend phones judge"):
        expand(f"{asked}{metric}{HOSTS}")
    assert spec_of(expand(f"{asked}{HOSTS}")).metric is None
    assert spec_of(expand(f"{asked}{metric}")).metric is not None


def test_lent_phones_files_are_judged_here(expand: Expand) -> None:
    asked = f'{VARIANT}[accuracy]\ndataset = "digits"\nmetric = "m/own.py:iou"\n{HOSTS}'
    assert spec_of(expand(asked)).metric is not None


def test_what_a_suite_is_scored_on_is_left_to_the_farm_file_and_that_is_noted(
    expand: Expand, tmp_path: Path, notes: Notes
) -> None:
    (tmp_path / "mine.toml").write_text(f'title = "mine"\n{VARIANT}[accuracy]\ndataset = "digits"\n')
    found = expand('suite = "mine.toml"\n')

    assert found.groups["pixels"].request.accuracy is None
    said = "mine.toml: its [accuracy] is left out; a night is scored as its farm file says"
    assert any(said in one for one in notes.said)
