"""What files answered, as a session keeps it."""

import pytest
import sample_plans as sample
import sample_scores as scored

from mbench.core.errors import StoreError
from mbench.store.session import create_session, open_session
from mbench.store.session_store import SessionStore


@pytest.fixture
def store(tmp_path) -> SessionStore:
    return create_session(tmp_path, device="host", what="alpha", now=sample.NOW, plan_of=plan)


def plan(session: str):
    """Return a plan whose first job has a score of this host."""
    made = sample.plan(session)
    first, *others = made.devices[0].jobs
    sha256 = first.workload.artifact.sha256
    scored_job = first.model_copy(update={"scores": (scored.score([True], sha256),)})
    part = made.devices[0].model_copy(update={"jobs": (scored_job, *others)})
    return made.model_copy(update={"devices": (part,), "keep_predictions": True})


def names(store: SessionStore) -> tuple[str, str]:
    first = store.plan.jobs[0]
    return f"cpu-{(first.workload.artifact.sha256 or '')[:12]}", first.id


def test_answers_of_the_host_come_before_those_of_devices(store):
    host, job = names(store)
    store.save_predictions("device", job, "b\n")
    store.save_predictions("host", host, "a\n")
    found = open_session(store.path).predictions()
    assert [*found.values()] == ["a\n", "b\n"]
    assert [path.relative_to(store.path / "predictions").as_posix() for path in found] == [
        f"host/{host}.csv",
        f"device/{job}.csv",
    ]


def test_a_second_attempt_replaces_the_first(store):
    _, job = names(store)
    for text in ("a\n", "b\n"):
        store.save_predictions("device", job, text)
    assert [*store.predictions().values()] == ["b\n"]


def test_a_session_without_answers_has_none(store):
    assert store.predictions() == {}


@pytest.mark.parametrize("link", ["predictions", "predictions/device", "predictions/device/JOB.csv"])
def test_answers_are_neither_read_nor_written_through_links(store, tmp_path, link):
    _, job = names(store)
    store.save_predictions("device", job, "a\n")
    path = store.path / link.replace("JOB", job)
    path.rename(tmp_path / "outside")
    path.symlink_to(tmp_path / "outside")
    with pytest.raises(StoreError, match="is a symbolic link"):
        store.predictions()
    with pytest.raises(StoreError, match="is a symbolic link"):
        store.save_predictions("device", job, "b\n")


def test_answers_that_are_not_utf_8_are_refused_by_name(store):
    _, job = names(store)
    store.save_predictions("device", job, "a\n")
    (path,) = store.predictions()
    path.write_bytes(b"\xff\n")
    with pytest.raises(StoreError, match=rf"{job}\.csv: damaged"):
        store.predictions()
