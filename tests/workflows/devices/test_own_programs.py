"""Users' own programs that nights were measured by: kept by their hash, verified, and not for ever."""

import hashlib
import os
import time

import pytest

from mbench.core.errors import StoreError
from mbench.core.results import BinaryFacts
from mbench.workflows.devices.own_programs import (
    PROGRAM_DAYS,
    keep_own_program,
    own_program_file,
    programs_folder,
    remove_unused,
)
from mbench.workflows.devices.planned_program import is_kept, planned_host_file

DATA = b"a program"
SHA256 = hashlib.sha256(DATA).hexdigest()
DAY_S = 86_400


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_HOME", str(tmp_path / "home"))
    path = tmp_path / "benchmark_model"
    path.write_bytes(DATA)
    return path


def facts(**changes) -> BinaryFacts:
    return BinaryFacts(**({"tool": "tflite", "sha256": SHA256, "path": "gone"} | changes))


def test_a_program_is_found_by_its_hash_after_its_file_was_built_over(source):
    assert own_program_file(SHA256) is None
    assert keep_own_program(source, SHA256)
    source.write_bytes(b"the next build")
    found = own_program_file(SHA256)
    assert found is not None
    assert found.read_bytes() == DATA
    assert keep_own_program(source, SHA256), "it is there already, whatever lies at its place now"


@pytest.mark.parametrize("there", [True, False])
def test_a_file_that_is_another_one_by_now_is_not_kept(source, there):
    if there:
        source.write_bytes(b"the next build")
    else:
        source.unlink()
    assert not keep_own_program(source, SHA256)
    assert own_program_file(SHA256) is None


def test_a_program_that_has_changed_where_it_is_kept_is_not_handed_out(source):
    keep_own_program(source, SHA256)
    (programs_folder() / SHA256 / "benchmark_model").write_bytes(b"damaged")
    assert own_program_file(SHA256) is None
    assert not is_kept(facts())
    assert keep_own_program(source, SHA256)
    assert is_kept(facts())


@pytest.mark.parametrize(("days", "there"), [(PROGRAM_DAYS - 1, True), (PROGRAM_DAYS + 1, False)])
def test_a_program_that_no_night_uses_is_kept_for_thirty_days(source, days, there):
    assert PROGRAM_DAYS == 30
    keep_own_program(source, SHA256)
    then = time.time() - days * DAY_S
    os.utime(programs_folder() / SHA256 / "benchmark_model", (then, then))
    remove_unused()
    assert (own_program_file(SHA256) is not None) is there


def test_a_program_that_is_kept_again_is_kept_for_as_long_again(source):
    keep_own_program(source, SHA256)
    path = programs_folder() / SHA256 / "benchmark_model"
    then = time.time() - (PROGRAM_DAYS + 1) * DAY_S
    os.utime(path, (then, then))
    keep_own_program(source, SHA256)
    assert path.stat().st_mtime > time.time() - DAY_S


def test_this_host_finds_a_planned_program_among_those_of_its_nights(source):
    with pytest.raises(StoreError, match="not among the kept binaries"):
        planned_host_file(facts(), None)
    keep_own_program(source, SHA256)
    assert planned_host_file(facts(), None) == own_program_file(SHA256)


def test_one_that_needs_libraries_beside_it_is_not_kept_without_them(source):
    keep_own_program(source, SHA256)
    assert is_kept(facts())
    assert not is_kept(facts(companions={"libLiteRt.so": "a" * 64}))
