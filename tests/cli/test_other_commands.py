import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from command_line import ROOT, SMALL, of_terminal
from emit_mobilenet import emit_mobilenet

from mbench.cli.errors import fail

DATA = Path(__file__).parents[1] / "data"
SAMPLES = DATA / "benchmark_model"
COMMANDS = ("run", "build", "train", "evaluate", "suite", "inspect", "report", "parse", "doctor")
HEAVY = {"tensorflow", "keras", "pandas", "adbutils", "litert_quantizer"}


def imported(stderr: str) -> set[str]:
    """Top-level modules in the report of `python -X importtime`."""
    return {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in stderr.splitlines() if "|" in line}


def test_help_loads_nothing_but_the_command_line(bare):
    done = bare("--help", prefix=(sys.executable, "-X", "importtime"))
    assert done.returncode == 0
    assert imported(done.stderr).isdisjoint(HEAVY | {"numpy", "pydantic", "ai_edge_litert", "PIL"})


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_named_in_help_and_readme_and_explains_its_options(bare, command):
    assert f"  {command} " in bare("--help").stdout
    assert f"mbench {command}" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "--help" in bare(command, "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--sweep", "alhpa"], "Did you mean 'alpha'"),
        (["run", "--sweep", "alpha=wide"], "no positive decimal number"),
        (["run", "--quantization", "int4"], "int4 is not offered"),
        (["run", "--device", "hots"], "Did you mean 'host'"),
        (["run", "--model", "missing.tflite"], "no such file"),
        (["run", "--model", "."], "is a folder; name a .tflite file"),
        (["run", "--sweep", "alpha=-1"], "alpha '-1' is no positive decimal number"),
        (["inspect", "mobilenet_v1_0.25_32_int8", "--format", "csv"], "choose md, table or json"),
        (["run", "--arch", "mobilnet_v1"], "Did you mean 'mobilenet_v1'"),
        (["run", "--cpus", "4095"], "4095"),
        (["run", "--runs", "5", "--max-runs", "2"], "less than the least"),
        (["run", "--calibration", "nowhere"], "nowhere"),
        (["run", "--weights", "nowhere.keras"], "nowhere.keras"),
        (["run", "--profile", "cups"], "takes ops"),
        (["build", "mobilenet"], "no variant name"),
        (["inspect", "mobilenet"], "no variant name"),
        (["report", "--pivot", "alpha"], "no latest session"),
    ],
)
def test_wrong_usage_is_one_line_with_what_to_do(bare, arguments, said):
    done = bare(*arguments)
    assert done.returncode in (2, 4)
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--swep", "alpha"], "no option --swep. Did you mean '--sweep'? See mbench run --help."),
        (["run", "--min-runs", "3"], "no option --min-runs. Did you mean '--runs'? See mbench run --help."),
        (["run", "--runs", "0"], "--runs: it must be from 1 to 1000000."),
        (["run", "--any", "0"], "--any: it must be at least 1."),
        (["run", "--any", "two"], "--any: it must be a whole number."),
        (["run", "--max-secs", "long"], "--max-secs: it must be a number."),
        (["run", "--min-secs", "nan"], "--min-secs must be a finite number, not nan"),
        (["run", "--warmup-secs", "nan"], "--warmup-secs must be a finite number, not nan"),
        (["run", "--format", "cvs"], "Did you mean 'csv'?"),
        (["run", "--flavour", "litrt"], "Did you mean 'litert'?"),
        (["rnu"], "no command rnu. Did you mean 'run'? See mbench --help."),
        (["devices", "claen", "x"], "Did you mean 'clean'?"),
        (["binary", "add"], "is missing. See mbench binary add --help."),
        (["binary", "add", "x", "--with", "a/lib.so", "--with", "b/lib.so"], "have one name"),
        (["parse", "a", "b"], "b is one too many."),
        (["inspect", "nofile"], "nofile"),
        (["binary", "fetch", "--abi", "arm"], "unknown ABI 'arm'. Choose from arm64-v8a, armeabi-v7a, x86_64, x86.\n"),
        (["run", "--device"], "--device needs a value."),
        (["run", "--arch", "a.py:f", "--arch", "b.py:f"], "--arch: is given twice, and a command has one."),
        (["run", "--quantization", "int8", "--quantization", "fp32"], "--quantization: is given twice"),
        (["build", "--weights", "trained"], "nothing says on what; name a --dataset"),
        (["report", "--schema", "--format", "csv"], "--schema prints JSON only"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_one_line_in_our_words(bare, arguments, said):
    done = bare(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Input should" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


def test_a_command_without_arguments_shows_its_help(bare):
    done = bare("binary")
    assert done.returncode == 2
    assert "  fetch " in done.stdout + done.stderr


def test_a_device_that_is_named_twice_is_one_device(mbench):
    done = mbench("run", "--device", "host", "--device", "host", SMALL, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert sum(line.startswith("device: ") for line in done.stdout.splitlines()) == 1


@pytest.mark.parametrize("sample", ["ok_default_flags", "trap_unconsumed_unknown_flag", "crash_sigkill"])
def test_a_recorded_output_is_parsed_to_its_status(bare, sample):
    expected = json.loads((SAMPLES / "index.json").read_text(encoding="utf-8"))[sample]
    done = bare(
        "parse",
        SAMPLES / f"{sample}.stdout.txt",
        "--stderr",
        SAMPLES / f"{sample}.stderr.txt",
        "--exit-code",
        str(expected["exit_code"]),
        "--json",
    )
    parsed = json.loads(done.stdout)
    assert parsed["status"] == ("ok" if sample.startswith("ok") else "failed")
    assert done.returncode == (0 if sample.startswith("ok") else 4)


def test_parse_prints_lines_for_a_person(bare):
    done = bare("parse", SAMPLES / "ok_default_flags.stdout.txt")
    assert "measured:    16 inferences" in done.stdout
    assert "median 64236 µs" in done.stdout


def test_parse_says_where_memory_is_only_its_growth(bare):
    done = bare("parse", SAMPLES / "ok_default_flags.stdout.txt")
    assert "each the growth since the program's start" in done.stdout


def test_no_kept_binary_is_not_called_a_whole_one(bare):
    assert bare("binary", "verify").stdout == "no binary is kept, so there is none to check.\n"


def test_parse_names_a_missing_file(bare):
    done = bare("parse", "missing.txt")
    assert (done.returncode, "missing.txt" in done.stderr) == (2, True)


@pytest.fixture
def recorded(bare):
    """A results folder with the recorded session of format 1."""
    shutil.copytree(DATA / "results" / "format-1", bare.folder / "results", dirs_exist_ok=True)
    return bare


def sessions_of(recorded) -> list[str]:
    return [path.parent.name for path in (recorded.folder / "results").glob("*/plan.json")]


def test_report_reads_the_first_format_and_loads_no_heavy_library(recorded):
    (session,) = sessions_of(recorded)
    done = recorded("report", session, "--format", "json", prefix=(sys.executable, "-X", "importtime"))
    assert done.returncode == 0
    rows = json.loads(done.stdout)
    assert [row["status"] for row in rows] == ["ok", "ok", "failed"]
    assert imported(done.stderr).isdisjoint(HEAVY | {"numpy"})


@pytest.mark.parametrize(
    "shape", ["md", "table", *(pytest.param(each, marks=pytest.mark.slow) for each in ("csv", "json"))]
)
def test_report_prints_every_format_in_any_locale(recorded, shape):
    (session,) = sessions_of(recorded)
    done = recorded("report", session, "--format", shape, LC_ALL="POSIX", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "mobilenet_v1" in done.stdout


def test_a_terminal_gets_a_table_that_fits_with_a_foot_of_four_lines(recorded):
    (session,) = sessions_of(recorded)
    code, shown = of_terminal(recorded, "report", session, COLUMNS="100", NO_COLOR="1")
    assert code == 0, shown
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()
    assert max(map(len, lines)) <= 100
    begin = next(place for place, line in enumerate(lines) if line.startswith("└")) + 1
    end = next(place for place, line in enumerate(lines) if line.endswith("Whole foot: --format md"))
    assert 1 <= end + 1 - begin <= 4
    assert "Params (M)" not in shown


def test_the_whole_foot_of_a_kept_report_is_found(recorded):
    (session,) = sessions_of(recorded)
    (recorded.folder / "results" / session / "report.md").write_text("| a |\n", encoding="utf-8")
    _, shown = of_terminal(recorded, "report", session, COLUMNS="160")
    assert f"Whole foot: results/{session}/report.md" in shown


def test_markdown_is_for_what_is_piped_and_a_format_that_is_asked_for_rules(recorded):
    (session,) = sessions_of(recorded)
    piped = recorded("report", session).stdout
    assert piped == recorded("report", session, "--format", "md").stdout
    assert piped.startswith("| Variant")
    _, shown = of_terminal(recorded, "report", session, "--format", "md")
    assert shown.replace("\r\n", "\n") == piped


def test_columns_are_chosen_by_name(recorded):
    (session,) = sessions_of(recorded)
    chosen = recorded("report", session, "--columns", "runs, variant").stdout.splitlines()[0]
    assert [cell.strip() for cell in chosen.split("|")[1:3]] == ["Runs", "Variant"]
    everything = recorded("report", session, "--columns", "all").stdout.splitlines()[0]
    assert {"Params (M)", "Init (ms)", "Runs", "Status"} <= {cell.strip() for cell in everything.split("|")}
    _, shown = of_terminal(recorded, "report", session, "--columns", "variant,memory", COLUMNS="120")
    assert "Peak memory (MiB)" in shown
    assert "Latency (ms)" not in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("report", "--columns", "memroy"), "unknown column 'memroy'. Did you mean"),
        (("run", "--columns", ""), "unknown column ''"),
        (("report", "--columns", "all", "--format", "csv"), "leave it out, since csv always has all of them."),
        (("run", "--columns", "all", "--json"), "leave it out, since json always has all of them."),
        (("report", "--columns", "all", "--ops"), "--columns chooses those of the table of results; leave it out."),
    ],
)
def test_columns_that_cannot_be_chosen_are_refused_before_anything_is_done(bare, arguments, said):
    done = bare(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_document_of_a_newer_format_is_refused_with_advice(recorded):
    (session,) = sessions_of(recorded)
    plan = recorded.folder / "results" / session / "plan.json"
    plan.write_text(plan.read_text(encoding="utf-8").replace('"format_version": 1', '"format_version": 7'))
    done = recorded("report", session)
    assert done.returncode == 2
    assert "newer mbench" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_schema_describes_job_documents(bare):
    assert "latency_ci_us" not in (schema := bare("report", "--schema", "--format", "json").stdout)
    assert "median_us" in schema


def test_inspect_of_a_file_loads_no_heavy_library(bare):
    file = bare.folder / "mobilenet.tflite"
    file.write_bytes(emit_mobilenet(0.25, 128))
    done = bare("inspect", file, "--json", prefix=(sys.executable, "-X", "importtime"))
    inspection = json.loads(done.stdout)
    assert (inspection["mult_adds"], inspection["parameters"]) == (13_570_048, 467_336)
    assert imported(done.stderr).isdisjoint(HEAVY)


def test_inspect_prints_the_papers_table_2(mbench):
    done = mbench("inspect", SMALL)
    assert done.returncode == 0, done.stderr
    assert "1×1 convolution" in done.stdout
    assert "fully connected" in done.stdout


def test_inspect_names_a_file_that_is_no_model(bare):
    (bare.folder / "junk.tflite").write_bytes(b"\x1c\x00\x00\x00TFL3" + b"\xff" * 500)
    done = bare("inspect", "junk.tflite")
    assert done.returncode == 4
    assert "junk.tflite" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_doctor_finds_nothing_wrong_here(bare):
    done = bare("doctor", "--json")
    findings = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout
    here = {"python", "toolchain", "cache", "results", "host", "program"}
    assert {finding["what"] for finding in findings} >= here | {"adb", "adb server", "profiles", "binaries"}


def test_doctor_loads_no_tensorflow_and_without_a_phone_no_adbutils(bare):
    done = bare("doctor", prefix=(sys.executable, "-X", "importtime"))
    assert done.returncode == 0, done.stdout
    assert imported(done.stderr).isdisjoint({"tensorflow", "keras", "adbutils", "pandas"})


def test_doctor_finds_a_profile_that_is_none_and_says_where(bare):
    own = Path(bare.environment["MBENCH_HOME"]) / "device_profiles" / "mine.toml"
    own.parent.mkdir(parents=True)
    own.write_text('name = "mine"\nthreads = 0\n', encoding="utf-8")
    done = bare("doctor", "--json")
    faults = [one["found"] for one in json.loads(done.stdout) if one["what"] == "profiles"]
    assert done.returncode == 3
    assert any("mine.toml:2: threads" in fault for fault in faults)


def test_doctor_finds_a_kept_binary_that_has_changed(bare):
    kept = Path(bare.environment["MBENCH_HOME"]) / "binaries" / "records"
    kept.mkdir(parents=True)
    (kept / f"{'0' * 64}.json").write_text("{}", encoding="utf-8")
    done = bare("doctor", "--json")
    bad = [one for one in json.loads(done.stdout) if one["state"] == "bad"]
    assert done.returncode == 3
    assert [one["what"] for one in bad] == ["binaries"]


def leave_out_the_users_file(session: Path) -> None:
    """Remove a job that stands on no axis from the recorded session."""
    plan = json.loads((session / "plan.json").read_text(encoding="utf-8"))
    plan["jobs"] = [job for job in plan["jobs"] if "file" not in job["id"]]
    (session / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    for path in (session / "jobs").glob("*file*"):
        path.unlink()


def test_a_pivot_shows_one_value_over_two_axes(recorded):
    (session,) = sessions_of(recorded)
    leave_out_the_users_file(recorded.folder / "results" / session)
    grid = recorded("report", session, "--pivot", "resolution:alpha")
    assert grid.returncode == 0, grid.stderr
    assert "### latency (ms): resolution by alpha" in grid.stdout
    head, *rows = ([cell.strip() for cell in line.split("|")[1:-1]] for line in grid.stdout.splitlines() if "|" in line)
    assert head[1:] == ["1.00", "0.50"]
    assert [row[0] for row in rows[1:3]] == ["224", "160"]


def test_a_ctrl_c_that_a_starting_library_turns_into_another_error_is_a_ctrl_c():
    code = (
        "import os, signal, time\n"
        "from mbench.cli.errors import one_line_errors\n"
        "import typer\n"
        "@one_line_errors\n"
        "def command():\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        time.sleep(5)\n"
        "    except KeyboardInterrupt:\n"
        "        raise ImportError('initialization failed') from None\n"
        "try:\n"
        "    command()\n"
        "except typer.Exit as ending:\n"
        "    raise SystemExit(ending.exit_code)\n"
    )
    done = subprocess.run(
        (sys.executable, "-c", code),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (130, "mbench: interrupted.\n")


def test_an_error_about_a_name_without_end_is_short(bare):
    done = bare("inspect", "x" * 100_000)
    assert "File name too long." in done.stderr
    assert len(done.stderr) < 700


@pytest.mark.parametrize(
    ("said", "printed"),
    [
        ("P: not ready: the answer was cut, try again..", "P: not ready: the answer was cut, try again."),
        ("it said: no.. Mend it...", "it said: no. Mend it..."),
        ("../x and a/.. are not read.", "../x and a/.. are not read."),
    ],
)
def test_a_sentence_ends_once(said, printed, capsys):
    with pytest.raises(typer.Exit):
        fail(said, 2)
    assert capsys.readouterr().err == f"mbench: {printed}\n"


def test_doctor_names_the_command_that_gets_a_binary(bare):
    (found,) = [one for one in json.loads(bare("doctor", "--json").stdout) if one["what"] == "binaries"]
    assert found["found"] == "none is kept; for a phone: mbench binary fetch --abi arm64-v8a"
