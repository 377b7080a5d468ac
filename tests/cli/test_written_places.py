"""Options that name what is written: files of somebody else stay, and an answer is never lost with its file."""

import csv
import io
import os
import shutil

import numpy as np
import pytest
from command_line import SMALL, model_called
from PIL import Image

COMMAND = ("evaluate", "my.tflite", "--dataset", "folder:set", "--preprocessing", "plain", "--workers", "1")


@pytest.fixture
def scored(mbench, home):
    """`mbench evaluate` of one file on six pictures of two classes; its answers mean nothing."""
    model_called("my", home=home, folder=mbench.folder)
    for name, level in (("a", 50), ("b", 200)):
        folder = mbench.folder / "set" / "test" / name
        folder.mkdir(parents=True)
        for number in range(3):
            Image.fromarray(np.full((9, 9, 3), level + number, np.uint8)).save(folder / f"{number}.png")
    names = [f"{number}: {'ab'[number] if number < 2 else 'other'}\n" for number in range(1000)]
    (mbench.folder / "labels.txt").write_text("".join(names))
    return lambda *more: mbench(*COMMAND, "--labels", "labels.txt", *more)


@pytest.mark.parametrize("name", ["my.tflite", "labels.txt"])
def test_predictions_replace_no_file_that_is_not_predictions(scored, mbench, name):
    before = (mbench.folder / name).read_bytes()
    done = scored("--predictions", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"--predictions {name} is there and not predictions of mbench" in done.stderr
    assert (mbench.folder / name).read_bytes() == before


@pytest.mark.parametrize("path", ["/dev/stdout", "set"])
def test_predictions_go_to_regular_files_and_the_way_to_stdout_is_named(scored, path):
    done = scored("--predictions", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--predictions - for stdout" in done.stderr


def test_predictions_and_lists_replace_what_the_same_command_wrote(scored, mbench):
    for _ in range(2):
        done = scored("--predictions", "new/out.csv", "--lists", "new/lists")
        assert done.returncode == 0, done.stderr
        assert len((mbench.folder / "new" / "out.csv").read_text().splitlines()) == 7
        assert len((mbench.folder / "new" / "lists" / "test.txt").read_text().splitlines()) == 6


def test_a_dash_prints_predictions_alone_on_stdout_and_the_table_beside_it(scored, mbench):
    done = scored("--predictions", "-")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert (done.returncode, [row["truth"] for row in rows]) == (0, ["0"] * 3 + ["1"] * 3)
    assert "| File " in done.stderr
    assert not (mbench.folder / "-").exists()
    assert scored("--predictions", "-", "--format", "json").returncode == 2


def test_lists_replace_no_list_of_somebody_else(scored, mbench):
    (mbench.folder / "lists").mkdir()
    (mbench.folder / "lists" / "test.txt").write_text("mine\n")
    done = scored("--lists", "lists")
    assert (done.returncode, done.stdout) == (2, "")
    assert "test.txt is there and holds something else" in done.stderr
    assert (mbench.folder / "lists" / "test.txt").read_text() == "mine\n"


@pytest.mark.parametrize(
    "command",
    [
        (*COMMAND, "--lists"),
        (*COMMAND, "--predictions"),
        ("build", SMALL, "--output"),
        ("suite", "report", "mobilenets/figure-4", "--no-build", "--output"),
        ("suite", "document", "--no-build", "--output"),
    ],
    ids=str,
)
def test_a_file_in_the_place_of_a_folder_is_named_before_anything_is_done(scored, mbench, command):
    (mbench.folder / "file").touch()
    done = mbench(*command, "file/below")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--" in done.stderr
    assert "file is a regular file, and a folder is wanted" in done.stderr


def test_a_document_replaces_no_file_of_somebody_else(mbench):
    (mbench.folder / "paper.md").write_text("# My paper\n")
    done = mbench("suite", "document", "--no-build", "--quiet")
    assert done.returncode == 2
    assert "--output paper.md is there and not such a document" in done.stderr
    assert (mbench.folder / "paper.md").read_text() == "# My paper\n"


@pytest.fixture
def full(mbench):
    """A folder on a disk that is full."""
    folder = mbench.folder / "full"
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder.mkdir()
    mounted = os.spawnlp(os.P_WAIT, "mount", "mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(folder))
    if mounted:
        pytest.skip("no disk can be mounted here")
    (folder / "filler").write_bytes(bytes(4096))
    yield folder
    os.spawnlp(os.P_WAIT, "umount", "umount", str(folder))


def test_a_full_disk_costs_the_predictions_and_not_the_table(scored, full):
    done = scored("--predictions", str(full / "out.csv"))
    assert done.returncode == 4
    assert "| File " in done.stdout
    (line,) = [line for line in done.stderr.splitlines() if "No space left" in line]
    assert f"could not write predictions to {full / 'out.csv'}" in line
    assert line.endswith("or name another file with --predictions.")


def test_a_full_disk_costs_the_lists_before_anything_is_scored(scored, full):
    done = scored("--lists", str(full))
    assert (done.returncode, done.stdout) == (4, "")
    assert f"could not write a list of examples to {full}/" in done.stderr
    assert "or name another folder with --lists." in done.stderr


def test_a_full_disk_costs_one_copy_and_not_the_list_of_builds(mbench, full):
    done = mbench("build", SMALL, "--output", str(full), "--quiet")
    assert (done.returncode, done.stdout) == (4, "")
    assert f"{SMALL}: could not write {full / SMALL}.tflite: No space left on device" in done.stderr


def test_a_full_results_folder_is_named_with_its_option(mbench, full):
    shutil.rmtree(mbench.folder / "results", ignore_errors=True)
    done = mbench("run", SMALL, "--quick", "--results", str(full))
    assert done.returncode == 5
    assert "let --results or MBENCH_RESULTS name another folder" in done.stderr
