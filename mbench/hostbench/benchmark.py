"""One benchmark from the loading of the model to the last line, in the order of TFLite's BenchmarkModel::Run()."""

import gc
from collections.abc import Callable
from pathlib import Path

from mbench.hostbench import memory, streams
from mbench.hostbench.engines import Engine, InterpreterEngine, ProfiledEngine
from mbench.hostbench.input_data import make_inputs
from mbench.hostbench.litert_c import LiteRtError
from mbench.hostbench.loading import LoadedModel, load_model
from mbench.hostbench.output_file import save_outputs
from mbench.hostbench.parameters import Parameters
from mbench.hostbench.phases import run_phase
from mbench.hostbench.profile_output import write_profile
from mbench.hostbench.running_stat import RunningStat, format_number

_MEMORY_NOTE = (
    "Note: as the benchmark tool itself affects memory footprint, the following is only APPROXIMATE to the actual "
    "memory footprint of the model at runtime. Take the information at your discretion."
)


def run_benchmark(parameters: Parameters) -> None:
    """Loads and times the model and writes every line and file that the parameters ask for.

    Raises:
      BenchmarkFailed: The reason is on stderr.
    """
    _load_optional_modules(parameters)
    monitor = None
    if parameters.report_peak_memory_footprint:
        monitor = memory.PeakMemoryMonitor(interval_ms=parameters.memory_footprint_check_interval_ms)
        monitor.start()
    model_bytes = _file_size_bytes(parameters.graph)
    start_rss_kib = memory.read_peak_rss_kib()
    loaded = load_model(parameters)
    if model_bytes > 0:
        streams.info(f"The input model file size (MB): {format_number(model_bytes / 1e6)}")
    else:
        streams.warn("Failed to get the input model file size.")
    streams.info(f"Initialized session in {format_number(loaded.init_us / 1e3)}ms.")
    inputs = make_inputs(loaded.interpreter, parameters.input_layers)
    if parameters.export_model_runtime_info:
        from mbench.hostbench.runtime_info import export_runtime_info

        export_runtime_info(
            loaded.interpreter,
            {0: loaded.delegation, **loaded.called},
            parameters.graph,
            parameters.model_runtime_info_output_file,
        )
    engine = _create_engine(parameters, loaded)
    write_inputs = engine.input_writer(inputs)
    write_inputs()  # also a dry run's outputs are those of defined inputs
    try:
        warm_up, measured, succeeded = _run_phases(parameters, engine, write_inputs)
    except LiteRtError as exc:
        streams.fail(f"Op profiling is not possible: {exc}.")
    overall_rss_kib = memory.read_peak_rss_kib() - start_rss_kib
    peak_mib = monitor.stop() if monitor is not None else None
    streams.info(
        f"Inference timings in us: Init: {loaded.init_us}, First inference: {warm_up.first}, "
        f"Warmup (avg): {format_number(warm_up.avg)}, Inference (avg): {format_number(measured.avg)}"
    )
    _report_memory(loaded.init_peak_rss_kib - start_rss_kib, overall_rss_kib, peak_mib)
    if isinstance(engine, ProfiledEngine):
        write_profile(
            engine.profile.subgraphs,
            mode=parameters.op_profiling_output_mode,
            path=parameters.op_profiling_output_file,
        )
    if parameters.output_filepath:
        save_outputs(engine.read_outputs(), parameters.output_filepath)
    if not succeeded:
        raise streams.BenchmarkFailed


def _load_optional_modules(parameters: Parameters) -> None:
    """Loads what takes 100 ms and not every run needs, before memory is measured."""
    if parameters.export_model_runtime_info:
        import mbench.hostbench.runtime_info
    if parameters.enable_op_profiling:
        import mbench.hostbench.model_file
        import mbench.hostbench.profile_proto  # noqa: F401  loaded now, used later


def _file_size_bytes(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return -1


def _create_engine(parameters: Parameters, loaded: LoadedModel) -> Engine:
    if not parameters.enable_op_profiling:
        return InterpreterEngine(loaded.interpreter)
    from mbench.hostbench.model_file import read_model_file

    try:
        return ProfiledEngine(parameters, loaded, read_model_file(parameters.graph))
    except LiteRtError as exc:
        streams.fail(f"Op profiling is not possible: {exc}.")


def _run_phases(
    parameters: Parameters, engine: Engine, write_inputs: Callable[[], None]
) -> tuple[RunningStat, RunningStat, bool]:
    gc.collect()
    gc.disable()
    warm_up, succeeded = run_phase(
        write_inputs,
        engine.warm_up,
        min_runs=parameters.warmup_runs,
        min_s=parameters.warmup_min_secs,
        max_s=parameters.max_secs,
        run_delay_s=parameters.run_delay,
    )
    if not succeeded:
        raise streams.BenchmarkFailed
    measured, succeeded = run_phase(
        write_inputs,
        engine.measure,
        min_runs=parameters.num_runs,
        min_s=parameters.min_secs,
        max_s=parameters.max_secs,
        run_delay_s=parameters.run_delay,
    )
    gc.enable()
    return warm_up, measured, succeeded


def _report_memory(init_kib: int, overall_kib: int, peak_mib: float | None) -> None:
    streams.info(_MEMORY_NOTE)
    streams.info(
        "Memory footprint delta from the start of the tool (MB): "
        f"init={format_number(init_kib / 1024)} overall={format_number(overall_kib / 1024)}"
    )
    if peak_mib is None:
        return
    streams.info(f"Overall peak memory footprint (MB) via periodic monitoring: {format_number(peak_mib)}")
    status = memory.read_rss_status_mib()
    if status is not None:
        resident, anonymous, shared = status
        streams.info("Memory status at the end of exeution:")  # sic
        streams.info(f"- VmRSS              : {resident} MB")
        streams.info(f"+ RssAnnon           : {anonymous} MB")
        streams.info(f"+ RssFile + RssShmem : {shared} MB")
