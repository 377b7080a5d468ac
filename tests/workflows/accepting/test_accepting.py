"""Which findings are accepted by what a person types, and what is written of them."""

from dataclasses import replace
from datetime import date

import pytest
from sample_nights import a_night, judged
from sample_verdicts import NIGHT, TONIGHT, certain, finding, verdict

from mbench.core.errors import UsageError
from mbench.core.nights.acceptances import accepted, accepts
from mbench.core.nights.verdicts import FindingClass
from mbench.workflows.accepting.accept_file import read_accepted
from mbench.workflows.accepting.accepting import (
    acceptable_class,
    add_accepted,
    changes_of,
    chosen_findings,
    judged_night,
    whoever,
)

NIGHT_OF = verdict(
    finding(),
    finding(serial="9B2", now=15_000.0),
    certain(FindingClass.SIZE),
    finding(workload="segmenter", threads=None),
    certain(FindingClass.LAB, serial="R58"),
    certain(FindingClass.FAILED, workload="broken"),
)


def chosen(*wanted, kind=None):
    return [(each.cell.workload, each.cell.serial, str(each.kind)) for each in chosen_findings(NIGHT_OF, wanted, kind)]


def made(findings, whole_model=False):
    return changes_of(findings, NIGHT_OF, because="meant", who="Ada", on=date(2026, 12, 1), whole_model=whole_model)


@pytest.mark.parametrize("name", ["detector gpu ×4 on 9A1", "detector gpu x4 on 9A1", " detector  gpu x4 on 9A1 "])
def test_a_cell_is_named_as_a_verdict_names_it(name):
    assert chosen(name) == [("detector", "9A1", "latency"), ("detector", "9A1", "size")]


def test_a_model_names_all_of_its_cells_and_a_class_some_of_them():
    assert chosen("detector gpu x4 on Pixel 4", kind=FindingClass.LATENCY) == [
        ("detector", "9A1", "latency"),
        ("detector", "9B2", "latency"),
    ]


def test_a_pattern_names_what_it_fits_each_once():
    assert len(chosen("* on Pixel 4", "detector*")) == 5
    assert chosen("seg*") == [("segmenter", "9A1", "latency")]


def test_an_unknown_cell_is_refused_with_the_nearest_ones():
    with pytest.raises(UsageError) as caught:
        chosen("detektor gpu x4 on 9A1")
    assert str(caught.value).startswith(
        f"'detektor gpu x4 on 9A1' is not a cell that {NIGHT} found worse. The nearest are 'detector gpu ×4 on 9A1', "
    )
    with pytest.raises(UsageError, match="It found none that can be accepted"):
        chosen_findings(verdict(), ["x"], None)


def test_a_phone_that_was_away_cannot_be_accepted():
    with pytest.raises(UsageError, match="not a cell"):
        chosen("detector gpu x4 on R58")


def test_an_entry_accepts_the_very_finding_that_it_was_made_of():
    for found in chosen_findings(NIGHT_OF, ["*"], None):
        (entry,) = made([found])
        assert accepts(entry, found)
        assert (entry.night, entry.night_date, entry.because, entry.who) == (NIGHT, TONIGHT, "meant", "Ada")


def test_a_device_s_entry_is_of_that_device_alone():
    first, second = chosen_findings(NIGHT_OF, ["detector gpu x4 on Pixel 4"], FindingClass.LATENCY)
    (entry,) = made([first])
    assert not accepts(entry, second)


def test_a_model_s_entry_accepts_the_worst_ratio_that_was_seen():
    both = chosen_findings(NIGHT_OF, ["detector gpu x4 on Pixel 4"], FindingClass.LATENCY)
    (entry,) = made(both, whole_model=True)
    assert (entry.device, entry.model, entry.level) == (None, "Pixel 4", None)
    assert entry.ratio == pytest.approx(15_000 / 12_985)
    assert all(accepts(entry, each) for each in both)
    assert accepts(entry, finding(serial="9Z9"))


def test_of_accuracies_and_nodes_a_model_s_entry_accepts_the_lowest():
    for kind, now in ((FindingClass.ACCURACY, 60.0), (FindingClass.FALLBACK, 3.0)):
        found = [certain(kind, serial="1"), certain(kind, serial="2", now=now)]
        (entry,) = made(found, whole_model=True)
        assert (entry.level, entry.ratio) == (now, None)


