"""`mbench history`: what a user types, from a measured file to a table, and words that mean nothing."""

import csv
import functools
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import ROOT, SHORT, Command, model_called

sys.path.insert(0, str(ROOT / "tests" / "history"))

from datetime import timedelta

from sample_sessions import NOW, PHONE, PROVENANCE, night, nights, part


@pytest.fixture(scope="module")
def past(tmp_path_factory) -> Command:
    """A command in whose results are nights, which nobody changes: twenty at one level, twenty at another."""
    folder = tmp_path_factory.mktemp("past")
    root = folder / "results"
    levels = [*(1000 + number % 3 for number in range(20)), *(1200 + number % 3 for number in range(20))]
    for number, level_us in enumerate(levels):
        binary = part().binary.model_copy(update={"sha256": ("b" if number < 20 else "c") * 64})
        night(
            root,
            part(binary=binary),
            at=NOW + timedelta(days=number),
            latencies={"job-0": (level_us - 1, level_us, level_us + 1)},
            provenance=PROVENANCE.model_copy(update={"label": f"commit-{number}"}),
        )
    command = Command(folder, folder / "home")
    assert command("history", "--format", "csv").returncode == 0  # reads all documents once
    return command


@pytest.fixture(scope="module")
def said(past) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """What `mbench history` says of the past to words; the same words are asked once."""
    return functools.cache(functools.partial(past, "history"))


@pytest.fixture
def lab(past, tmp_path) -> Command:
    """A past of one's own."""
    return Command(Path(shutil.copytree(past.folder, tmp_path / "lab")), tmp_path / "lab" / "home")


def test_a_file_that_was_measured_has_a_history_under_the_name_that_lasts(mbench, home):
    file = model_called("net", home=home, folder=mbench.folder)
    short = (*SHORT, "--runs", "1", "--max-runs", "1")
    done = mbench("run", "--model", file, "--as", "detector", "--label", "c0ffee", *short, "--quiet")
    assert done.returncode == 0, done.stderr
    done = mbench("history", "--format", "json")
    (series,) = json.loads(done.stdout)
    assert (series["project"], series["branch"], series["workload"]) == ("runs", "main", "detector")
    assert series["device"].startswith("host:")
    assert series["level_us"] > 0
    (plan,) = (mbench.folder / "results").glob("*/plan.json")
    made_by = json.loads(plan.read_text())["provenance"]
    assert (made_by["label"], made_by["measuring_version"]) == ("c0ffee", 1)


def test_the_table_says_since_when_by_how_much_and_what_changed(said):
    done = said("--format", "md")
    assert done.stderr == ""
    assert "| 2026-11-21 +20.0 % |" in done.stdout
    assert f"binary {'b' * 12} → {'c' * 12}, label commit-19 → commit-20" in done.stdout
    assert "app, branch main: 40 nights." in done.stdout


def test_csv_and_json_say_the_same(said):
    (line,) = csv.DictReader(io.StringIO(said("--format", "csv").stdout))
    (series,) = json.loads(said("--format", "json").stdout)
    (change,) = series["changes"]
    assert float(line["level_us"]) == series["level_us"] == 1201
    assert float(line["change"]) == change["change"] == pytest.approx(0.2, abs=0.001)
    assert (line["changed_on"], line["changed_in"]) == (change["date"], change["night"])
    assert (line["nights"], len(series["points"])) == ("40", 40)
    assert (line["against_us"], series["against_us"]) == ("", None)


@pytest.mark.parametrize("width", [60, 140])
def test_the_table_fits_the_terminal(past, width):
    done = past("history", "--format", "table", COLUMNS=str(width))
    assert max(map(len, done.stdout.splitlines())) <= width


def test_missing_nights_are_shown_as_missing(lab):
    root = lab.folder / "results"
    at = NOW + timedelta(days=43)
    night(root, at=at, missed=[(at - timedelta(days=2)).date()])
    done = lab("history", "--nights", "4", "--format", "json")
    assert [point["state"] for point in json.loads(done.stdout)[0]["points"]] == [
        "number",
        "number",
        "missing",
        "number",
    ]
    shown = lab("history", "--nights", "4", "--format", "md").stdout
    assert "·" in shown
    assert "nights that were due and never began: 2026-12-12." in shown


