"""Commands that a verdict prints: they say all that they need where they are pasted."""

import shlex
from dataclasses import replace

import pytest
from sample_verdicts import finding

from mbench.core.nights.cells import Cell
from mbench.report.verdicts.commands import CommandPlace, accept_command, history_command, reproduce_command

CELL = Cell(project="app", branch="main", workload="detector", delegate="gpu", threads=4, serial="9A1")
VARIANT = Cell(
    project="app", branch="main", workload="mobilenet_v1_0.50_160_int8", delegate="cpu", threads=1, serial="9A1"
)
FARM = CommandPlace(farm="lab/farm.toml", project="app", branch="main")


def test_a_history_names_its_project_unless_the_farm_file_does():
    assert history_command(CELL) == "mbench history detector gpu 9A1 --project app"
    assert history_command(CELL, FARM) == "mbench history detector gpu 9A1 --farm lab/farm.toml"
    other = CommandPlace(farm="lab/farm.toml", project="web", branch="pull/7")
    said = "mbench history detector gpu 9A1 --farm lab/farm.toml --project app --branch main"
    assert history_command(CELL, other) == said
    placed = CommandPlace(results="/srv/my results")
    assert shlex.split(history_command(CELL, placed))[5:7] == ["--results", "/srv/my results"]


def test_a_user_s_own_network_is_measured_by_its_file_or_not_at_all():
    assert reproduce_command(CELL) is None
    place = CommandPlace(files={CELL: "/cache/files/1f3a.tflite"})
    assert reproduce_command(CELL, place) == (
        "mbench run --model /cache/files/1f3a.tflite --as detector --device 9A1 --delegate gpu --threads 4"
    )
    assert reproduce_command(VARIANT) == f"mbench run {VARIANT.workload} --device 9A1 --delegate cpu --threads 1"


def test_a_phone_that_another_host_lends_is_not_measured_here():
    assert reproduce_command(VARIANT, CommandPlace(lent=True)) is None


@pytest.mark.parametrize(
    ("place", "more"),
    [
        (CommandPlace(), ""),
        (CommandPlace(results="r"), " --results r"),
        (CommandPlace(accepted="lab/accepted.toml"), " --file lab/accepted.toml"),
        (CommandPlace(results="r", accepted="a", session="20261130"), " --results r --file a --session 20261130"),
    ],
)
def test_accepting_names_results_file_and_session_where_they_are_not_the_usual_ones(place, more):
    said = accept_command(finding(), devices=1, place=place)
    assert said.endswith(f" --class latency --because TEXT{more}")
    assert accept_command(finding(), devices=2, place=place).startswith("mbench accept 'detector gpu ×4 on Pixel 4'")


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (replace(CELL, workload="delete"), ["show", "delete", "gpu", "9A1", "--project", "app"]),
        (replace(CELL, workload="import"), ["show", "import", "gpu", "9A1", "--project", "app"]),
        (replace(CELL, workload="show"), ["show", "show", "gpu", "9A1", "--project", "app"]),
        (replace(CELL, workload="-x"), ["--project", "app", "--", "-x", "gpu", "9A1"]),
        (replace(CELL, serial="[::1]:5555"), ["detector", "gpu", "[[]::1]:5555", "--project", "app"]),
        (replace(CELL, workload="a*b?"), ["a[*]b[?]", "gpu", "9A1", "--project", "app"]),
    ],
)
def test_a_history_is_of_the_cell_whatever_it_is_called(cell, words):
    assert shlex.split(history_command(cell)) == ["mbench", "history", *words]


def test_a_name_that_looks_like_an_option_is_accepted_behind_all_options():
    found = replace(finding(), cell=replace(CELL, workload="-x"))
    words = ["--class", "latency", "--because", "TEXT", "--", "-x gpu ×4 on 9A1"]
    assert shlex.split(accept_command(found, devices=1)) == ["mbench", "accept", *words]


@pytest.mark.parametrize(("workload", "named"), [("file:detector", ["--as", "detector"]), ("file:my net", [])])
def test_a_file_that_nobody_named_is_measured_under_a_name_that_is_taken(workload, named):
    cell = replace(CELL, workload=workload)
    said = shlex.split(reproduce_command(cell, CommandPlace(files={cell: "/cache/1f3a.tflite"})))
    assert said[2:-6] == ["--model", "/cache/1f3a.tflite", *named]