@pytest.mark.parametrize(
    ("before", "now", "worst"), [(32.0, (31.0, 30.0), 30.0), (0.1, (0.2, 0.3), 0.3), (-1.0, (-2.0, -3.0), -3.0)]
)
def test_of_a_metric_s_values_a_model_s_entry_accepts_the_worst_either_way(tmp_path, before, now, worst):
    about = {"before": before, "unit": "psnr (dB)"}
    found = [certain(FindingClass.ACCURACY, serial=str(value), now=value, **about) for value in now]
    (entry,) = made(found, whole_model=True)
    assert (entry.level, entry.unit) == (worst, "psnr (dB)")
    assert add_accepted(tmp_path / "accepted.toml", [entry], found) == 1
    (read,) = read_accepted(tmp_path / "accepted.toml")
    assert all(accepts(read, each) for each in found)


def test_a_name_with_the_signs_of_a_pattern_accepts_itself_alone():
    odd = finding(workload="net[1]*")
    (entry,) = made([odd])
    assert accepts(entry, odd)
    assert not accepts(entry, finding(workload="net1abc"))


@pytest.mark.parametrize("name", ["a\nb", "x" * 501, "\ud800"])
def test_a_name_that_no_file_holds_is_refused(name):
    with pytest.raises(UsageError, match="cannot stand in a file"):
        made([finding(workload=name)])


def test_a_finding_without_a_level_is_refused():
    with pytest.raises(UsageError, match="no level"):
        made([replace(finding(), now=None)])


def test_entries_are_added_once_and_the_rest_of_the_file_stays(tmp_path):
    path = tmp_path / "kept" / "accepted.toml"
    path.parent.mkdir()
    path.write_text("# ours\n", encoding="utf-8")
    findings = chosen_findings(NIGHT_OF, ["detector*"], None)
    changes = made(findings)
    assert add_accepted(path, changes, findings) == 3
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ours\n")
    assert add_accepted(path, changes, findings) == 0
    assert path.read_text(encoding="utf-8") == text
    entries = read_accepted(path)
    assert all(accepted(each, entries) is not None for each in findings)
    assert [each.name for each in path.parent.iterdir()] == ["accepted.toml"]


def test_what_grew_is_added_beside_the_older_entry(tmp_path):
    path = tmp_path / "accepted.toml"
    add_accepted(path, made([finding()]), [finding()])
    worse = finding(now=20_000.0)
    assert accepted(worse, read_accepted(path)) is None
    assert add_accepted(path, made([worse]), [worse]) == 1
    assert accepted(worse, read_accepted(path)) is not None


def test_a_link_to_the_file_stays_a_link(tmp_path):
    (tmp_path / "real.toml").write_text("", encoding="utf-8")
    (tmp_path / "accepted.toml").symlink_to(tmp_path / "real.toml")
    add_accepted(tmp_path / "accepted.toml", made([finding()]), [finding()])
    assert (tmp_path / "accepted.toml").is_symlink()
    assert len(read_accepted(tmp_path / "real.toml")) == 1


def test_a_damaged_file_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "accepted.toml"
    path.write_text("<<<<<<< ours\n", encoding="utf-8")
    with pytest.raises(UsageError, match="conflict marker"):
        add_accepted(path, made([finding()]), [finding()])
    assert path.read_text(encoding="utf-8") == "<<<<<<< ours\n"


def test_what_no_night_could_read_is_not_written(tmp_path):
    path = tmp_path / "accepted.toml"
    path.write_text("# ours\n", encoding="utf-8")
    edited = finding(unit="parsecs")
    with pytest.raises(
        UsageError, match=r"nothing was added, since no night could read it: .*the unit of a level is one of"
    ):
        add_accepted(path, made([edited]), [edited])
    assert path.read_text(encoding="utf-8") == "# ours\n"


def test_the_last_judged_night_is_taken_unless_one_is_named(tmp_path):
    older = judged(tmp_path, finding(workload="older"), earlier_s=600)
    judged(tmp_path, finding(workload="newer"))
    assert judged_night(tmp_path, None).verdict.findings[0].cell.workload == "newer"
    assert judged_night(tmp_path, older.name).verdict.findings[0].cell.workload == "older"
    plain = a_night(tmp_path, earlier_s=60)
    with pytest.raises(UsageError, match="was not judged"):
        judged_night(tmp_path, plain.name)


def test_a_class_is_one_that_can_be_accepted():
    assert acceptable_class("size") is FindingClass.SIZE
    with pytest.raises(UsageError, match="Did you mean 'latency'"):
        acceptable_class("latncy")
    with pytest.raises(UsageError, match="no such class can be accepted"):
        acceptable_class("lab")


def test_whoever_accepts_is_named_by_git_else_by_the_account(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOGNAME", "grace")
    assert whoever() == "grace"
    (tmp_path / "config").write_text("[user]\n\tname = Ada Lovelace\n", encoding="utf-8")
    assert whoever() == "Ada Lovelace"