@pytest.mark.slow
def test_a_pull_request_stands_beside_main_and_is_no_part_of_it(lab):
    root = lab.folder / "results"
    night(root, at=NOW + timedelta(days=50), branch="pull/7", latencies={"job-0": (2402, 2402, 2402)})
    assert len(json.loads(lab("history", "--format", "json").stdout)[0]["points"]) == 40
    (series,) = json.loads(lab("history", "--branch", "pull/7", "--against", "main", "--format", "json").stdout)
    assert (series["level_us"], series["against_us"]) == (2402, 1201)
    assert "| 200.0 |" in " ".join(lab("history", "--branch", "pull/7", "--against", "main").stdout.split())


@pytest.mark.slow
def test_words_choose_cells(lab):
    night(lab.folder / "results", part(device=PHONE.model_copy(update={"serial": "P2"})), at=NOW + timedelta(days=50))

    def found(*words):
        return [each["device"] for each in json.loads(lab("history", *words, "--format", "json").stdout)]

    assert found("*_int8", "P?") == ["P1", "P2"]
    assert found("MOBILENET", "cpu", "p1", "pixel 4") == ["P1"]
    done = lab("history", "gpu")
    assert (done.returncode, done.stderr) == (2, "mbench: no cell of app fits gpu; leave words out to see all.\n")


def test_one_of_several_projects_is_named(lab):
    nights(lab.folder / "results", [5, 6], project="other")
    assert "name one: --project app or other" in lab("history").stderr
    assert len(json.loads(lab("history", "--project", "other", "--format", "json").stdout)[0]["points"]) == 2
    assert "no past of project 'ap'" in lab("history", "--project", "ap").stderr
    assert "no branch 'mian'" in lab("history", "--project", "app", "--branch", "mian").stderr


@pytest.mark.slow
def test_what_is_deleted_is_gone(lab):
    nights(lab.folder / "results", [5, 6], project="other")
    done = lab("history", "delete", "--project", "other")
    assert done.returncode == 0
    assert "gone from the archive, also when it is made again" in done.stdout
    assert json.loads(lab("history", "--format", "json").stdout)[0]["project"] == "app"
    assert "no past of a phone 'P9'" in lab("history", "delete", "--phone", "P9").stderr
    assert "say what goes" in lab("history", "delete").stderr
    assert lab("history", "delete", "--phone", "P1").returncode == 0
    assert lab("history").stdout.splitlines()[2:3] == [""]
    (lab.folder / "past.csv").write_text("time,workload,device,latency_us\n2026-11-01,net,P7,5\n")
    assert "project other was deleted" in lab("history", "import", "past.csv", "--project", "other").stderr


