"""Recorded phones, browsers and a database, where they lie beside MBENCH_TEST_DATA."""

import os
from pathlib import Path

import pytest

from benchmarks.verdict_replays.labelled import replay_labelled
from benchmarks.verdict_replays.phones import Phones, replay_fallbacks, replay_unchanged


@pytest.fixture(scope="module")
def histories() -> Path:
    data = os.environ.get("MBENCH_TEST_DATA")
    folder = Path(data).parent / "histories" if data else None
    if folder is None or not folder.is_dir():
        pytest.skip("no folder `histories` beside MBENCH_TEST_DATA")
    return folder


def test_recorded_steps_without_a_change_are_calm_and_planted_ones_are_suspects(histories: Path) -> None:
    found = replay_unchanged(Phones(histories), seed=1, repeats=0)
    assert found["unchanged_steps"] == 707
    assert found["suspects"] <= 4
    assert found["planted_20_found"] >= 0.97
    assert found["planted_10_found"] >= 0.96
    assert found["still_reported"] == 1


def test_recorded_fallbacks_and_no_other_steps_are_named(histories: Path) -> None:
    assert replay_fallbacks(Phones(histories)) == {"steps": 14169, "known": 105, "named": 105, "others": 0}


def test_labelled_changes_are_found_and_few_others(histories: Path) -> None:
    found = replay_labelled(histories)
    assert (found["labelled"], found["found"]) == (5, 5)
    assert found["others"] <= 5
