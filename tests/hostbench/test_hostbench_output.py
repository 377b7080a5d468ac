"""hostbench's lines are those of the official tool, and its numbers are of this process."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hostbench_runs import CREATED, INITIALIZED, QUICK, Outcome, Runner, command, environment, replacing

RUNNING = (
    "INFO: Running benchmark for at least N iterations and at least N seconds but terminate if exceeding N seconds."
)
NOTE = (
    "INFO: Note: as the benchmark tool itself affects memory footprint, the following is only APPROXIMATE to the "
    "actual memory footprint of the model at runtime. Take the information at your discretion."
)


def skeleton(text: str) -> list[str]:
    """The lines of an output without its numbers and the path of the model."""
    text = re.sub(r"[^\s\[]+\.tflite", "MODEL", text.rstrip())
    # Few fast inferences may all take equally long, which has a form of its own.
    text = re.sub(
        r"curr=\d+(\(all same\))? ",
        "first=1 curr=1 min=1 max=1 avg=1 std=1 ",
        re.sub(r"first=.* std=\d+ ", "curr=1 ", text),
    )
    return re.sub(r"\d+(\.\d+)?(e[+-]\d+)?", "N", text).splitlines()


def outcome_of(sample: dict[str, str], hostbench: Runner, model: Path) -> Outcome:
    """Run hostbench by the command of a recorded output, on another file."""
    return hostbench(*shlex.split(sample["cmd"].replace("/data/local/tmp/m.tflite", shlex.quote(str(model)))))


@pytest.mark.parametrize(
    "name",
    [
        "ok_default_flags",
        "ok_fixed_runs",
        "ok_single_run",
        "ok_two_threads",
        "ok_peak_memory",
        "ok_xnnpack_explicit",
        "trap_max_secs_truncated",
        "trap_output_unwritable",
        "trap_unconsumed_unknown_flag",
        "fail_require_full_delegation_partial",
    ],
)
def test_output_is_that_of_the_official_tool_but_for_the_numbers(
    name: str, hostbench: Runner, sandwich_model: Path, recorded: Path
) -> None:
    sample = json.loads((recorded / "index.json").read_text(encoding="utf-8"))[name]
    outcome = outcome_of(sample, hostbench, sandwich_model)
    assert outcome.status == sample["exit_code"]
    assert skeleton(outcome.stderr) == skeleton((recorded / f"{name}.stderr.txt").read_text(encoding="utf-8"))
    assert skeleton(outcome.stdout) == skeleton((recorded / f"{name}.stdout.txt").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["ok_single_run", "fail_require_full_delegation_partial"])
def test_the_recorded_file_is_delegated_as_by_the_official_tool(
    name: str, hostbench: Runner, mobilenet: Path, recorded: Path
) -> None:
    sample = json.loads((recorded / "index.json").read_text(encoding="utf-8"))[name]
    outcome = outcome_of(sample, hostbench, mobilenet)
    assert outcome.stderr == (recorded / f"{name}.stderr.txt").read_text(encoding="utf-8")


def test_a_quick_run_prints_these_lines(hostbench: Runner, add_model: Path) -> None:
    outcome = hostbench(f"--graph={add_model}", "--num_threads=1", *QUICK)
    assert outcome.status == 0
    assert outcome.stderr.splitlines() == [INITIALIZED, CREATED, replacing(1, 1, 1)]
    assert skeleton(outcome.stdout) == [
        "INFO: STARTING!",
        "INFO: Log parameter values verbosely: [N]",
        "INFO: Min num runs: [N]",
        "INFO: Min runs duration (seconds): [N]",
        "INFO: Num threads: [N]",
        "INFO: Min warmup runs: [N]",
        "INFO: Min warmup runs duration (seconds): [N]",
        "INFO: Graph: [MODEL]",
        "INFO: Signature to run: []",
        "INFO: #threads used for CPU inference: [N]",
        "INFO: Loaded model MODEL",
        "INFO: The input model file size (MB): N",
        "INFO: Initialized session in Nms.",
        RUNNING,
        "INFO: count=N first=N curr=N min=N max=N avg=N std=N pN=N median=N pN=N",
        "",
        RUNNING,
        "INFO: count=N first=N curr=N min=N max=N avg=N std=N pN=N median=N pN=N",
        "",
        "INFO: Inference timings in us: Init: N, First inference: N, Warmup (avg): N, Inference (avg): N",
        NOTE,
        "INFO: Memory footprint delta from the start of the tool (MB): init=N overall=N",
    ]


def test_the_timings_line_repeats_the_phases(hostbench: Runner, sandwich_model: Path) -> None:
    outcome = hostbench(
        f"--graph={sandwich_model}", "--num_runs=7", "--min_secs=0", "--warmup_runs=5", "--warmup_min_secs=0"
    )
    warm_up, measured = (dict(re.findall(r"(\w+)=([\d.e+]+)", line)) for line in outcome.counts)
    timings = dict(re.findall(r"(Init|First inference|Warmup \(avg\)|Inference \(avg\)): ([\d.e+]+)", outcome.stdout))
    assert (warm_up["count"], measured["count"]) == ("5", "7")
    assert timings["First inference"] == warm_up.get("first", warm_up["curr"])
    assert timings["Warmup (avg)"] == warm_up.get("avg", warm_up["curr"])
    assert timings["Inference (avg)"] == measured.get("avg", measured["curr"])
    assert float(re.findall(r"session in ([\d.e+]+)ms", outcome.stdout)[0]) * 1000 == pytest.approx(
        float(timings["Init"]), rel=1e-5
    )


def test_a_phase_lasts_as_long_as_it_should(hostbench: Runner, add_model: Path) -> None:
    flags = "--num_runs=1", "--min_secs=0.2", "--warmup_min_secs=0", "--run_delay=0.01"
    count = int(re.findall(r"count=(\d+)", hostbench(f"--graph={add_model}", *flags).counts[1])[0])
    assert 1 <= count <= 20  # as many as 0.2 s hold; fewer where others take the processor


def test_a_phase_ends_when_it_exceeds_its_time(hostbench: Runner, add_model: Path) -> None:
    outcome = hostbench(f"--graph={add_model}", "--num_runs=1000000", "--max_secs=0.2", "--warmup_min_secs=0")
    assert outcome.status == 0
    assert 10 < int(re.findall(r"count=(\d+)", outcome.counts[1])[0]) < 1000000


def test_a_dry_run_invokes_nothing(hostbench: Runner, add_model: Path) -> None:
    outcome = hostbench(f"--graph={add_model}", "--dry_run=true")
    assert outcome.status == 0
    assert outcome.counts == ["count=0 p5=0 median=0 p95=0"] * 2
    assert "INFO: Run w/o invoking kernels: [1]" in outcome.stdout
    assert "First inference: 0, Warmup (avg): 0, Inference (avg): 0" in outcome.stdout


def test_verbose_echoes_every_parameter(hostbench: Runner, add_model: Path) -> None:
    stdout = hostbench(f"--graph={add_model}", "--verbose=true", *QUICK).stdout
    for line in (
        "Inter-run delay (seconds): [-1]",
        "Input layers: []",
        "Op profiling output mode.: [stdout]",
        "Use xnnpack: [0]",
    ):
        assert f"INFO: {line}\n" in stdout


def test_flags_of_a_phone_are_unconsumed(hostbench: Runner, add_model: Path) -> None:
    outcome = hostbench(f"--graph={add_model}", "--use_gpu=true", "--use_xnnpack", "--num_runs=2", *QUICK)
    assert outcome.status == 0
    assert "WARN: Unconsumed cmdline flags: --use_gpu=true --use_xnnpack --num_runs=3\n" in outcome.stdout
    assert outcome.counts[1].startswith("count=2 ")


def test_peak_memory_is_monitored_when_asked_for(hostbench: Runner, add_model: Path) -> None:
    stdout = hostbench(
        f"--graph={add_model}", "--report_peak_memory_footprint=true", "--memory_footprint_check_interval_ms=0", *QUICK
    ).stdout
    assert "WARN: --memory_footprint_check_interval_ms is set to 0 (ms), This value is invalid" in stdout
    peak = float(re.findall(r"periodic monitoring: ([\d.]+)", stdout)[0])
    assert 20 < peak < 500
    assert re.search(r"exeution:\nINFO: - VmRSS              : \d+ MB\nINFO: \+ RssAnnon           : \d+ MB\n", stdout)


def test_memory_is_that_of_this_process_and_not_of_its_parent(add_model: Path) -> None:
    parent = (
        "import subprocess, sys; ballast = b'x' * 300_000_000; "
        "sys.exit(subprocess.run(sys.argv[1:], close_fds=False).returncode)"
    )
    words = [
        sys.executable,
        "-c",
        parent,
        *command(f"--graph={add_model}", "--report_peak_memory_footprint=true", *QUICK),
    ]
    stdout = subprocess.run(words, capture_output=True, env=environment(), text=True, timeout=60, check=True).stdout
    assert float(re.findall(r"periodic monitoring: ([\d.]+)", stdout)[0]) < 250
    assert float(re.findall(r"init=([\d.]+)", stdout)[0]) > 0
