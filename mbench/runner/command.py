"""Argument lists of benchmark_model, one per kind of run.

Every bool is `=true` or `=false` and every flag stands once: a bare flag, a second one and an unknown one are left over
by the tool, which then runs something else and ends with status 0.
"""

import itertools
import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mbench.core.errors import UsageError
from mbench.core.results import Pass
from mbench.core.workloads import InputTensor, RunSettings, Workload
from mbench.runner.delegate_flags import delegate_flags, device_files
from mbench.runner.instrument import Instrument, lacking

_PLAIN = re.compile(r"[!-+.-9;-~-]+")
"""Printable ASCII without blank, comma and colon."""
MEMORY_RUNS = 10
OPS_RUNS = 30
OPS_WARMUP_RUNS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPaths:
    """Where one run reads and writes, on the device.

    Attributes:
        work_dir: the run's own directory, an absolute path; it holds all the others but the model.
        model: the `.tflite` file, an absolute path.
    """

    work_dir: str
    model: str

    def values(self, sha256: str) -> str:
        """Return where a file of input values lies: beside the model, called by its hash as that is."""
        return f"{posixpath.dirname(self.model)}/{sha256}.tflite"

    @property
    def output(self) -> str:
        """Raw bytes of all output tensors after the last inference."""
        return f"{self.work_dir}/o.bin"

    @property
    def runtime_info(self) -> str:
        """`tflite.profiling.ModelRuntimeDetails`."""
        return f"{self.work_dir}/rt.pb"

    @property
    def profile(self) -> str:
        """`tflite.profiling.BenchmarkProfilingData`."""
        return f"{self.work_dir}/prof.pb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One run's command line.

    Attributes:
        writes: files that it must leave behind, with more than zero bytes.
        num_runs: inferences that it asks for.
        reads: paths on the device, besides model and program, that must be readable before it is started.
    """

    argv: tuple[str, ...]
    writes: tuple[str, ...]
    num_runs: int
    reads: tuple[str, ...] = ()


def command_of(workload: Workload, purpose: Pass, paths: RunPaths, instrument: Instrument) -> Command:
    """Return the command line of one run.

    Latency and canary runs also write the runtime information and the outputs, where the program can: both happen
    outside of what is timed (LiteRT `tflite/tools/benchmark/benchmark_tflite_model.cc`, listeners).

    Raises:
        UsageError: the program lacks a flag that this run needs.
    """
    settings = settings_of(workload.settings, purpose)
    needed = [
        f"--graph={paths.model}",
        f"--num_threads={workload.threads}",
        f"--warmup_runs={settings.warmup_runs}",
        f"--warmup_min_secs={_number(settings.warmup_min_secs)}",
        f"--num_runs={settings.num_runs}",
        f"--min_secs={_number(settings.min_secs)}",
        f"--max_secs={_number(settings.max_secs)}",
        *delegate_flags(workload.delegate, instrument),
        *([] if workload.signature is None else [f"--signature_to_run_for={workload.signature}"]),
        *input_flags(workload.inputs, paths),
    ]
    writes: list[str] = []
    match purpose:
        case Pass.MEMORY:
            needed.append("--report_peak_memory_footprint=true")
        case Pass.OPS:
            needed += [
                "--enable_op_profiling=true",
                "--op_profiling_output_mode=proto",
                f"--op_profiling_output_file={paths.profile}",
            ]
            writes.append(paths.profile)
        case Pass.LATENCY | Pass.CANARY:
            offered, writes = _evidence_flags(paths, instrument.flags)
            needed += offered
    if missing := lacking(needed, instrument.flags):
        remedy = "LiteRT's own has it: --flavour litert" if "use_npu" in missing else "Use another binary"
        raise UsageError(
            f"{' '.join(instrument.argv_prefix)} ({instrument.tool}) has no flag --{', --'.join(missing)}, which a "
            f"{purpose} run with delegate {workload.delegate} needs. {remedy}, or leave that out."
        )
    return Command(
        argv=(*instrument.argv_prefix, *needed),
        writes=tuple(writes),
        num_runs=settings.num_runs,
        reads=device_files(workload.delegate),
    )


def input_flags(inputs: Sequence[InputTensor], paths: RunPaths) -> list[str]:
    """Return the flags that feed the inputs, all of them in the model's order, as the tool wants them.

    A colon in a value file's name or path is written twice; a name with a comma or colon would end early in the other
    flags, so the input is called by its place then, which the tool only notes.
    """
    if not inputs:
        return []
    names = [each.name if _PLAIN.fullmatch(each.name) else f"in{place}" for place, each in enumerate(inputs)]
    flags = [f"--input_layer={','.join(names)}", f"--input_layer_shape={shapes_flag(inputs)}"]
    files = [
        f"{name}:{paths.values(each.values_sha256).replace(':', '::')}"
        for name, each in zip(names, inputs, strict=True)
        if each.values_sha256 is not None
    ]
    return [*flags, f"--input_layer_value_files={','.join(files)}"] if files else flags


def shapes_flag(inputs: Sequence[InputTensor]) -> str:
    """Return the value of `--input_layer_shape`, which the tool repeats: `1,224,224,3:1,10`."""
    return ":".join(",".join(map(str, each.shape)) for each in inputs)


def refuse_impossible(workloads: Iterable[Workload], purposes: Iterable[Pass], instrument: Instrument) -> None:
    """Refuse, before anything is run, what the program lacks the flags for.

    Raises:
        UsageError: a flag that one of the runs needs, named.
    """
    paths = RunPaths(work_dir="/", model="/")
    for workload, purpose in itertools.product(workloads, tuple(purposes)):
        command_of(workload, purpose, paths, instrument)


def settings_of(settings: RunSettings, purpose: Pass) -> RunSettings:
    """Return the settings of one kind of run: those asked for, or fewer inferences where no latency is taken."""
    match purpose:
        case Pass.MEMORY:
            changed = {"warmup_runs": 1, "num_runs": min(MEMORY_RUNS, settings.num_runs)}
        case Pass.OPS:
            changed = {"warmup_runs": OPS_WARMUP_RUNS, "num_runs": min(OPS_RUNS, settings.num_runs)}
        case Pass.LATENCY | Pass.CANARY:
            return settings
    return settings.model_copy(update={"warmup_min_secs": 0.0, "min_secs": 0.0, **changed})


def _evidence_flags(paths: RunPaths, flags: frozenset[str]) -> tuple[list[str], list[str]]:
    """Return the flags that make the program prove what it did, and the files that they write."""
    offered: list[str] = []
    writes: list[str] = []
    if "model_runtime_info_output_file" in flags:
        if "export_model_runtime_info" in flags:
            offered.append("--export_model_runtime_info=true")
        offered.append(f"--model_runtime_info_output_file={paths.runtime_info}")
        writes.append(paths.runtime_info)
    if "output_filepath" in flags:
        offered.append(f"--output_filepath={paths.output}")
        writes.append(paths.output)
    return offered, writes


def _number(value: float) -> str:
    return f"{value:.12g}"