def test_a_file_is_imported(bare):
    (bare.folder / "past.csv").write_text("date,net,phone,ms\n2026-11-01,a,P1,5\n2026-11-02,a,P1,6\n")
    columns = ("--column", "workload=net", "--column", "device=phone", "--column", "latency_ms=ms")
    done = bare("history", "import", "past.csv", "--project", "old", *columns)
    assert (done.returncode, done.stdout) == (0, "2 points of 1 cell are new in old, branch main.\n")
    (series,) = json.loads(bare("history", "--format", "json").stdout)
    assert [point["latency_us"] for point in series["points"]] == [5000, 6000]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("history",), "holds no sessions; mbench run and mbench nightly make some."),
        (("history", "import", "no.csv", "--project", "a"), "could not read no.csv"),
        (("history", "import", "no.csv", "--project", "a b"), "'a b' is not a name"),
        (("history", "import", "no.csv", "--project", "a", "--column", "x"), "does not name two columns"),
        (("history", "import", "no.csv"), "--project is missing"),
        (("history", "--results", "s3://bucket/results"), "copy its sessions here first"),
        (("run", "--model", "a.tflite", "--as", "a", "--as", "b"), "2 names for 1 files"),
        (("run", "--model", "a.tflite", "--as", "-"), "a name has letters"),
        (("run", "--model", "a.tflite", "--model", "b.tflite", "--as", "a", "--as", "a"), "two files cannot have one"),
        (("run", "--label", "two\nlines"), "a label is one line"),
    ],
)
def test_words_that_mean_nothing_are_refused_in_one_line(bare, words, said):
    done = bare(*words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert said in done.stderr


PROBE = """
import sys
from mbench.cli.main import main
for words in (("--help",), ("history", "--help"), ("report", "--all"), ("run", "--dry-run")):
    sys.argv[1:] = words
    try:
        main()
    except SystemExit:
        pass
    print(*words, "duckdb" in sys.modules, file=sys.stderr)
"""


def test_no_command_but_history_imports_duckdb(mbench):
    (mbench.folder / "probe.py").write_text(PROBE)
    done = subprocess.run(
        (sys.executable, "probe.py"), cwd=mbench.folder, env=mbench.environment, capture_output=True, text=True
    )
    found = [line for line in done.stderr.splitlines() if line.endswith((" True", " False"))]
    assert found == ["--help False", "history --help False", "report --all False", "run --dry-run False"], done.stderr


def test_a_page_is_written_whole_and_its_path_is_the_answer(lab, said):
    done = lab("history", "--format", "html", "-o", "past.html")
    assert (done.returncode, done.stdout, done.stderr) == (0, "past.html\n", "")
    page = (lab.folder / "past.html").read_bytes()
    assert page.startswith(b"<!DOCTYPE html>\n<!-- mbench page")
    assert lab("history", "--format", "html", "-o", "past.html").returncode == 0
    assert (lab.folder / "past.html").read_bytes() == page
    assert said("--format", "html").stdout.encode() == page
    assert b"mbench history --project app --branch main --format html" in page


def test_a_page_names_the_results_that_it_was_made_of(bare, past):
    results = str(past.folder / "results")
    page = bare("history", "--results", results, "--format", "html").stdout
    assert f"mbench history --results {results} --project app --branch main --format html" in page


def test_what_is_no_page_is_not_written_over_and_pages_options_are_of_pages(lab):
    (lab.folder / "past.html").write_text("mine")
    assert "past.html is there and not a page of mbench" in lab("history", "--format", "html", "-o", "past.html").stderr
    assert "--output is the file of --format html" in lab("history", "--format", "md", "-o", "other.html").stderr
    assert "--open shows a page; --format csv is none" in lab("history", "--format", "csv", "--open").stderr


def test_json_has_intervals_labels_and_what_was_measured(said):
    (series,) = json.loads(said("--format", "json").stdout)
    last = series["points"][-1]
    assert (last["runs"], last["label"], last["why"]) == (3, "commit-39", None)
    assert last["half_width_us"] is None or last["half_width_us"] > 0
    assert [(stretch["date"], stretch["binary_sha256"]) for stretch in series["measured"]] == [
        ("2026-11-01", "b" * 64),
        ("2026-11-21", "c" * 64),
    ]
    assert series["measured"][0]["build"] == PHONE.build
    assert series["accepted"] == []


def test_a_farm_file_says_where_what_and_how_it_is_called_now_and_what_is_accepted(lab):
    (lab.folder / "farm.toml").write_text(
        'project = "app"\nresults = "results"\n[window]\nhours = 2\n[phones.all]\nprofile = "pixel4"\nevery = true\n'
        '[[measure]]\nvariants = ["mobilenet_v1_0.50_160_int8"]\n'
        '[renamed]\n"mobilenet_v1_0.50_160_int8" = "detector"\n'
    )
    (lab.folder / "accepted.toml").write_text(
        '[[accepted]]\nworkload = "detect*"\nclass = "latency"\ndevice = "P1"\nlevel = 1210.0\nunit = "µs"\n'
        'night = "n"\nnight_date = 2026-11-21\nbecause = "meant"\nwho = "Ada"\ndate = 2026-11-22\n'
    )
    (series,) = json.loads(lab("history", "--farm", "farm.toml", "--format", "json").stdout)
    assert series["workload"] == "detector"
    assert series["accepted"] == [
        {"date": "2026-11-21", "level_us": 1210, "ratio": None, "because": "meant", "who": "Ada"}
    ]


@pytest.mark.parametrize("shape", ["html", "json"])
def test_serials_are_replaced_by_names_that_last(said, shape):
    shown = said("--format", shape, "--hide-serials").stdout
    if shape == "json":
        (series,) = json.loads(shown)
        assert series["device"].startswith("pixel4-")
    assert "pixel4-" in shown
    assert not re.search(r"\bP1\b", shown if shape != "html" else re.sub("(?s)<template.*?</template>", "", shown))
