"""What must be seen before a run counts for the delegate that was asked for, and what is doubted about one that does.

A delegate that is not there is no error to benchmark_model: it goes on with the CPU and ends with status 0. So each row
needs a sign of its own delegate at work:

    cpu        TfLiteXNNPackDelegate took nodes, or builtin kernels are accepted
    xnnpack    it was explicitly applied, and took nodes
    builtin    no delegate took any
    gpu        TfLiteGpuDelegateV2 took nodes and created kernels; LITERT_… took nodes, where LiteRT's own tool runs
    nnapi      TfLiteNnapiDelegate took nodes, and the accelerator is one of those listed
    npu        DispatchDelegate took nodes
    external   a delegate other than TfLiteXNNPackDelegate took nodes

What an accelerator leaves over is taken by implicit XNNPACK and the builtin kernels: normal, recorded, and doubted as
`partly_delegated`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mbench.core.delegates import Delegate, DelegateKind, GpuBackend
from mbench.core.results import XNNPACK_NODE, DelegateCoverage, MeasurementWarning, WarningCode
from mbench.runner.instrument import Tool
from mbench.runner.output.parsed import Coverage, ParsedText

_LITERT_GPU = re.compile(r"LITERT_\w+")
_OWN_NAMES = {
    DelegateKind.GPU: re.compile("TfLiteGpuDelegate(?:V2)?"),
    DelegateKind.NNAPI: re.compile("TfLiteNnapiDelegate"),
    DelegateKind.NPU: re.compile("DispatchDelegate"),
    DelegateKind.EXTERNAL: re.compile(f"(?!{XNNPACK_NODE}$).+"),
}
"""The names that nodes of each accelerator bear."""
_APIS = {GpuBackend.CL: "OpenCL", GpuBackend.GL: "OpenGL"}
"""What the runtime calls each backend."""
_LITERT_APIS = {"LITERT_CL": "OpenCL", "LITERT_WEBGPU": "WebGPU"}
"""What LiteRT's GPU delegates use, by the names of their nodes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegateProof:
    """What one run shows about delegates.

    Attributes:
        asked: the delegate of the workload.
        parsed: the run's text.
        executed: delegates that took nodes, by the runtime's own information, else by the text.
        nodes: nodes of the model's own graph; None where nothing says it.
        builtin_accepted: whether a `cpu` row is right without XNNPACK.
    """

    asked: Delegate
    tool: Tool
    parsed: ParsedText
    executed: tuple[DelegateCoverage, ...]
    nodes: int | None = None
    builtin_accepted: bool = False

    @property
    def gpu_api(self) -> str | None:
        """What the GPU was driven by (`OpenCL`, `OpenGL`); None without a GPU, and where nothing says it."""
        if self.parsed.gpu_api is not None:
            return self.parsed.gpu_api
        return next((_LITERT_APIS[each.name] for each in self.executed if each.name in _LITERT_APIS), None)

    def own(self) -> tuple[DelegateCoverage, ...]:
        """Return the shares of the delegate that was asked for."""
        form = _OWN_NAMES.get(self.asked.kind, re.compile(XNNPACK_NODE))
        if self.asked.kind is DelegateKind.GPU and self.tool == "litert":
            form = _LITERT_GPU
        return tuple(each for each in self.executed if each.nodes and form.fullmatch(each.name))


