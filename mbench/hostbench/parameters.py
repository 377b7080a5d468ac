"""The flags that hostbench honours, their echo on stdout, and their checked values.

The flags of benchmark_model that need a phone (`use_gpu`, `use_nnapi`, `external_delegate_path`) are not known here, as
in a build without these delegates: they are reported as unconsumed. Names, defaults, help and order are those of
TFLite's `benchmark_model.cc`, `benchmark_tflite_model.cc`, `default_execution_provider.cc` and
`xnnpack_delegate_provider.cc`.
"""

from dataclasses import dataclass

from mbench.hostbench import streams
from mbench.hostbench.flags import Flag, FlagValue, ParsedFlags
from mbench.hostbench.input_layers import InputLayer, parse_input_layers

PROFILING_OUTPUT_MODES = ("stdout", "csv", "proto")
_MEMORY_CHECK_INTERVAL_MS = 50

FLAGS = (
    Flag("num_runs", "int32", 50, "expected number of runs, see also min_secs, max_secs"),
    Flag(
        "min_secs",
        "float",
        1.0,
        "minimum number of seconds to rerun for, potentially making the actual number of runs to be greater than "
        "num_runs",
    ),
    Flag(
        "max_secs",
        "float",
        150.0,
        "maximum number of seconds to rerun for, potentially making the actual number of runs to be less than "
        "num_runs. Note if --max-secs is exceeded in the middle of a run, the benchmark will continue to the end of "
        "the run but will not start the next run.",
    ),
    Flag("run_delay", "float", -1.0, "delay between runs in seconds"),
    Flag("num_threads", "int32", -1, "number of threads"),
    Flag(
        "warmup_runs",
        "int32",
        1,
        "minimum number of runs performed on initialization, to allow performance characteristics to settle, see also "
        "warmup_min_secs",
    ),
    Flag(
        "warmup_min_secs",
        "float",
        0.5,
        "minimum number of seconds to rerun for, potentially making the actual number of warm-up runs to be greater "
        "than warmup_runs",
    ),
    Flag(
        "verbose",
        "bool",
        False,
        "Whether to log parameters whose values are not set. By default, only log those parameters that are set by "
        "parsing their values from the commandline flags.",
    ),
    Flag(
        "dry_run",
        "bool",
        False,
        "Whether to run the tool just with simply loading the model, allocating tensors etc. but without actually "
        "invoking any op kernels.",
    ),
    Flag(
        "report_peak_memory_footprint",
        "bool",
        False,
        "Report the peak memory footprint by periodically checking the memory footprint. Internally, a separate "
        "thread will be spawned for this periodic check. Therefore, the performance benchmark result could be "
        "affected.",
    ),
    Flag(
        "memory_footprint_check_interval_ms",
        "int32",
        _MEMORY_CHECK_INTERVAL_MS,
        "The interval in millisecond between two consecutive memory footprint checks. This is only used when "
        "--report_peak_memory_footprint is set to true.",
    ),
    Flag("graph", "string", "", "graph file name"),
    Flag(
        "signature_to_run_for",
        "string",
        "",
        "If the model contains multiple signatures, use this flag to specify the signature to benchmark. If multiple "
        "signatures are present and this flag is not specified, the benchmark will throw an error. If only one "
        "signature is present and this flag is not specified, the default signature will be used.",
    ),
    Flag("input_layer", "string", "", "input layer names"),
    Flag("input_layer_shape", "string", "", "input layer shape"),
    Flag(
        "input_layer_value_range",
        "string",
        "",
        "A map-like string representing value range for *integer* input layers. Each item is separated by ':', and "
        "the item value consists of input layer name and integer-only range values (both low and high are inclusive) "
        "separated by ',', e.g. input1,1,2:input2,0,254",
    ),
    Flag(
        "input_layer_value_files",
        "string",
        "",
        "A map-like string representing value file. Each item is separated by ',', and the item value consists of "
        "input layer name and value file path separated by ':', e.g. input1:file_path1,input2:file_path2. A ':' in a "
        "name or path is written '::'. If the input_name appears both in input_layer_value_range and "
        "input_layer_value_files, input_layer_value_range of the input_name will be ignored. The file format is "
        "binary and it should be array format or null separated strings format.",
    ),
    Flag("require_full_delegation", "bool", False, "require delegate to run the entire graph"),
    Flag("enable_op_profiling", "bool", False, "enable op profiling"),
    Flag(
        "op_profiling_output_mode",
        "string",
        "stdout",
        "Output mode for op profiling results. Supported values are: 'stdout', 'csv' and 'proto'.",
    ),
    Flag("op_profiling_output_file", "string", "", "Output file for op profiling results."),
    Flag("max_profiling_buffer_entries", "int32", 1024, "max initial profiling buffer entries"),
    Flag("export_model_runtime_info", "bool", False, "Enable Model Runtime Info Export"),
    Flag("model_runtime_info_output_file", "string", "", "Proto File to export model runtime info to"),
    Flag("output_filepath", "string", "", "File path to export outputs layer as binary data."),
    Flag("help", "bool", False, "Print out all supported flags if true."),
    Flag("num_threads", "int32", -1, "number of threads used for inference on CPU."),
    Flag(
        "use_xnnpack",
        "bool",
        False,
        "explicitly apply the XNNPACK delegate. Note the XNNPACK delegate could be implicitly applied by the TF Lite "
        "runtime regardless the value of this parameter. To disable this implicit application, set the value to "
        "false explicitly.",
    ),
)

