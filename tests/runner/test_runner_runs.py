"""One run, whole: what a program does and leaves undone becomes the right result."""

import hashlib
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from emit_mobilenet import emit_mobilenet
from playing import Stage, stage
from recorded_texts import RECORDINGS

from mbench.core.delegates import EVERYWHERE, Delegate
from mbench.core.errors import ArtifactError, TransportError, UsageError
from mbench.core.results import Pass, Run, Status, WarningCode
from mbench.core.workloads import ArtifactFacts, RunSettings, Workload
from mbench.devices.host.transport import HostTransport
from mbench.runner.instrument import Instrument, flags_of
from mbench.runner.runs import RunRequest, run_once

ONE_CORE = (min(os.sched_getaffinity(0)),) if hasattr(os, "sched_getaffinity") else None


@pytest.fixture
def here(tmp_path: Path) -> Stage:
    return stage(tmp_path)


def run(here: Stage, instrument: Instrument, request: RunRequest) -> Run:
    return run_once(here.transport, here.clock, instrument, request).run


def ended(run: Run) -> tuple[Status, str | None]:
    return run.status, run.error_class


def lives(process: int) -> bool:
    """Whether a process still does something: one that nobody waits for stays as a zombie."""
    try:
        return bool(psutil.Process(process).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_where_called_graphs_could_not_be_read_delegated_nodes_are_not_counted(here: Stage) -> None:
    said = RECORDINGS["ok_fixed_runs"].stdout
    unread = "WARN: Cannot tell what the delegate executes of other subgraphs: list index out of range\n"
    text = said.replace("INFO: Initialized session", unread + "INFO: Initialized session")
    result = run(here, here.play(stdout=text), here.request())
    assert (result.status, result.nodes) == (Status.OK, None)
    assert [(each.nodes, each.total) for each in result.delegates] == [(29, None)]
    assert [warning.code for warning in result.warnings] == [WarningCode.NODES_UNKNOWN]


def test_a_run_that_proves_everything_is_ok(here: Stage) -> None:
    outcome = run_once(here.transport, here.clock, here.play(), here.request())
    result, files = outcome.run, outcome.files
    assert (result.status, result.message) == (Status.OK, None)
    assert result.measured is not None
    assert result.measured.median_us == 39984
    assert result.delegates[0].nodes == 29
    assert result.exit_code == 0
    assert result.wall_s > 0
    assert result.output_sha256 == hashlib.sha256(files["output.bin"]).hexdigest()
    assert set(files) == {"stdout.txt", "stderr.txt", "rt.pb", "output.bin"}


def test_an_operator_run_tells_the_times_of_all_operators(here: Stage) -> None:
    stdout = RECORDINGS["ok_fixed_runs"].stdout
    result = run(here, here.play(stdout=stdout), here.request(Pass.OPS))
    assert result.status is Status.OK
    assert result.operators is not None
    assert len(result.operators) == 31
    assert result.operators[0].us_per_inference == 27037 / 20


def test_a_memory_run_tells_the_peak(here: Stage) -> None:
    result = run(here, here.play("ok_peak_memory"), here.request(Pass.MEMORY, settings=RunSettings(num_runs=5)))
    assert result.status is Status.OK
    assert result.memory is not None
    assert result.memory.peak_kib == pytest.approx(26.4609 * 1024)


def test_a_memory_run_without_memory_lines_says_so(here: Stage) -> None:
    stdout = "\n".join(line for line in RECORDINGS["ok_fixed_runs"].stdout.splitlines() if "emory" not in line) + "\n"
    request = here.request(Pass.MEMORY, settings=RunSettings(num_runs=20))
    stdout = stdout.replace("Min num runs: [20]", "Min num runs: [10]").replace("at least 20 it", "at least 10 it")
    result = run(here, here.play(stdout=stdout), request)
    assert [warning.code for warning in result.warnings] == [WarningCode.NO_MEMORY]


def test_a_program_that_hangs_is_a_timeout_and_does_not_live_on(here: Stage) -> None:
    marker = here.folder / "alive"
    program = here.program(f"#!/bin/sh\necho 'INFO: STARTING!'\necho $$ >'{marker}'\nexec sleep 3600\n")
    request = here.request(settings=RunSettings(max_secs=0.1), init_allowance_s=-9)
    result = run(here, program, request)
    assert ended(result) == (Status.FAILED, "timeout")
    assert not lives(int(marker.read_text()))


def test_a_process_that_outlives_its_run_is_ended_and_makes_no_number(here: Stage) -> None:
    marker = here.folder / "alive"
    program = here.play(then=f"sleep 60 >/dev/null 2>&1 & echo $! | tee pid.txt >'{marker}'; exit 0")
    result = run(here, program, here.request())
    assert ended(result) == (Status.FAILED, "environment")
    assert result.message is not None
    assert "was still there after its end" in result.message
    assert not lives(int(marker.read_text()))


def test_a_library_beside_the_program_that_is_replaced_during_the_run_is_a_changed_environment(here: Stage) -> None:
    library = here.folder / "libBeside.so"
    library.write_bytes(b"library")
    program = here.play(then=f"echo other >'{library}'")
    beside = ((str(library), hashlib.sha256(b"library").hexdigest()),)
    result = run(here, replace(program, companions=beside), here.request())
    assert ended(result) == (Status.FAILED, "environment")
    assert result.message is not None
    assert "libBeside.so" in result.message


@pytest.mark.parametrize(
    ("then", "error_class"),
    [
        ("kill -9 $$", "killed"),
        ("kill -15 $$", "killed"),
        ("kill -6 $$", "crash:SIGABRT"),
        ("kill -11 $$", "crash:SIGSEGV"),
        ("exit 1", "output"),
    ],
)
def test_a_program_that_ends_badly_after_a_complete_text_is_not_ok(here: Stage, then: str, error_class: str) -> None:
    assert ended(run(here, here.play(then=then), here.request())) == (Status.FAILED, error_class)


@pytest.mark.parametrize(
    ("text", "error_class"),
    [
        ("#!/bin/sh\nhead -c 100000 /dev/urandom\n", "output"),
        ("#!/bin/sh\nexit 0\n", "output"),
        ("#!/bin/sh\nexit 1\n", "launch"),
        ("#!/nonexistent/interpreter\n", "launch"),
        ("\x7fELF garbage", "launch"),
    ],
)
def test_a_program_that_is_not_benchmark_model_gives_no_measurement(here: Stage, text: str, error_class: str) -> None:
    assert ended(run(here, here.program(text), here.request())) == (Status.FAILED, error_class)


def test_a_program_that_may_not_be_executed_did_not_launch(here: Stage) -> None:
    program = here.program("#!/bin/sh\n")
    Path(program.argv_prefix[0]).chmod(0o644)
    assert ended(run(here, program, here.request())) == (Status.FAILED, "launch")


def test_half_an_output_is_no_measurement(here: Stage) -> None:
    half = RECORDINGS["ok_fixed_runs"].stdout.partition("INFO: Inference timings")[0]
    assert ended(run(here, here.play(stdout=half), here.request())) == (Status.FAILED, "output")


def test_an_operator_profile_of_garbage_is_an_io_failure(here: Stage) -> None:
    program = here.play()
    (here.folder / "program" / "prof.pb").write_bytes(b"\xff" * 100)
    assert ended(run(here, program, here.request(Pass.OPS))) == (Status.FAILED, "io")


def test_outputs_that_were_not_written_are_an_io_failure(here: Stage) -> None:
    program = here.play()
    (here.folder / "program" / "o.bin").unlink()
    assert ended(run(here, program, here.request())) == (Status.FAILED, "io")


def test_a_model_replaced_before_the_run_is_never_run(here: Stage) -> None:
    marker = here.folder / "ran"
    program = here.play(then=f"touch '{marker}'")
    request = here.request()
    here.model.write_bytes(b"another")
    result = run(here, program, request)
    assert ended(result) == (Status.FAILED, "environment")
    assert not marker.exists()


def test_a_model_replaced_during_the_run_is_a_changed_environment(here: Stage) -> None:
    program = here.play(then='printf another >"$graph"')
    assert ended(run(here, program, here.request())) == (Status.FAILED, "environment")


def test_a_program_replaced_during_the_run_is_a_changed_environment(here: Stage) -> None:
    program = here.play(then='echo "# changed" >>"$0"')
    assert ended(run(here, program, here.request())) == (Status.FAILED, "environment")


def test_a_directory_that_cannot_be_made_is_the_environments_fault(here: Stage) -> None:
    here.folder.joinpath("file").write_text("")
    result = run(here, here.play(), here.request(work_dir=f"{here.folder}/file/run"))
    assert result.status is Status.FAILED
    assert result.error_class in {"environment", "transport"}


def test_the_runs_directory_is_gone_afterwards(here: Stage) -> None:
    for then in ("exit 0", "kill -9 $$"):
        fresh = stage(here.folder / then.split()[0])
        run(fresh, fresh.play(then=then), fresh.request())
        assert not fresh.work_dir.exists()


@pytest.mark.parametrize(
    "name",
    ["$(touch reboot).tflite", "a b  c.tflite", "`touch reboot`;touch reboot.tflite", "größe 模型.tflite", "-rf.tflite",
     "'\"quotes\".tflite", "a\\nb*?.tflite"],
)  # fmt: skip
def test_hostile_names_stay_names(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name.replace("/", "_").removesuffix(".tflite")
    here = stage(folder)
    request = here.request(model=str(folder / name))
    (folder / name).write_bytes(b"model")
    result = run(here, here.play(), request)
    assert (result.status, result.message) == (Status.OK, None)
    assert not list(tmp_path.rglob("reboot*"))


@pytest.mark.parametrize(
    ("recording", "delegate", "stderr", "error_class"),
    [
        ("ok_xnnpack_explicit", Delegate.XNNPACK, None, None),
        ("ok_fixed_runs", Delegate.XNNPACK, None, "delegate"),
        ("ok_fixed_runs", Delegate.BUILTIN, None, "delegate"),
        ("ok_fixed_runs", Delegate.CPU, "INFO: Initialized TensorFlow Lite runtime.\n", "delegate"),
        ("trap_nnapi_unsupported_ran_on_cpu", Delegate.CPU, None, "usage"),
        ("trap_unconsumed_unknown_flag", Delegate.CPU, None, "usage"),
        ("fail_invoke", Delegate.CPU, None, "invoke"),
    ],
)
def test_a_delegate_counts_only_where_it_is_proved(
    here: Stage, recording: str, delegate: Delegate, stderr: str | None, error_class: str | None
) -> None:
    played = {"stderr": stderr} if stderr is not None else {}
    target = 20 if recording == "ok_fixed_runs" else 5
    program = here.play(recording, **played)
    result = run(here, program, here.request(delegate=delegate, settings=RunSettings(num_runs=target, max_secs=1)))
    assert result.error_class == error_class


def test_fewer_inferences_than_asked_for_are_kept_with_a_warning(here: Stage) -> None:
    settings = RunSettings(num_runs=1000, max_secs=0.3)
    result = run(here, here.play("trap_max_secs_truncated"), here.request(settings=settings))
    assert result.status is Status.OK
    assert [warning.code for warning in result.warnings] == [WarningCode.TIME_LIMITED]


def test_other_settings_than_those_given_are_a_usage_failure(here: Stage) -> None:
    result = run(here, here.play(), here.request(settings=RunSettings(num_runs=21, max_secs=1)))
    assert ended(result) == (Status.FAILED, "usage")


@pytest.mark.skipif(ONE_CORE is None, reason="this system cannot pin processes to cores")
def test_the_cores_of_a_run_are_read_back(here: Stage) -> None:
    result = run(here, here.play(), here.request(cpus=ONE_CORE))
    assert ended(result) == (Status.OK, None)
    assert ONE_CORE is not None
    assert result.cpus == str(ONE_CORE[0])


class Unpinned(HostTransport):
    """A way to a device that forgets to pin."""

    def run(self, argv: Sequence[str], **options: object):  # type: ignore[no-untyped-def]
        return super().run(argv, **(options | {"cpus": None}))


@pytest.mark.skipif(ONE_CORE is None or len(os.sched_getaffinity(0)) < 2, reason="needs two cores to tell them apart")
def test_a_run_on_other_cores_than_asked_for_is_not_believed(here: Stage) -> None:
    result = run_once(Unpinned(here.folder), here.clock, here.play(), here.request(cpus=ONE_CORE)).run
    assert ended(result) == (Status.FAILED, "environment")


class Hasty(HostTransport):
    """A way to a device whose own deadline comes first, as on devices that have no `timeout`."""

    def run(self, argv: Sequence[str], **options: object):  # type: ignore[no-untyped-def]
        return super().run(argv, **(options | {"deadline_s": 1.0}))


def test_a_hanging_program_is_ended_where_the_device_cannot_do_it(here: Stage) -> None:
    marker = here.folder / "alive"
    program = here.program(f"#!/bin/sh\necho 'INFO: STARTING!'\necho $$ >'{marker}'\nexec sleep 3600\n")
    outcome = run_once(Hasty(here.folder), here.clock, program, here.request())
    result, files = outcome.run, outcome.files
    assert ended(result) == (Status.FAILED, "timeout")
    assert files["stdout.txt"] == b"INFO: STARTING!\n"
    assert not lives(int(marker.read_text()))
    assert not here.work_dir.exists()


def test_an_endless_output_is_cut_and_gives_no_measurement(here: Stage) -> None:
    endless = here.program("#!/bin/sh\nyes \"$(printf '%4000s' noise)\"\n")  # reading millions of lines takes long
    outcome = run_once(here.transport, here.clock, endless, here.request())
    result, files = outcome.run, outcome.files
    assert result.status is Status.FAILED
    assert result.measured is None
    assert len(files["stdout.txt"]) == 4 << 20


class Torn(HostTransport):
    """A way to a device that breaks after the run."""

    def read_together(self, *, pulled: Sequence[str] = (), **options: object):  # type: ignore[no-untyped-def]
        if pulled:
            raise TransportError("the cable was pulled")
        return super().read_together(**options)


def test_a_lost_way_to_the_device_is_a_transport_failure(here: Stage) -> None:
    result = run_once(Torn(here.folder), here.clock, here.play(), here.request()).run
    assert ended(result) == (Status.FAILED, "transport")
    assert not here.work_dir.exists()


def test_a_program_without_the_needed_flags_is_refused_before_anything_runs(here: Stage) -> None:
    program = here.program("#!/bin/sh\n")
    lacking = Instrument(
        argv_prefix=program.argv_prefix, tool="litert", sha256=program.sha256, path=None,
        flags=program.flags - {"use_xnnpack", "enable_op_profiling"},
    )  # fmt: skip
    with pytest.raises(UsageError, match="no flag --use_xnnpack"):
        run(here, lacking, here.request(delegate=Delegate.XNNPACK))


def test_an_artifact_that_was_never_built_is_refused(here: Stage) -> None:
    request = here.request()
    artifact = request.workload.artifact.model_copy(update={"sha256": None})
    workload = request.workload.model_copy(update={"artifact": artifact})
    unbuilt = RunRequest(
        job="job", workload=workload, purpose=Pass.LATENCY, index=0, block=0, position=0, model="m", work_dir="w"
    )
    with pytest.raises(ArtifactError):
        run(here, here.play(), unbuilt)


HOSTBENCH = (sys.executable, "-m", "mbench.hostbench")


@pytest.fixture(scope="module")
def hostbench() -> Instrument:
    transport = HostTransport(Path("/tmp"))
    root = Path(__file__).parents[2]
    environment = (("PYTHONPATH", str(root)),)
    shown = transport.run((*HOSTBENCH, "--help"), deadline_s=60, environment=dict(environment))
    return Instrument(
        argv_prefix=HOSTBENCH,
        tool="hostbench",
        sha256="0" * 64,
        path=None,
        flags=flags_of((shown.stdout + shown.stderr).decode()),
        environment=environment,
    )


@pytest.mark.parametrize("delegate", EVERYWHERE, ids=str)
@pytest.mark.parametrize("purpose", [Pass.LATENCY, Pass.MEMORY, Pass.OPS])
def test_hostbench_proves_every_delegate_in_every_pass(
    tmp_path: Path, hostbench: Instrument, delegate: Delegate, purpose: Pass
) -> None:
    here = stage(tmp_path)
    request = here.request(purpose, delegate=delegate, cpus=ONE_CORE)
    model = emit_mobilenet(0.25, 128, seed=1)
    here.model.write_bytes(model)
    artifact = ArtifactFacts(
        name="m", sha256=hashlib.sha256(model).hexdigest(), size_bytes=len(model), mult_adds=None, parameters=None,
        activation_bytes=None,
    )  # fmt: skip
    workload = Workload(
        artifact=artifact,
        delegate=delegate,
        threads=1,
        settings=RunSettings(warmup_runs=1, warmup_min_secs=0, num_runs=5, min_secs=0, max_secs=10),
    )
    request = RunRequest(
        job="job", workload=workload, purpose=purpose, index=0, block=0, position=0, model=str(here.model),
        work_dir=str(here.work_dir), cpus=ONE_CORE,
    )  # fmt: skip
    result = run(here, hostbench, request)
    assert (result.status, result.message) == (Status.OK, None)
    assert bool(result.delegates) == (delegate != Delegate.BUILTIN)
    assert (result.operators is not None) == (purpose is Pass.OPS)
    assert (result.output_sha256 is not None) == (purpose is Pass.LATENCY)