def missing_proof(proof: DelegateProof) -> str | None:
    """Return why a run does not count for the delegate that was asked for, None where it does."""
    nodes = nodes_by_name(proof.executed)
    if foreign := sorted(set(nodes) - {XNNPACK_NODE} - {each.name for each in proof.own()}):
        return f"{', '.join(foreign)} executed nodes, although {proof.asked} was asked for"
    match proof.asked.kind:
        case DelegateKind.BUILTIN:
            return f"{XNNPACK_NODE} executed {nodes[XNNPACK_NODE]} nodes, not builtin" if nodes else None
        case DelegateKind.CPU:
            if nodes or proof.builtin_accepted:
                return None
            return f"{XNNPACK_NODE} executed nothing; a cpu row is what an app gets, which is XNNPACK"
        case DelegateKind.XNNPACK:
            applied = (one for one in proof.parsed.applied if one.name.upper() == "XNNPACK")
            if nodes and any(one.coverage is not Coverage.NOT for one in applied):
                return None
            return "no line shows that XNNPACK was explicitly applied and executed nodes"
        case DelegateKind.GPU:
            return _nothing_executed(proof) or _gpu(proof)
        case DelegateKind.NNAPI:
            return _nothing_executed(proof) or _accelerator(proof)
        case DelegateKind.NPU | DelegateKind.EXTERNAL:
            return _nothing_executed(proof)


def delegate_doubts(proof: DelegateProof) -> tuple[MeasurementWarning, ...]:
    """Return what is to be said about the numbers of a run that counts for its delegate."""
    return tuple(_doubts(proof))


def nodes_by_name(delegates: Sequence[DelegateCoverage]) -> dict[str, int]:
    """Return the nodes per delegate, of all subgraphs; delegates without any are left out."""
    nodes: dict[str, int] = {}
    for delegate in delegates:
        if delegate.nodes:
            nodes[delegate.name] = nodes.get(delegate.name, 0) + delegate.nodes
    return nodes


def _nothing_executed(proof: DelegateProof) -> str | None:
    if proof.own():
        return None
    return f"{proof.asked} was asked for and executed nothing: these are the CPU's numbers"


def _gpu(proof: DelegateProof) -> str | None:
    if proof.tool != "litert" and not proof.parsed.gpu_kernels:
        return f"{proof.asked} was asked for, and no line says that GPU kernels were created"
    if proof.asked.backend is None or proof.gpu_api == _APIS[proof.asked.backend]:
        return None
    used = proof.gpu_api or "an API that no line names"
    return f"{proof.asked} must use {_APIS[proof.asked.backend]}; the GPU was driven by {used}"


def _accelerator(proof: DelegateProof) -> str | None:
    settings = {name.lower(): value for name, value in proof.parsed.parameters.items()}
    listed = [name.strip() for name in settings.get("nnapi accelerators available", "").split(",") if name.strip()]
    if proof.asked.accelerator is None or proof.asked.accelerator in listed:
        return None
    return f"{proof.asked} is not among NNAPI's accelerators: {', '.join(listed) or 'it lists none'}"


def _doubts(proof: DelegateProof) -> Iterator[MeasurementWarning]:
    if proof.asked.accelerated and (share := _partial_share(proof)):
        rest = nodes_by_name(proof.executed).get(XNNPACK_NODE)
        left = "the CPU the others" if rest is None else f"the CPU the others, {rest} of them by XNNPACK"
        yield MeasurementWarning(
            code=WarningCode.PARTLY_DELEGATED,
            message=f"{proof.asked} executed {share}; {left}",
            advice="read it as accelerator and CPU together",
        )
    if proof.asked.may_use_fp16:
        yield MeasurementWarning(
            code=WarningCode.REDUCED_PRECISION,
            message=f"{proof.asked} may compute in float16",
            advice="compare with gpu:fp32" if proof.asked.kind is DelegateKind.GPU else "compare with xnnpack",
        )


def _partial_share(proof: DelegateProof) -> str | None:
    """Return what the accelerator executed where it was not all; None where it was, or nothing says that it was not."""
    executed = sum(each.nodes for each in proof.own())
    totals = {each.subgraph: each.total for each in proof.own()}
    known = [total for total in totals.values() if total is not None]
    total = proof.nodes if proof.nodes is not None else sum(known) if known and len(known) == len(totals) else None
    if total is not None:
        return f"{executed} of {total} nodes" if executed < total else None
    partial = any(one.coverage is Coverage.PARTIALLY for one in proof.parsed.applied)
    return f"{executed} nodes and not all of them" if partial else None
