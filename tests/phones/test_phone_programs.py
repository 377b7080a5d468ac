"""Which benchmark_model a phone gets: by flavour, with the libraries beside it, and what its delegates are."""

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import ROOT, SMALL
from phone_lab import ONE_RUN, OURS, arm_and_see, left_on, together, wait_until
from shell_program import write_hexagon_library, write_library, write_program

sys.path.insert(0, str(Path(__file__).parents[1] / "hostbench"))

from tiny_models import add, model_bytes

from mbench.emulator.phone.faults import FaultKind

pytestmark = pytest.mark.tensorflow

X86_64 = {"abis": ("x86_64",), "model": "Any Phone", "device": "any"}
GENERIC = "generic_x86_64"
LIBRARY = "libLiteRtBeside.so"


def keep(lab, *flavours):
    """Let the library hold a binary of each flavour; LiteRT's has a library beside it."""
    for flavour in flavours:
        path = write_program(lab.folder / f"benchmark_model_{flavour}", flavour)
        beside = ("--with", write_library(lab.folder / LIBRARY)) if flavour == "litert" else ()
        kept = lab.mbench("binary", "add", path, *beside)
        assert kept.returncode == 0, kept.err


def planned_lines(lab, *arguments, device=GENERIC):
    done = lab.mbench("run", "--device", device, SMALL, "--dry-run", *arguments)
    assert done.returncode == 0, done.err
    return done.out.splitlines()


@together
def test_a_litert_binary_runs_with_its_library_beside_it_and_its_rows_say_so(lab):
    """And where the library changes on the phone that makes no number: it is brought again."""
    phone = lab.phone(**X86_64)
    keep(lab, "tflite", "litert")
    running = lab.run_beside("--flavour", "litert", "--min-secs", "0.3", device=GENERIC)
    wait_until(lambda: phone.benchmarks)
    (file,) = phone.path(OURS).glob(f"*/binaries/*/{LIBRARY}")
    file.write_bytes(b"another one")
    done = running.result()
    assert done.returncode == 0, done.err
    assert (done.row["status"], done.row["runs"]) == ("ok", 2)
    assert "retried" in {one["code"] for run in done.runs for one in run["warnings"]}
    (document,) = lab.folder.glob("results/*/jobs/*.json")
    binary = json.loads(document.read_bytes())["binary"]
    assert (binary["tool"], [*binary["companions"]]) == ("litert", [LIBRARY])
    table = lab.mbench("report").out
    assert f"- Binary: litert, runtime ?, sha256 {binary['sha256'][:12]}, with {LIBRARY} " in table
    (folder,) = phone.path(OURS).glob("*/binaries/*")
    assert sorted(path.name for path in folder.iterdir()) == ["benchmark_model", LIBRARY]
    assert left_on(lab, phone) == []


@together
def test_a_library_for_the_signal_processor_is_pushed_beside_and_its_loader_pointed_there(lab):
    phone = lab.phone(**X86_64)
    program = write_program(lab.folder / "benchmark_model", "litert")
    skel = write_hexagon_library(lab.folder / "libQnnHtpV73Skel.so")
    kept = lab.mbench("binary", "add", program, "--with", write_library(lab.folder / LIBRARY), "--with", skel)
    assert kept.returncode == 0, kept.err
    lines = planned_lines(lab, "--delegate", "npu")
    assert any(
        re.search(r" ADSP_LIBRARY_PATH='\S+/binaries/[0-9a-f]+;\S+;/dsp' \S+ .*--use_npu=true", one) for one in lines
    )
    done = lab.run(*ONE_RUN, device=GENERIC)  # the program looks, too
    assert (done.returncode, done.row["status"]) == (0, "ok"), done.err
    assert left_on(lab, phone) == []


@together
def test_the_flavour_is_tflite_or_the_only_one_that_is_kept(lab):
    lab.phone(**X86_64)
    keep(lab, "litert")
    assert any(line.startswith("binary: litert ") for line in planned_lines(lab))
    keep(lab, "tflite")
    assert any(line.startswith("binary: tflite ") for line in planned_lines(lab))
    lines = planned_lines(lab, "--flavour", "litert", "--delegate", "npu")
    assert any(line.startswith("binary: litert ") for line in lines)
    assert any("LD_LIBRARY_PATH=" in line and "--use_npu=true" in line for line in lines)
    refused = lab.mbench("run", "--device", GENERIC, SMALL, "--dry-run", "--delegate", "npu")
    assert (refused.returncode, "--flavour litert" in refused.last_line) == (2, True)
    listed = lab.mbench("binary", "list").out
    assert f"  with {LIBRARY} " in listed


@together
def test_a_flavour_that_is_not_kept_is_refused_with_how_to_get_one(lab):
    phone = lab.phone()
    refused = lab.run("--flavour", "litert")
    assert refused.returncode == 3
    assert "mbench binary fetch --abi arm64-v8a --flavour litert" in refused.last_line
    assert phone.benchmarks == 0


