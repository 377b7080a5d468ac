"""Results of all sessions for tables: as whole ones say it, whether they are read or were kept, and never of before."""

import shutil
from pathlib import Path

import pytest

from benchmarks.stored_jobs import write_sessions
from mbench.core.errors import StoreError
from mbench.report.results.delimited import as_json
from mbench.report.results.report import report_markdown
from mbench.report.results.rows.job_rows import rows_of
from mbench.report.results.rows.short_sessions import format_short, short_results
from mbench.store.derived import FOLDER, DerivedTexts
from mbench.store.packs import pack
from mbench.store.session import open_session
from mbench.workflows.reporting import stored_results
from mbench.workflows.table_results import all_short_results, code_mark


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two sessions of four jobs."""
    write_sessions(tmp_path, 2, 4, phones=2)
    return tmp_path


def forms(results):
    return report_markdown(results, by_session=True), as_json(rows_of(results))


def whole(root):
    return stored_results([], everything=True, root=root)


def sessions(root):
    return sorted(path.parent for path in root.glob("*/plan.json"))


def kept_texts(root):
    return sorted(path.stem for path in (root / FOLDER).glob("*.json"))


def test_read_and_kept_they_say_what_whole_results_say(root):
    for _ in range(2):
        assert forms(all_short_results(root)) == forms(whole(root))
        assert kept_texts(root) == [path.name for path in sessions(root)]


def test_what_is_kept_is_not_read_again(root):
    first, second = sessions(root)
    others = short_results(open_session(first).results())
    DerivedTexts(root, made_by=code_mark()).keep(second.name, format_short(others))
    assert forms(all_short_results(root)) == forms([*others, *others])


def test_a_session_that_is_gone_is_gone(root):
    all_short_results(root)
    shutil.rmtree(sessions(root)[0])
    assert forms(all_short_results(root)) == forms(whole(root))
    assert kept_texts(root) == [path.name for path in sessions(root)]


def test_packed_sessions_are_kept_too(root):
    before = forms(whole(root))
    pack(root, "2026-11", sessions(root)[:1])
    for _ in range(2):
        assert forms(all_short_results(root)) == before
    assert len(kept_texts(root)) == 2


def test_a_damaged_pack_is_named_as_ever(root):
    pack(root, "2026-11", sessions(root)[:1])
    (path,) = (root / "packed").glob("*.zip")
    data = path.read_bytes()
    path.write_bytes(data[:300] + bytes([data[300] ^ 1]) + data[301:])
    with pytest.raises(StoreError) as known:
        whole(root)
    with pytest.raises(StoreError) as found:
        all_short_results(root)
    assert str(found.value) == str(known.value)


def test_what_came_along_with_a_copied_folder_is_made_again(root, tmp_path):
    first, second = sessions(root)
    others = short_results(open_session(first).results())
    DerivedTexts(root, made_by=code_mark()).keep(second.name, format_short(others))
    copy = tmp_path / "copy"
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns("copy"))
    assert forms(all_short_results(copy)) == forms(whole(copy))


def test_a_session_with_a_job_without_a_document_is_read_each_time(root):
    next((sessions(root)[0] / "jobs").iterdir()).unlink()
    assert forms(all_short_results(root)) == forms(whole(root))
    assert kept_texts(root) == [sessions(root)[1].name]


def test_a_session_under_two_names_counts_once(root):
    all_short_results(root)
    (root / "0-first").symlink_to(sessions(root)[1], target_is_directory=True)
    assert forms(all_short_results(root)) == forms(whole(root))


@pytest.mark.parametrize("damaged", [b"{", b'{"kind": "job", "format_version": 99}', b"[]"])
def test_a_damaged_document_is_named_as_ever(root, damaged):
    all_short_results(root)
    job = sorted((sessions(root)[1] / "jobs").iterdir())[-1]
    job.write_bytes(damaged)
    with pytest.raises(StoreError) as known:
        whole(root)
    with pytest.raises(StoreError) as found:
        all_short_results(root)
    assert str(found.value) == str(known.value)
    assert str(job) in str(found.value)


@pytest.mark.parametrize("text", [b"", b"nonsense", b'{"parts": [], "workloads": [], "jobs": [{}]}'])
def test_a_kept_text_that_says_nothing_is_made_again(root, text):
    DerivedTexts(root, made_by=code_mark()).keep(sessions(root)[0].name, text)
    assert forms(all_short_results(root)) == forms(whole(root))


def test_a_folder_without_sessions_has_none_and_gets_nothing(tmp_path):
    assert all_short_results(tmp_path / "nowhere") == ()
    assert not (tmp_path / "nowhere").exists()
