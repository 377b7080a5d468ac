"""Command lines: complete, each flag once, and none that the program lacks."""

from dataclasses import FrozenInstanceError

import pytest
from recorded_texts import RECORDINGS

from mbench.core.delegates import EVERYWHERE, Delegate, parse_delegate
from mbench.core.errors import UsageError
from mbench.core.results import Pass
from mbench.core.workloads import ArtifactFacts, InputTensor, RunSettings, Workload
from mbench.runner.command import Command, RunPaths, command_of, refuse_impossible, settings_of
from mbench.runner.instrument import Instrument, flags_of, lacking, tool_of

HELP = RECORDINGS["fail_bad_flag_value"].stderr
PATHS = RunPaths(work_dir="/data/local/tmp/mbench/run", model="/data/local/tmp/mbench/m.tflite")
LITERT_HELP = """usage: ./benchmark_model <flags>
Flags:
\t--num_runs=50\tint32\toptional\texpected number of runs, see also --min_secs=1
\t--num_threads=-1\tint32\toptional\tnumber of threads
\t--min_secs=1\tfloat\toptional\tx
\t--max_secs=150\tfloat\toptional\tx
\t--warmup_runs=1\tint32\toptional\tx
\t--warmup_min_secs=0.5\tfloat\toptional\tx
\t--report_peak_memory_footprint=false\tbool\toptional\tx
\t--graph=\tstring\toptional\tThe path to the model file.
\t--use_npu=false\tbool\toptional\tWhether to use NPU accelerator.
\t--gpu-precision=auto\tstring\toptional\tx
\t--model_runtime_info_output_file=\tstring\toptional\tx
"""


def instrument(help_text: str = HELP) -> Instrument:
    return Instrument(
        argv_prefix=("./benchmark_model",),
        tool=tool_of(help_text) or "tflite",
        sha256="0" * 64,
        path=None,
        flags=flags_of(help_text),
    )


def workload(delegate: Delegate = Delegate.CPU) -> Workload:
    artifact = ArtifactFacts(
        name="m", sha256="1" * 64, size_bytes=1, mult_adds=None, parameters=None, activation_bytes=None
    )
    return Workload(artifact=artifact, delegate=delegate, threads=4, settings=RunSettings())


BASE = ("./benchmark_model", "--graph=/data/local/tmp/mbench/m.tflite", "--num_threads=4")


def test_a_latency_run_warms_up_measures_and_proves_its_delegate() -> None:
    command = command_of(workload(), Pass.LATENCY, PATHS, instrument())
    assert command.argv == (
        *BASE,
        "--warmup_runs=5",
        "--warmup_min_secs=0.3",
        "--num_runs=50",
        "--min_secs=0.5",
        "--max_secs=60",
        "--export_model_runtime_info=true",
        "--model_runtime_info_output_file=/data/local/tmp/mbench/run/rt.pb",
        "--output_filepath=/data/local/tmp/mbench/run/o.bin",
    )
    assert command.writes == ("/data/local/tmp/mbench/run/rt.pb", "/data/local/tmp/mbench/run/o.bin")


def test_a_memory_run_is_short_and_does_nothing_else() -> None:
    command = command_of(workload(), Pass.MEMORY, PATHS, instrument())
    assert command.argv == (
        *BASE,
        "--warmup_runs=1",
        "--warmup_min_secs=0",
        "--num_runs=10",
        "--min_secs=0",
        "--max_secs=60",
        "--report_peak_memory_footprint=true",
    )
    assert command.writes == ()


def test_an_operator_run_profiles_into_a_proto() -> None:
    command = command_of(workload(Delegate.BUILTIN), Pass.OPS, PATHS, instrument())
    assert command.argv == (
        *BASE,
        "--warmup_runs=3",
        "--warmup_min_secs=0",
        "--num_runs=30",
        "--min_secs=0",
        "--max_secs=60",
        "--use_xnnpack=false",
        "--enable_op_profiling=true",
        "--op_profiling_output_mode=proto",
        "--op_profiling_output_file=/data/local/tmp/mbench/run/prof.pb",
    )