@pytest.mark.slow
@together
def test_a_bare_sweep_of_delegates_takes_those_of_the_profile_that_the_program_knows(lab):
    lab.phone()
    lab.phone(**X86_64)
    lines = planned_lines(lab, "--sweep", "delegate", device="pixel4")
    assert [line.split(":")[0] for line in lines if line.startswith("job ")] == [
        f"job {SMALL}-{delegate}-t1" for delegate in ("cpu", "xnnpack", "builtin")
    ]
    assert any(line.startswith("note: delegate gpu is left out: hostbench has no flag") for line in lines)
    keep(lab, "litert")
    own = lab.home / "device_profiles" / f"{GENERIC}.toml"
    shipped = (ROOT / "device_profiles" / own.name).read_text(encoding="utf-8")
    own.write_text(re.sub(r"(?m)^delegates = \[.*$", 'delegates = ["cpu", "gpu", "npu"]', shipped), encoding="utf-8")
    lines = planned_lines(lab, "--sweep", "delegate")
    assert [line.split(":")[0] for line in lines if line.startswith("job ")] == [
        f"job {SMALL}-{delegate}-t1" for delegate in ("cpu", "gpu", "npu")
    ]


@together
def test_a_delegate_that_is_named_is_never_left_out(lab):
    lab.phone()
    refused = lab.run("--delegate", "cpu,gpu")
    assert (refused.returncode, "--use_gpu" in refused.last_line) == (2, True)


@pytest.mark.slow
@together
def test_a_session_goes_on_with_the_kept_program_of_its_hash_and_no_other_is_started(lab):
    phone = lab.phone(**X86_64)
    keep(lab, "litert")
    done = lab.run("--flavour", "litert", device=GENERIC)
    assert done.returncode == 0, done.err
    (session,) = lab.folder.glob("results/2*")
    mark = lab.folder / "started.txt"
    evil = lab.folder / "evil"
    evil.write_text(f"#!/bin/sh\necho started >'{mark}'\n", encoding="utf-8")
    evil.chmod(0o755)
    plan = json.loads((session / "plan.json").read_bytes())
    plan["devices"][0]["binary"]["path"] = str(evil)
    (session / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    _interrupt(session)
    resumed = lab.mbench("run", "--resume", "last", "--json")
    assert (resumed.returncode, resumed.row["status"], resumed.row["runs"]) == (0, "ok", 2), resumed.err
    _interrupt(session)
    for each in (lab.home / "binaries" / "records").iterdir():
        each.unlink()
    begun = phone.benchmarks
    refused = lab.mbench("run", "--resume", "last")
    assert (refused.returncode, "Name the file again by --binary FILE" in refused.last_line) == (4, True)
    other = lab.mbench("run", "--resume", "last", "--binary", evil)
    assert (other.returncode, "It has not been started." in other.last_line) == (2, True)
    assert (phone.benchmarks, mark.exists()) == (begun, False)


def _interrupt(session):
    """Leave a session of one job as if it had been interrupted before that job's last run."""
    (document,) = session.glob("jobs/*.json")
    document.unlink()
    shutil.rmtree(session / "runs" / document.stem / "latency-1")


@together
def test_a_phones_program_judges_custom_operators_by_itself(lab):
    """A file for an accelerator has operators that this host's runtime does not bring; its delegate may take them."""
    phone = lab.phone(synthetic=None)
    graph = add()
    graph.ops[0].code = "custom:DISPATCH_OP"
    (lab.folder / "npu.tflite").write_bytes(model_bytes(graph))
    done = lab.run("--model", "npu.tflite", model="")
    assert (done.returncode, done.row["error_class"]) == (4, "model"), done.row["message"]
    assert "unresolved custom op: DISPATCH_OP" in done.row["message"]
    lines = planned_lines(lab, "--model", "npu.tflite", device="pixel4")
    assert not any("failed: build" in line for line in lines)
    assert left_on(lab, phone) == []


@together
def test_a_phone_that_was_not_let_in_is_no_unknown_device(lab):
    phone = lab.phone()
    arm_and_see(lab, phone, FaultKind.UNAUTHORIZE)
    done = lab.mbench("run", "--device", phone.facts.serial, SMALL, "--dry-run")
    assert done.returncode == 3, done.err
    assert "unauthorized: Accept the dialog 'Allow USB debugging?' on its screen." in done.last_line
    assert "unknown device" not in done.err


@pytest.mark.slow
@together
def test_a_file_is_fed_on_a_phone_as_asked(lab):
    """The values are pushed and proved like the model; the same run goes on after an interruption without the file."""
    phone = lab.phone(synthetic=None)
    (lab.folder / "own.tflite").write_bytes(model_bytes(add()))
    values = np.array([[1, 2, 3, 4], [5, 6, 7, 80]], np.float32)
    (lab.folder / "values.bin").write_bytes(values.tobytes())
    arguments = ("--model", "own.tflite", "--input-shape", "x:2,4", "--input", "x:values.bin")
    done = lab.run(*arguments, *ONE_RUN, model="")
    assert (done.returncode, done.row["status"]) == (0, "ok"), done.row["message"]
    assert done.row["inputs"][0].startswith("x:2,4 from ")
    outputs = [path.read_bytes() for path in lab.folder.glob("results/*/runs/file*/latency-*/output.bin")]
    assert [np.frombuffer(each, np.float32).tolist() for each in outputs] == [(2 * values).ravel().tolist()]
    (lab.folder / "values.bin").unlink()
    (document,) = lab.folder.glob("results/*/jobs/*.json")
    document.unlink()
    again = lab.mbench("run", "--resume", "last", "--json")
    assert (again.returncode, again.row["status"], again.row["inputs"]) == (0, "ok", done.row["inputs"]), again.err
    assert left_on(lab, phone) == []
