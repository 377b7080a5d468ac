import pytest
from command_line import SHORT

MINE = """
title = "Table 6, its smallest network"
table = 6
variants = ["mobilenet_v1_0.25_224_fp32"]
columns = ["score", "mult_adds", "parameters", "latency", "rate"]
references = ["hosted-files-fp32", "pixel-3-cpu-x4-fp32"]
profile_ops = true

[needs]
dataset = "imagenet:PATH"
weights = "imagenet"
"""


def row_of(text: str, name: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(f"| {name} "))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_suites_are_listed(bare):
    done = bare("suite", "list", "--format", "md")
    assert done.returncode == 0, done.stderr
    assert "| mobilenets/table-14 |" in done.stdout


def test_an_unknown_suite_is_one_line_with_the_nearest(bare):
    done = bare("run", "--suite", "mobilenet/table-6")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip() == "mbench: unknown suite 'mobilenet/table-6'. Did you mean 'mobilenets/table-6'?"


def test_a_suite_is_planned_like_any_run(bare):
    done = bare("run", "--suite", "mobilenets/table-6", "--quantization", "int8", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "mobilenet_v1_0.25_224_int8" in done.stdout


def test_tables_without_a_session_or_a_file_stay_unknown_and_say_what_to_do(bare):
    done = bare("suite", "report", "mobilenets/table-6", "--no-build")
    assert done.returncode == 0, done.stderr
    assert row_of(done.stdout, "0.25 MobileNet-224")[1:] == ["50.6", "? (1)", "41", "?", "0.5", "?", "?"]
    assert "mbench run --suite mobilenets/table-6 does" in done.stdout


def test_machine_formats_are_refused_with_where_they_are(bare):
    done = bare("suite", "report", "mobilenets/table-6", "--format", "csv")
    assert done.returncode == 2
    assert "mbench report --format csv has rows" in done.stderr


@pytest.mark.tensorflow
def test_a_suite_runs_and_its_table_stands_beside_the_paper(mbench):
    (mbench.folder / "mine.toml").write_text(MINE, encoding="utf-8")
    run = mbench("run", "--suite", "mine.toml", *SHORT, "--runs", "1", "--max-runs", "1", "--quiet")
    assert run.returncode == 0, run.stderr
    counted = row_of(run.stdout, "0.25 MobileNet-224")
    assert counted[1:7] == ["50.6", "? (1)", "41", "41.03 =", "0.5", "0.465 ="]
    assert float(counted[7].partition(" ")[0]) > 0
    assert row_of(run.stdout, "0.5 MobileNet-224")[4] == "?"

    report = mbench("suite", "report", "mine.toml", "--references", "--no-build")
    assert row_of(report.stdout, "0.25 MobileNet-224")[:9] == row_of(run.stdout, "0.25 MobileNet-224")[:9]
    assert row_of(report.stdout, "0.25 MobileNet-224")[-2:] == ["49.7", "3.3"]
    assert "not measured here" in report.stdout

    rates = mbench("report", "--rates")
    assert "compute rate by layer type" in rates.stdout
    assert row_of(rates.stdout, "1×1 convolution")[1] == "33.7"

    session = next(path.name for path in (mbench.folder / "results").iterdir() if "-mine-" in path.name)
    documents = []
    for name in ("one", "two"):
        written = mbench("suite", "document", session, "--no-build", "--output", f"{name}/paper.md", "--quiet")
        assert written.returncode == 0, written.stderr
        folder = mbench.folder / name
        documents.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert documents[0] == documents[1]
    assert set(documents[0]) == {"paper.md", "paper-figure-4.svg", "paper-figure-5.svg", "paper-grid.svg"}
    assert "## Table 14" in documents[0]["paper.md"].decode()
