"""The command line that answers one example: one inference of benchmark_model with an input file and an output file.

LiteRT `tflite/tools/benchmark/README.md`: `--input_layer`, `--input_layer_shape` and `--input_layer_value_files` name,
shape and feed the inputs in the model's order, whatever they are called; `--output_filepath` takes the raw bytes of all
outputs after the last inference. Without warm-up and with one run the model is invoked once.
"""

from collections.abc import Sequence

from mbench.core.errors import UsageError
from mbench.core.workloads import Workload
from mbench.runner.command import Command, RunPaths
from mbench.runner.delegate_flags import delegate_flags, device_files
from mbench.runner.device_scoring.script import SLICE
from mbench.runner.instrument import Instrument, lacking

_MAX_SECS = 600
"""Longer than the device lets any process live, so that the tool's own limit never cuts an inference off."""


def answer_command(
    workload: Workload, paths: RunPaths, instrument: Instrument, *, input_shape: Sequence[int], evidence: bool
) -> Command:
    """Return the command line for the example in the file `x.bin` of the directory that it is started in.

    The outputs come first among the files that it writes.

    Args:
        workload: file, delegate and threads; its run settings are those of latency runs and have no say here.
        paths: where it works.
        instrument: the program.
        input_shape: of the model's only input, the batch of 1 included.
        evidence: whether it also writes the runtime information, where the program can.

    Raises:
        UsageError: the program lacks a flag for it, as LiteRT's own tool does.
    """
    needed = [
        f"--graph={paths.model}",
        f"--num_threads={workload.threads}",
        "--warmup_runs=0",
        "--warmup_min_secs=0",
        "--num_runs=1",
        "--min_secs=0",
        f"--max_secs={_MAX_SECS}",
        *delegate_flags(workload.delegate, instrument),
        "--input_layer=in0",
        f"--input_layer_shape={','.join(map(str, input_shape))}",
        f"--input_layer_value_files=in0:{SLICE}",
        f"--output_filepath={paths.output}",
    ]
    writes = [paths.output]
    if evidence and "model_runtime_info_output_file" in instrument.flags:
        if "export_model_runtime_info" in instrument.flags:
            needed.append("--export_model_runtime_info=true")
        needed.append(f"--model_runtime_info_output_file={paths.runtime_info}")
        writes.append(paths.runtime_info)
    if missing := lacking(needed, instrument.flags):
        raise UsageError(
            f"{' '.join(instrument.argv_prefix)} ({instrument.tool}) has no flag --{', --'.join(missing)}, without "
            "which no example can be answered on the device. Score on the host, or use benchmark_model of "
            "tflite/tools/benchmark."
        )
    return Command(
        argv=(*instrument.argv_prefix, *needed),
        writes=tuple(writes),
        num_runs=1,
        reads=device_files(workload.delegate),
    )
