"""Files that a judged night is written to."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sample_verdicts import finding, row, verdict

from mbench.core.errors import DiskError
from mbench.report.exports.otava import NightRows
from mbench.workflows.nightly.gate_tables import Outputs
from mbench.workflows.nightly.outputs import JudgedNight, remove_outputs, write_outputs

NIGHT = JudgedNight(
    verdict=verdict(finding()),
    changes=None,
    rows=(row(),),
    earlier=(NightRows(night="before", rows=(row(),)),),
)


def written(folder: Path, **said: str) -> dict[str, bytes]:
    paths = write_outputs(Outputs(**said), NIGHT, resolved=lambda text: folder / text)
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_each_output_is_written_where_it_is_asked_for(tmp_path):
    found = written(
        tmp_path,
        text="verdict.txt",
        summary="out/summary.md",
        comment="out/comment.md",
        annotations="out/annotations.txt",
        junit="out/junit.xml",
        bencher="out/bencher",
        github_benchmark="out/bench.json",
        otava="out/otava",
    )
    assert len(found) == 9
    assert found["verdict.txt"].startswith(b"1 regression confirmed: detector gpu")
    assert found["out/summary.md"].startswith(b"**1 regression confirmed: `detector gpu")
    assert found["out/comment.md"].startswith(b"<!-- mbench verdict mobile-main -->\n**1 regression")
    assert found["out/annotations.txt"].startswith(b"::error title=")
    assert ElementTree.fromstring(found["out/junit.xml"]).get("failures") == "1"
    assert list(json.loads(found["out/bencher/9A1.json"])) == ["detector gpu ×4"]
    assert json.loads(found["out/bench.json"])[0]["value"] == 14_310.0
    (series,) = [data for name, data in found.items() if name.endswith(".csv")]
    assert len(series.splitlines()) == 3  # the head, the night before, tonight


def test_nothing_is_written_unasked_and_what_was_there_is_replaced(tmp_path):
    assert written(tmp_path) == {}
    (tmp_path / "v.txt").write_text("what was there", encoding="utf-8")
    assert b"what was there" not in written(tmp_path, text="v.txt")["v.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["v.txt"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "v.txt").mkdir()
    with pytest.raises(DiskError, match=r"v\.txt"):
        written(tmp_path, text="v.txt")


def test_bencher_s_file_of_a_device_that_is_planned_no_more_goes_and_others_files_stay(tmp_path):
    outputs, folder = Outputs(bencher="out/bencher"), tmp_path / "out" / "bencher"
    two = JudgedNight(verdict=NIGHT.verdict, changes=None, rows=(row(), row(serial="9A2")))
    write_outputs(outputs, two, resolved=lambda text: tmp_path / text)
    (folder / "mine.json").write_text("{}", encoding="utf-8")
    listed = (folder / ".written-by-mbench").read_text(encoding="utf-8").split()
    assert listed == ["9A1.json", "9A2.json"]
    remove_outputs(outputs, resolved=lambda text: tmp_path / text)
    assert sorted(path.name for path in folder.glob("*.json")) == ["mine.json"]
    written(tmp_path, bencher="out/bencher")
    assert sorted(path.name for path in folder.glob("*.json")) == ["9A1.json", "mine.json"]


def test_a_list_of_bencher_s_files_removes_nothing_outside_of_its_folder(tmp_path):
    folder = tmp_path / "bencher"
    folder.mkdir()
    (tmp_path / "kept.json").write_text("{}", encoding="utf-8")
    (folder / "kept.txt").write_text("", encoding="utf-8")
    (folder / ".written-by-mbench").write_text("../kept.json\nkept.txt\n\n", encoding="utf-8")
    remove_outputs(Outputs(bencher="bencher"), resolved=lambda text: tmp_path / text)
    assert (tmp_path / "kept.json").exists()
    assert (folder / "kept.txt").exists()
