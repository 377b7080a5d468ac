"""Names of files and folders that are not UTF-8, as old disks and other systems leave them."""

import csv
import io
import json
import os
import shutil

import pytest
from command_line import ONCE, SMALL, model_called, rows_of
from PIL import Image

LATIN = os.fsdecode(b"caf\xe9")
SHOWN = r"caf\xe9"


@pytest.fixture
def model(mbench, home):
    return model_called(LATIN, home=home, folder=mbench.folder)


def test_a_model_is_run_and_stored_under_its_own_name(mbench, model):
    done = mbench("run", "--model", model, *ONCE)
    assert (done.returncode, r"file:caf\\xe9@" in done.stdout) == (0, True), done.stderr
    (row,) = rows_of(mbench("report", "--json"))
    assert row["variant"].startswith(f"file:{LATIN}@")
    (line,) = csv.DictReader(io.StringIO(mbench("report", "--format", "csv").stdout))
    assert line["variant"].startswith(f"file:{SHOWN}@")
    assert SHOWN in mbench("report", "--format", "table").stdout
    (plan,) = mbench.folder.glob("results/*/plan.json")
    assert model in json.loads(plan.read_bytes())["provenance"]["command"]
    assert mbench("run", "--resume", "last").returncode == 0


def test_json_of_a_model_is_exact(mbench, model):
    assert json.loads(mbench("inspect", model, "--json").stdout)["name"].startswith(f"file:{LATIN}@")


def test_folders_of_results_and_of_what_is_kept_may_be_called_so(mbench, home, tmp_path):
    own = shutil.copytree(home, tmp_path / LATIN / "home")
    done = mbench("run", SMALL, *ONCE, "--results", LATIN, "--json", MBENCH_HOME=str(own))
    assert [row["status"] for row in rows_of(done)] == ["ok"], done.stderr
    assert f"mbench: kept in {SHOWN}/" in done.stderr
    assert mbench("report", "--results", LATIN, "--json").stdout == done.stdout


def test_pictures_classes_and_their_folder_may_be_called_so(mbench, model):
    for name in ("a", LATIN):
        folder = mbench.folder / f"pictures {LATIN}" / name
        folder.mkdir(parents=True)
        for number in range(3):
            Image.new("RGB", (8, 8), (40 * number, len(name), 0)).save(folder / f"{LATIN}{number}.png", format="PNG")
    done = mbench("evaluate", model, "--dataset", f"folder:pictures {LATIN}", "--format", "json")
    assert done.returncode == 4
    (answer,) = json.loads(done.stdout)
    assert "the data set 2 classes" in answer["error"]  # they were read


@pytest.mark.parametrize(
    "arguments",
    [
        ("inspect", f"{LATIN}.tflite"),
        ("report", LATIN),
        ("report", "--results", LATIN),
        ("run", "--resume", LATIN),
        ("run", "--suite", LATIN),
        ("run", "--dataset", f"folder:{LATIN}", SMALL),
        ("run", "--dataset", "folder:~no such user/x", SMALL),
        ("binary", "add", LATIN),
        ("devices", "--adb-server", LATIN),
        ("devices", "--adb-server", "a" * 64),
        (LATIN,),
    ],
    ids=lambda arguments: " ".join(map(ascii, arguments)),
)
def test_one_that_is_not_there_is_one_line(bare, arguments):
    done = bare(*arguments)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert "defect" not in done.stderr