# What is echoed, in the tool's order. "Graph" and "Signature to run" come always; hostbench runs the first signature
# only.
_ECHO_BEFORE_GRAPH = {
    "num_runs": "Min num runs",
    "min_secs": "Min runs duration (seconds)",
    "max_secs": "Max runs duration (seconds)",
    "run_delay": "Inter-run delay (seconds)",
    "num_threads": "Num threads",
    "warmup_runs": "Min warmup runs",
    "warmup_min_secs": "Min warmup runs duration (seconds)",
    "dry_run": "Run w/o invoking kernels",
    "report_peak_memory_footprint": "Report the peak memory footprint",
    "memory_footprint_check_interval_ms": "Memory footprint check interval (ms)",
}
_ECHO_AFTER_GRAPH = {
    "input_layer": "Input layers",
    "input_layer_shape": "Input shapes",
    "input_layer_value_range": "Input value ranges",
    "input_layer_value_files": "Input value files",
    "require_full_delegation": "Require full delegation",
    "enable_op_profiling": "Enable op profiling",
    "op_profiling_output_mode": "Op profiling output mode.",
    "op_profiling_output_file": "Op profiling output file.",
    "max_profiling_buffer_entries": "Max initial profiling buffer entries",
    "export_model_runtime_info": "Enable Model Runtime Info Export",
    "model_runtime_info_output_file": "Proto File to export model runtime info to",
    "output_filepath": "File path to export outputs layer to",
}
_ECHO_OF_PROVIDERS = {"num_threads": "#threads used for CPU inference", "use_xnnpack": "Use xnnpack"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """A checked command line. Field names are those of the flags; `use_xnnpack` is None when it was not given."""

    graph: str
    signature: str
    num_threads: int
    num_runs: int
    min_secs: float
    max_secs: float
    run_delay: float
    warmup_runs: int
    warmup_min_secs: float
    report_peak_memory_footprint: bool
    memory_footprint_check_interval_ms: int
    input_layers: tuple[InputLayer, ...]
    require_full_delegation: bool
    enable_op_profiling: bool
    op_profiling_output_mode: str
    op_profiling_output_file: str
    export_model_runtime_info: bool
    model_runtime_info_output_file: str
    output_filepath: str
    use_xnnpack: bool | None


def check_parameters(flags: ParsedFlags) -> Parameters:
    """Checks what the tool's ValidateParams checks and applies `--dry_run`.

    Raises:
      BenchmarkFailed: A value is missing or contradicts another; the reason is on stderr.
    """
    interval_ms = flags.integer("memory_footprint_check_interval_ms")
    if flags.boolean("report_peak_memory_footprint") and interval_ms <= 0:
        streams.warn(
            f"--memory_footprint_check_interval_ms is set to {interval_ms} (ms), This value is invalid, and it will "
            f"be set to the default value {_MEMORY_CHECK_INTERVAL_MS} (ms)."
        )
        interval_ms = _MEMORY_CHECK_INTERVAL_MS
    if not flags.text("graph"):
        streams.fail("Please specify the name of your TF Lite input file with --graph")
    mode = flags.text("op_profiling_output_mode")
    if flags.boolean("enable_op_profiling") and mode not in PROFILING_OUTPUT_MODES:
        streams.fail(f"Output mode{mode} is not supported. Supported values are: 'stdout', 'csv' and 'proto'.")
    dry_run = flags.boolean("dry_run")
    return Parameters(
        graph=flags.text("graph"),
        signature=flags.text("signature_to_run_for"),
        num_threads=flags.integer("num_threads"),
        num_runs=0 if dry_run else flags.integer("num_runs"),
        min_secs=-1.0 if dry_run else flags.number("min_secs"),
        max_secs=flags.number("max_secs"),
        run_delay=flags.number("run_delay"),
        warmup_runs=0 if dry_run else flags.integer("warmup_runs"),
        warmup_min_secs=-1.0 if dry_run else flags.number("warmup_min_secs"),
        report_peak_memory_footprint=flags.boolean("report_peak_memory_footprint"),
        memory_footprint_check_interval_ms=interval_ms,
        input_layers=parse_input_layers(
            flags.text("input_layer"),
            flags.text("input_layer_shape"),
            flags.text("input_layer_value_range"),
            flags.text("input_layer_value_files"),
        ),
        require_full_delegation=flags.boolean("require_full_delegation"),
        enable_op_profiling=flags.boolean("enable_op_profiling"),
        op_profiling_output_mode=mode,
        op_profiling_output_file=flags.text("op_profiling_output_file"),
        export_model_runtime_info=flags.boolean("export_model_runtime_info"),
        model_runtime_info_output_file=flags.text("model_runtime_info_output_file"),
        output_filepath=flags.text("output_filepath"),
        use_xnnpack=flags.boolean("use_xnnpack") if "use_xnnpack" in flags.given else None,
    )


def echo_parameters(flags: ParsedFlags) -> None:
    """Writes a line like `Min num runs: [10]` for each flag that was given, or for all with `--verbose=true`."""
    verbose = flags.boolean("verbose")
    streams.info(f"Log parameter values verbosely: [{int(verbose)}]")
    _echo(flags, _ECHO_BEFORE_GRAPH, verbose=verbose)
    streams.info(f"Graph: [{flags.text('graph')}]")
    streams.info(f"Signature to run: [{flags.text('signature_to_run_for')}]")
    _echo(flags, _ECHO_AFTER_GRAPH, verbose=verbose)
    _echo(flags, _ECHO_OF_PROVIDERS, verbose=verbose)


def _echo(flags: ParsedFlags, descriptions: dict[str, str], *, verbose: bool) -> None:
    for name, description in descriptions.items():
        if verbose or name in flags.given:
            streams.info(f"{description}: [{_format_value(flags.values[name])}]")


def _format_value(value: FlagValue) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:g}" if isinstance(value, float) else str(value)
