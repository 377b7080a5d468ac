"""A history's page that is large names smaller ones, whose commands hold all of its cells."""

from datetime import timedelta

import pytest
from sample_sessions import NOW, PHONE, night, part, planned

from mbench.workflows.history import page as page_module
from mbench.workflows.history.command import HistoryRequest, history
from mbench.workflows.history.page import history_page_of


@pytest.fixture
def found(tmp_path):
    """Six cells: three workloads on two phones of two models."""
    jobs = [planned(name=f"mobilenet_v1_{width}_160_int8", job=f"job-{width}") for width in ("0.25", "0.50", "0.75")]
    other = PHONE.model_copy(update={"serial": "P2", "model": "Pixel 6"})
    later = [planned(name=job.workload.artifact.name, job=f"{job.id}-p2") for job in jobs]
    for number in range(2):
        night(tmp_path, part(jobs), part(later, device=other), at=NOW + timedelta(days=number))
    request = HistoryRequest(root=tmp_path, facts=True)
    return history(request, note=lambda _: None), request


def commands(found, monkeypatch, share: float, **how) -> tuple[list[str], list[str]]:
    """Return the commands of smaller pages where so large a share of this one is small enough, and what was said."""
    past, request = found
    fields = {"where": [], "hide_serials": False} | how
    notes: list[str] = []
    size = len(history_page_of(past, request, tell=notes.append, **fields))
    assert notes == []
    monkeypatch.setattr("mbench.report.pages.nights.history_page.LARGE_BYTES", size - 1)
    monkeypatch.setattr(page_module, "LARGE_BYTES", share * size)
    text = history_page_of(past, request, tell=notes.append, **fields).decode()
    return [line.split("</code>")[0] for line in text.split("<li><code>")[1:]], notes


@pytest.mark.parametrize(("share", "names"), [(0.51, ["'Pixel 4'", "'Pixel 6'"]), (0.34, ["0.25", "0.50", "0.75"])])
def test_the_fewest_parts_that_are_small_enough_are_named(found, monkeypatch, share, names):
    parts, notes = commands(found, monkeypatch, share)
    assert len(parts) == len(names)
    for place, (command, name) in enumerate(zip(parts, names, strict=True)):
        assert name in command.replace("&#39;", "'")
        assert f" -o {place + 1}.html " in command
    assert len(notes) == 1
    assert "MB and opens slowly" in notes[0]


def test_where_no_part_is_small_enough_the_smallest_ones_are_named(found, monkeypatch):
    parts, _ = commands(found, monkeypatch, 0.01)
    assert len(parts) == 3


def test_commands_of_parts_say_how_the_page_was_asked_for(found, monkeypatch, tmp_path):
    parts, _ = commands(found, monkeypatch, 0.51, where=["--farm", str(tmp_path / "farm.toml")], hide_serials=True)
    asked = "-o 1.html --project app --branch main --format html --hide-serials"
    assert f"--farm {tmp_path / 'farm.toml'} {asked}" in parts[0]
