"""What several farm files and hands leave in one folder."""

import re

import pytest
from sample_results import BINARY, DEVICE, PROVENANCE, RULES

from mbench.core.errors import UsageError
from mbench.core.nights.nights import Night
from mbench.core.ports import SilentProgress, utc_now
from mbench.core.results import DevicePlan, Plan
from mbench.store.nights import list_nights, save_night
from mbench.store.session import create_session
from mbench.workflows.clock import SystemClock
from mbench.workflows.nightly.attempts import NightRequest
from mbench.workflows.nightly.farm_file import read_farm_file
from mbench.workflows.nightly.health import left_out
from mbench.workflows.nightly.night import run_night

FARM = """
project = "{project}"

[window]
hours = 1

[phones.here]
device = "host"

[[measure]]
variants = ["mobilenet_v1_0.25_32_int8"]
"""


def a_night(root, *, project: str, farm: str = "farm") -> Night:
    now = utc_now()
    part = DevicePlan(device=DEVICE, binary=BINARY, rules=RULES, canary=None, jobs=())
    store = create_session(
        root,
        device="night",
        what=farm,
        now=now,
        plan_of=lambda name: Plan(session=name, created_at=now, provenance=PROVENANCE, devices=(part,)),
    )
    night = Night(
        session=store.plan.session,
        farm=farm,
        project=project,
        branch="main",
        date=now.date(),
        zone="UTC",
        begun_at=now,
        until=now,
        farm_sha256="a" * 64,
        phones={},
    )
    save_night(store.path, night)
    return night


def test_a_night_of_another_project_is_not_gone_on_with(tmp_path):
    path = tmp_path / "farm.toml"
    path.write_text(FARM.format(project="mine"), encoding="utf-8")
    a_night(tmp_path / "results", project="theirs")
    request = NightRequest(file=read_farm_file(path), command=("mbench",))
    with pytest.raises(UsageError, match=re.escape("holds a night of another farm, of project theirs, that goes on")):
        run_night(request, progress=SilentProgress(), started=lambda store, night: None)


def test_nights_of_other_farm_files_are_not_even_read(tmp_path):
    kept = a_night(tmp_path, project="p", farm="one")
    other = a_night(tmp_path, project="p", farm="two")
    (tmp_path / other.session / "night.json").write_text("damaged", encoding="utf-8")
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed" / "2026-11.zip").write_bytes(b"damaged")
    assert [one.night for one in list_nights(tmp_path, "one")] == [kept]


def test_a_record_that_cannot_be_read_is_said_and_its_phone_is_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_HOME", str(tmp_path))
    folder = tmp_path / "farm" / "phones"
    folder.mkdir(parents=True)
    (folder / "A.json").write_text("damaged", encoding="utf-8")
    notes: list[str] = []
    assert left_out(["A", "B", "host", "pixel4#2"], SystemClock(), notes.append) == {}
    (note,) = notes
    assert "A.json: it is no record of a phone" in note