@pytest.mark.parametrize(
    ("delegate", "flags"),
    [(Delegate.CPU, []), (Delegate.XNNPACK, ["--use_xnnpack=true"]), (Delegate.BUILTIN, ["--use_xnnpack=false"])],
)
def test_a_delegate_is_asked_for_by_its_flag(delegate: Delegate, flags: list[str]) -> None:
    argv = command_of(workload(delegate), Pass.LATENCY, PATHS, instrument()).argv
    assert [word for word in argv if "xnnpack" in word] == flags


@pytest.mark.parametrize("purpose", list(Pass))
@pytest.mark.parametrize("delegate", EVERYWHERE, ids=str)
def test_every_flag_stands_once_and_with_a_value(purpose: Pass, delegate: Delegate) -> None:
    words = command_of(workload(delegate), purpose, PATHS, instrument()).argv[1:]
    names = [word.partition("=")[0] for word in words]
    assert len(set(names)) == len(names)
    assert all("=" in word for word in words)
    assert lacking(words, instrument().flags) == ()


def test_the_flavour_is_read_off_the_help() -> None:
    assert tool_of(HELP) == "tflite"
    assert tool_of(LITERT_HELP) == "litert"
    assert tool_of("usage: cat [FILE]\n  --help=x\n") is None


def test_all_flags_are_read_off_the_help() -> None:
    assert flags_of(LITERT_HELP) == {
        "num_runs", "num_threads", "min_secs", "max_secs", "warmup_runs", "warmup_min_secs", "graph", "use_npu",
        "gpu-precision", "model_runtime_info_output_file", "report_peak_memory_footprint",
    }  # fmt: skip
    listed = [line.split("=")[0].strip() for line in HELP.splitlines() if line.startswith("\t--")]
    assert flags_of(HELP) == {name.removeprefix("--") for name in listed}


def test_the_new_flavour_writes_the_runtime_information_that_it_can() -> None:
    command = command_of(workload(), Pass.LATENCY, PATHS, instrument(LITERT_HELP))
    assert command.writes == (PATHS.runtime_info,)
    assert "--export_model_runtime_info=true" not in command.argv


