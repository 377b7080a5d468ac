"""The program: command line in, exit status out.

Status 0, or 1 after `ERROR: Benchmarking failed.`; a FATAL line ends in SIGABRT, a closed stdout in SIGPIPE, as with
the tool. A stdout that takes no more (a full disk) is status 1, where the tool goes on in silence. A fault of hostbench
itself is status 70 after a line that calls it so, and its traceback.
"""

from collections.abc import Sequence

from mbench.hostbench import streams
from mbench.hostbench.flags import format_usage, parse_flags
from mbench.hostbench.parameters import FLAGS, check_parameters, echo_parameters

_SOFTWARE = 70
"""EX_SOFTWARE of sysexits.h: an internal fault of the program."""


def main(argv: Sequence[str]) -> int:
    """Runs the benchmark that `argv`, program name included, asks for and returns the exit status."""
    try:
        streams.info("STARTING!")
        try:
            _run(argv)
        except streams.BenchmarkFailed:
            streams.error("Benchmarking failed.")
            return 1
        except (streams.StreamBroken, MemoryError):
            raise
        except Exception as exc:  # the file must not be blamed for what is wrong here
            streams.error(f"hostbench itself failed: {type(exc).__name__}: {exc}; please report it with the file.")
            import traceback  # few runs need it

            traceback.print_exc()
            return _SOFTWARE
    except streams.StreamBroken as exc:
        try:
            streams.error(f"{exc}.")
        except streams.StreamBroken:
            return 1
        return 1
    return 0


def _run(argv: Sequence[str]) -> None:
    flags = parse_flags(FLAGS, argv[1:])
    if flags.errors or flags.help:
        streams.fail(*flags.errors, format_usage(argv[0], FLAGS))
    if flags.unconsumed:
        streams.warn(f"Unconsumed cmdline flags: {' '.join(flags.unconsumed)}")
    parameters = check_parameters(flags)
    echo_parameters(flags)
    try:
        # Here and not above: a wrong command line is answered without the 80 ms that numpy and the runtime take to
        # load.
        from mbench.hostbench.benchmark import run_benchmark
    except ImportError as exc:
        streams.fail(f"The LiteRT runtime cannot be loaded: {exc}. Install the package ai-edge-litert.")
    if not parameters.signature:
        run_benchmark(parameters)
        return
    from mbench.hostbench.signatures import with_signature  # which few runs need

    with with_signature(parameters) as chosen:
        run_benchmark(chosen)
