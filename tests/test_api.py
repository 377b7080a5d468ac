"""What notebooks and scripts rely on."""

import inspect
import re
from pathlib import Path

import pandas as pd
import pytest

from mbench import api
from mbench.core.errors import UsageError

STORED = Path(__file__).parent / "data" / "results"

COLUMNS = [
    *("variant", "side", "status", "error_class", "message", "device", "emulated", "delegate", "threads", "mult_adds"),
    *("parameters", "size_bytes", "top1", "top5", "dataset", "examples", "latency_median_us", "latency_p95_us"),
    *("latency_mean_us", "init_us", "first_us", "peak_memory_kib", "delegate_nodes", "runs", "top1_low", "top1_high"),
    *("latency_low_us", "latency_high_us", "warnings", "artifact_sha256", "binary_sha256", "session", "provenance"),
]
RUN_COLUMNS = [
    *(
        "variant",
        "side",
        "delegate",
        "threads",
        "device",
        "purpose",
        "index",
        "block",
        "position",
        "status",
        "started_at",
    ),
    *("wall_s", "inferences", "median_us", "mean_us", "min_us", "max_us", "p95_us", "init_us", "first_us"),
    *("peak_memory_kib", "job", "artifact_sha256", "binary_sha256", "session"),
]


@pytest.fixture(scope="module")
def stored() -> list[api.Session]:
    return [session for place in ("from-runs", "format-3") for session in api.open_results(STORED / place)]


def test_a_results_folder_has_its_sessions_by_name(stored: list[api.Session]) -> None:
    assert [each.name for each in stored] == [
        path.parent.name for path in sorted(STORED.glob("from-runs/*/plan.json"))
    ] + [path.parent.name for path in STORED.glob("format-3/*/plan.json")]
    assert [each.name for each in api.open_results(stored[0].path)] == [stored[0].name]


def test_a_frame_has_a_row_a_job_with_the_columns_that_are_promised(stored: list[api.Session]) -> None:
    frame = pd.concat([each.frame() for each in stored])

    assert list(frame.columns) == COLUMNS
    assert set(frame["session"]) == {each.name for each in stored}
    measured = frame.dropna(subset=["latency_low_us"])
    assert len(measured)
    assert (measured["latency_low_us"] <= measured["latency_median_us"]).all()
    assert (measured["latency_median_us"] <= measured["latency_high_us"]).all()


def test_a_frame_of_runs_has_a_row_a_process(stored: list[api.Session]) -> None:
    runs, jobs = stored[0].runs_frame(), stored[0].frame()

    assert list(runs.columns) == RUN_COLUMNS
    good = runs[(runs["purpose"] == "latency") & (runs["status"] == "ok")]
    counts = good.groupby("variant").size()
    assert counts.to_dict() == jobs[jobs["runs"] > 0].groupby("variant")["runs"].sum().to_dict()


def test_options_are_the_command_lines() -> None:
    words = list(api._words({"sweep": ["alpha", "threads=1,2"], "quick": True, "failed": False, "min_secs": 0.5}))

    assert words == ["--sweep", "alpha", "--sweep", "threads=1,2", "--quick", "--min-secs", "0.5"]


def test_what_cannot_be_asked_for_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown sweep axis 'height'") as raised:
        api.run(sweep="height", results=tmp_path)
    assert "\n" not in str(raised.value)


def test_all_that_is_public_is_documented() -> None:
    documents = (Path(__file__).parents[1] / "docs" / "own-networks.md").read_text(encoding="utf-8")
    public = [api.open_results, api.run, api.Session.frame, api.Session.runs_frame]

    for each in public:
        assert inspect.getdoc(each)
        assert re.search(rf"\b{each.__name__}\(", documents), each.__name__