@pytest.mark.parametrize(
    ("purpose", "delegate", "named"),
    [
        (Pass.OPS, Delegate.CPU, "--enable_op_profiling, --op_profiling_output_file, --op_profiling_output_mode"),
        (Pass.LATENCY, Delegate.BUILTIN, "--use_xnnpack"),
    ],
)
def test_what_the_program_cannot_do_is_refused_by_name(purpose: Pass, delegate: Delegate, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        command_of(workload(delegate), purpose, PATHS, instrument(LITERT_HELP))


@pytest.mark.parametrize(
    ("purpose", "asked", "warmup", "measured"),
    [
        (Pass.MEMORY, 50, 1, 10),
        (Pass.MEMORY, 10, 1, 10),
        (Pass.MEMORY, 9, 1, 9),
        (Pass.OPS, 50, 3, 30),
        (Pass.OPS, 30, 3, 30),
        (Pass.OPS, 29, 3, 29),
        (Pass.LATENCY, 50, 5, 50),
        (Pass.CANARY, 9, 5, 9),
    ],
)
def test_where_no_latency_is_taken_fewer_inferences_are(purpose: Pass, asked: int, warmup: int, measured: int) -> None:
    settings = RunSettings(num_runs=asked)
    timed = purpose in {Pass.LATENCY, Pass.CANARY}
    assert settings_of(settings, purpose) == RunSettings(
        warmup_runs=warmup,
        warmup_min_secs=0.3 if timed else 0.0,
        num_runs=measured,
        min_secs=0.5 if timed else 0.0,
        max_secs=60.0,
    )


def test_seconds_are_written_with_twelve_digits() -> None:
    exact = workload().model_copy(update={"settings": RunSettings(max_secs=1 / 3, min_secs=1234.000_000_25)})
    argv = command_of(exact, Pass.LATENCY, PATHS, instrument()).argv
    assert {"--max_secs=0.333333333333", "--min_secs=1234.00000025"} <= set(argv)


@pytest.mark.parametrize(("delegate", "remedy"), [("npu", "LiteRT's own has it: --flavour litert"),
                                                  ("gpu:gl", "Use another binary")])  # fmt: skip
def test_another_program_is_advised(delegate: str, remedy: str) -> None:
    bare = Instrument(argv_prefix=("b",), tool="tflite", sha256="0" * 64, path=None, flags=frozenset())
    with pytest.raises(UsageError, match=f"{remedy}, or leave that out"):
        command_of(workload(parse_delegate(delegate)), Pass.LATENCY, PATHS, bare)


def test_every_kind_of_run_is_refused_before_any_is_started() -> None:
    without_profile = instrument(LITERT_HELP)
    jobs = [workload(), workload(Delegate.CPU)]
    refuse_impossible(jobs, [Pass.LATENCY, Pass.MEMORY], without_profile)
    with pytest.raises(UsageError, match="enable_op_profiling"):
        refuse_impossible(jobs, iter([Pass.LATENCY, Pass.OPS]), without_profile)
    with pytest.raises(UsageError, match="use_xnnpack"):
        refuse_impossible([workload(), workload(Delegate.BUILTIN)], [Pass.LATENCY], without_profile)


def test_commands_and_paths_are_values() -> None:
    command = Command(argv=(), writes=(), num_runs=1)
    for value, name in ((command, "num_runs"), (PATHS, "model")):
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, "")
        assert not hasattr(value, "__dict__")
    with pytest.raises(TypeError, match="positional"):
        RunPaths("/w", "/m")  # type: ignore[misc]
    with pytest.raises(TypeError, match="positional"):
        Command((), (), 1)  # type: ignore[misc]


def fed(*inputs: InputTensor) -> Workload:
    return workload().model_copy(update={"inputs": inputs})


@pytest.mark.parametrize("purpose", [Pass.LATENCY, Pass.MEMORY, Pass.OPS, Pass.CANARY])
def test_every_run_feeds_the_inputs_as_asked(purpose: Pass) -> None:
    values = "a" * 64
    inputs = (InputTensor(name="x", shape=(1, 224, 224, 3)), InputTensor(name="ids", shape=(2,), values_sha256=values))
    argv = command_of(fed(*inputs), purpose, PATHS, instrument()).argv
    assert [one for one in argv if one.startswith("--input_layer")] == [
        "--input_layer=x,ids",
        "--input_layer_shape=1,224,224,3:2",
        f"--input_layer_value_files=ids:/data/local/tmp/mbench/{values}.tflite",
    ]


def test_without_values_no_file_is_named() -> None:
    argv = command_of(fed(InputTensor(name="x", shape=(1, 4))), Pass.LATENCY, PATHS, instrument()).argv
    assert not any(one.startswith("--input_layer_value_files") for one in argv)
    assert not any(
        one.startswith("--input_layer") for one in command_of(workload(), Pass.LATENCY, PATHS, instrument()).argv
    )


@pytest.mark.parametrize("name", ["serving_default_x:0", "a,b", "a b", "é", ""])
def test_a_name_that_would_end_early_is_called_by_its_place(name: str) -> None:
    inputs = (InputTensor(name="x", shape=(1,)), InputTensor(name=name, shape=(1,), values_sha256="b" * 64))
    argv = command_of(fed(*inputs), Pass.LATENCY, PATHS, instrument()).argv
    assert "--input_layer=x,in1" in argv
    assert f"--input_layer_value_files=in1:/data/local/tmp/mbench/{'b' * 64}.tflite" in argv


def test_a_program_that_cannot_be_fed_is_refused_by_the_flag() -> None:
    with pytest.raises(UsageError, match="has no flag --input_layer, --input_layer_shape"):
        command_of(fed(InputTensor(name="x", shape=(1,))), Pass.LATENCY, PATHS, instrument(LITERT_HELP))
