"""A session that is resumed days later: what lies between stands in the foot of its table."""

import json
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from command_line import SHORT
from emit_mobilenet import emit_mobilenet


def begun_days_ago(session: Path, days: int) -> None:
    """Let a finished session be one that was interrupted after the first run of its job, so many days ago."""
    shutil.rmtree(session / "jobs")
    (session / "jobs").mkdir()
    for document in session.glob("runs/*/*/run.json"):
        fields = json.loads(document.read_text(encoding="utf-8"))
        if fields["run"]["index"] >= 1:
            shutil.rmtree(document.parent)
            continue
        began = datetime.fromisoformat(fields["run"]["started_at"]) - timedelta(days=days)
        fields["run"]["started_at"] = began.isoformat().replace("+00:00", "Z")
        document.write_text(json.dumps(fields), encoding="utf-8")


@pytest.mark.slow
def test_a_session_resumed_days_later_says_so(bare):
    (bare.folder / "small.tflite").write_bytes(emit_mobilenet(0.25, 64, seed=1))
    assert bare("run", "--model", "small.tflite", *SHORT).returncode == 0
    (plan,) = bare.folder.glob("results/*/plan.json")
    begun_days_ago(plan.parent, 4)
    resumed = bare("run", "--resume", "last", "--format", "md")
    assert resumed.returncode == 0, resumed.stderr
    minute = r"\d{4}-\d\d-\d\d \d\d:\d\d"
    period = f"{minute} to {minute}"
    assert re.search(f"was measured in 2 periods, 4 days apart: {period} and {period} \\(UTC\\)", resumed.stdout)
    assert "runs apart: runs of " in resumed.stdout
    (row,) = json.loads(bare("report", "--format", "json").stdout)
    assert (row["runs"], [one["code"] for one in row["warnings"]].count("runs_apart")) == (2, 1)
