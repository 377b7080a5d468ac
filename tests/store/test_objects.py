"""Stores of objects: one list of promises, kept by a folder, by memory and, where one is at hand, by an S3 server."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from full_disk import fill, small_disk

from mbench.core.errors import PartInterrupted, UsageError
from mbench.store import objects as module
from mbench.store.objects import FolderObjects, Objects, StoreAway, open_objects, patiently


@pytest.fixture(params=["folder", "file", "memory", "s3"])
def objects(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Objects]:
    if request.param == "folder":
        yield open_objects(str(tmp_path / "a store"))
    elif request.param == "file":
        yield open_objects(f"file://{tmp_path}/a store")
    elif request.param == "memory":
        pytest.importorskip("fsspec")
        yield open_objects(f"memory://{tmp_path.name}")
    else:
        yield from _s3(monkeypatch)


def _s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Objects]:
    """Yield a bucket of a server in this process; its credentials are in the environment, where people have theirs."""
    server = pytest.importorskip("moto.server", reason="no local object store (pip install 'moto[server,s3]' s3fs)")
    s3fs = pytest.importorskip("s3fs", reason="no driver of s3:// (pip install s3fs)")
    running = server.ThreadedMotoServer("127.0.0.1", port=0)
    running.start()
    host, port = running.get_host_and_port()
    values = {
        "AWS_ACCESS_KEY_ID": "who",
        "AWS_SECRET_ACCESS_KEY": "knows",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()  # it keeps the server of the test before
    try:
        s3fs.S3FileSystem().mkdir(f"bucket-{port}")
        yield open_objects(f"s3://bucket-{port}/a store")
    finally:
        running.stop()


def test_an_object_is_read_as_it_was_put(objects):
    assert objects.put_new("a/b/c.json", b"one") is True
    assert (objects.get("a/b/c.json"), objects.has("a/b/c.json")) == (b"one", True)


def test_an_object_that_was_put_as_new_is_never_written_over(objects):
    objects.put_new("a/b", b"one")
    assert objects.put_new("a/b", b"two") is False
    assert objects.get("a/b") == b"one"


def test_an_object_can_be_replaced_and_removed_where_that_is_meant(objects):
    objects.put("a/b", b"one")
    objects.put("a/b", b"two")
    assert objects.get("a/b") == b"two"
    objects.remove("a/b")
    objects.remove("a/b")
    assert (objects.get("a/b"), objects.has("a/b")) == (None, False)


def test_what_is_not_there_is_none(objects):
    assert (objects.get("x/y"), objects.has("x/y"), objects.names("x/")) == (None, False, ())


def test_all_names_below_a_folder_are_listed_also_those_that_were_put_just_now(objects):
    objects.put_new("s/b/2", b"")
    assert objects.names("s/") == ("s/b/2",)
    objects.put_new("s/a", b"")
    objects.put_new("t/c", b"")
    assert objects.names("s/") == ("s/a", "s/b/2")


def test_of_many_that_put_one_name_as_new_one_does(objects):
    if not isinstance(objects, FolderObjects):
        pytest.skip("what a server promises of its own is not tried here")
    done: list[bool] = []
    threads = [threading.Thread(target=lambda n=n: done.append(objects.put_new("a", b"%d" % n))) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False] * 15 + [True]


@pytest.mark.parametrize("url", ["s3://key:secret@bucket/x", "s3://key@bucket", "s3://bucket/x?token=secret"])
def test_credentials_in_a_url_are_refused_and_not_repeated(url):
    with pytest.raises(UsageError) as refused:
        open_objects(url)
    assert "secret" not in str(refused.value)
    assert "environment" in str(refused.value)


def test_a_place_that_nothing_reaches_is_said_with_what_is_missing():
    pytest.importorskip("fsspec")
    with pytest.raises(UsageError, match="no driver for the store nosuch://x"):
        open_objects("nosuch://x")


def test_a_full_store_is_away_and_takes_the_object_when_there_is_room(tmp_path):
    with small_disk(tmp_path / "disk", size_kib=256) as disk:
        objects = open_objects(str(disk))
        filler = fill(disk)
        with pytest.raises(StoreAway, match=f"could not write .*: {os.strerror(28)}"):
            objects.put_new("a", bytes(8192))
        assert not objects.has("a")
        filler.unlink()
        assert objects.put_new("a", bytes(8192)) is True


class Away:
    """Work that fails some times."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self) -> str:
        self.left -= 1
        if self.left >= 0:
            raise StoreAway("the store could not write x: Input/output error.")
        return "done"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout or 0)
            return self.is_set()

    monkeypatch.setattr(module.threading, "Event", Stop)
    monkeypatch.setattr(module, "_TALK", module._Talk())
    return waited


def test_a_store_that_is_away_is_tried_until_it_is_back_and_that_is_said_twice(pauses, caplog):
    assert patiently(Away(8), stop=threading.Event(), subject="LAB1") == "done"
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert said[0].startswith("LAB1: the store could not write x")
    assert said[1] == "the store is back"


def test_however_many_wait_for_a_store_its_absence_is_said_once_and_a_later_one_again(pauses, caplog, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    stop = threading.Event()
    stop.set()

    def fail(subject: str) -> None:
        with pytest.raises(PartInterrupted):
            patiently(Away(1), stop=stop, subject=subject)

    fail("LAB1")
    now[0] += 60
    fail("LAB2")
    now[0] += 60
    fail("LAB1")
    assert [record.getMessage()[:5] for record in caplog.records] == ["LAB1:"]
    now[0] += 61
    fail("LAB2")
    assert [record.getMessage()[:5] for record in caplog.records] == ["LAB1:", "LAB2:"]
    assert patiently(Away(1), stop=threading.Event(), subject="LAB1") == "done"
    fail("LAB1")
    assert [record.getMessage()[:5] for record in caplog.records] == ["LAB1:", "LAB2:", "the s", "LAB1:"]


def test_a_store_that_is_there_says_nothing(pauses, caplog):
    assert patiently(Away(0), stop=threading.Event(), subject="LAB1") == "done"
    assert (pauses, caplog.records) == ([], [])


def test_a_stop_ends_the_waiting(pauses):
    stop = threading.Event()
    stop.set()
    with pytest.raises(PartInterrupted, match="interrupted while the store was away"):
        patiently(Away(1), stop=stop, subject="LAB1")
