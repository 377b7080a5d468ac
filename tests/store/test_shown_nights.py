"""How nights are shown: a user's own file bears the name that lasts, whatever it holds, in every form."""

import csv
import io
import json
from datetime import timedelta

from sample_results import BINARY, DEVICE, NOW, PROVENANCE, RULES, workload

from mbench.core.nights.nights import Night
from mbench.core.results import DevicePlan, Plan, PlannedJob
from mbench.report.results.delimited import as_csv, as_json
from mbench.report.results.report import report_markdown
from mbench.report.results.rows.job_rows import rows_of
from mbench.store.nights import save_night, shown_results
from mbench.store.packs import pack
from mbench.store.session import create_session, find_session, open_session
from mbench.store.stored_sessions import StoredSessions
from mbench.workflows.nightly.conclude import conclude

OWN = "file:mine@0123456789ab"
SHA = "0123456789ab" + "0" * 52


def night(root):
    """Return a concluded night of a user's own file and of a variant."""
    jobs = (
        PlannedJob(id="own", workload=workload(name=OWN, sha256=SHA)),
        PlannedJob(id="variant", workload=workload(name="mobilenet_v1_0.25_128_fp32")),
    )
    part = DevicePlan(device=DEVICE, binary=BINARY, rules=RULES, canary=None, jobs=jobs)
    store = create_session(
        root,
        device="night",
        what="farm",
        now=NOW,
        plan_of=lambda name: Plan(session=name, created_at=NOW, provenance=PROVENANCE, devices=(part,)),
    )
    known = Night(
        session=store.plan.session,
        farm="farm",
        project="p",
        branch="main",
        date=NOW.date(),
        zone="UTC",
        begun_at=NOW,
        until=NOW + timedelta(hours=1),
        farm_sha256="a" * 64,
        phones={},
        names={"own": "detector"},
    )
    save_night(store.path, known)
    conclude(store, known, now=known.until)
    return store


def test_rows_of_a_night_bear_the_name_that_lasts_with_the_hash_beside_it(tmp_path):
    store = night(tmp_path)
    results = shown_results(store)
    rows = json.loads(as_json(rows_of(results)))
    assert {row["variant"]: row["artifact_sha256"] for row in rows}["detector"] == SHA
    assert {row["variant"] for row in rows} == {"detector", "mobilenet_v1_0.25_128_fp32"}
    assert {row["variant"] for row in csv.DictReader(io.StringIO(as_csv(rows_of(results))))} == {
        "detector",
        "mobilenet_v1_0.25_128_fp32",
    }
    table = report_markdown(results)
    assert "detector" in table
    assert OWN not in table


def test_documents_of_a_night_keep_the_name_by_content(tmp_path):
    store = night(tmp_path)
    shown_results(store)
    assert {result.workload.name for result in open_session(store.path).results()} == {
        OWN,
        "mobilenet_v1_0.25_128_fp32",
    }


def test_stored_nights_are_shown_likewise_and_packed_ones_too(tmp_path):
    store = night(tmp_path)
    assert "detector" in {result.workload.name for result in StoredSessions().results([store.path])}
    pack(tmp_path, "2026-01", [store.path])
    packed = find_session(tmp_path, store.plan.session)
    assert "detector" in {result.workload.name for result in StoredSessions().results([packed])}


def test_a_session_that_is_no_night_is_shown_as_it_is(tmp_path):
    store = night(tmp_path)
    (store.path / "night.json").unlink()
    assert shown_results(store) == store.results()
