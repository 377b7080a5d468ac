"""Compute rates: `mbench report --rates`, and what suites show of them."""

from collections.abc import Sequence
from typing import Final

from mbench.artifacts.cache import ArtifactCache
from mbench.artifacts.counting import Layer
from mbench.artifacts.inspection import inspect_file
from mbench.core.builds.variants import Quantization
from mbench.core.reasons import PeakUnknown
from mbench.core.results import JobResult
from mbench.devices.host.compute import core_compute
from mbench.devices.host.facts import read_facts
from mbench.report.paper.compute_rate import Peak, profiled_operators, rate_tables
from mbench.report.paper.measured_columns import variant_of
from mbench.report.render.markdown import table_markdown
from mbench.workflows.home import home

_IN_INT8: Final = frozenset({Quantization.INT8, Quantization.DRQ, Quantization.INT8W4})
_IN_FLOAT: Final = frozenset({Quantization.FP32, Quantization.FP16})
"""In which the CPU's kernels multiply; of int16x8 nothing is known."""


def rates_markdown(results: Sequence[JobResult]) -> str:
    """Return the compute rates of results as markdown."""
    profiled = [result for result in results if profiled_operators(result)]
    layers = {result.workload.artifact.sha256 or "": layers_of(result) for result in profiled}
    tables = rate_tables(results, layers=layers, peaks=[peak_of(result) for result in results])
    return "\n".join(map(table_markdown, tables))


def layers_of(result: JobResult) -> tuple[Layer, ...]:
    """Return the layers of a job's file; none where it is not in the cache any more."""
    sha256 = result.workload.artifact.sha256
    path = None if sha256 is None else ArtifactCache(home() / "cache").find_file(sha256)
    return () if path is None else inspect_file(path).layers


def peak_of(result: JobResult) -> Peak | PeakUnknown:
    """Return an estimate of the most that a job's cores can do, or why there is none.

    Only this host says how wide its vector units are. A phone's profile names clocks, but no core that clocks could be
    multiplied by.
    """
    here = read_facts()
    device = result.device
    if device.profile != "host" or device.emulated:
        return PeakUnknown(f"{device.serial}: its profile does not say how wide its cores' vector units are")
    if (device.serial, device.soc) != (here.serial, here.soc):
        return PeakUnknown(f"{device.serial} is another host than this one")
    if result.workload.delegate.accelerated:
        return PeakUnknown(f"of delegate {result.workload.delegate} nothing is known")
    core = core_compute()
    if core is None:
        return PeakUnknown("this host says neither how wide its vector units are nor how fast its clock is")
    variant = variant_of(result)
    quantization = None if variant is None else variant.quantization
    cores = min(result.workload.threads, device.cores or 1)
    if quantization in _IN_FLOAT:
        return Peak(gmacs=core.float_macs * cores, how=_how(cores, "float32", core.how))
    if quantization in _IN_INT8:
        return Peak(gmacs=core.int8_macs * cores, how=_how(cores, "int8", core.how))
    return PeakUnknown("in what this file is multiplied is not known")


def _how(cores: int, number: str, how: str) -> str:
    return f"{cores} core{'s' if cores > 1 else ''}, {number}, {how}"
