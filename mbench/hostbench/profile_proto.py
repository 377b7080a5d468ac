"""The operator profile as the proto of `--op_profiling_output_mode=proto`.

`tflite.profiling.BenchmarkProfilingData` as TFLite's `tflite/profiling/profile_summary_formatter.cc` fills it;
`init_profile` is left out, because the runtime's Python package does not tell it.
"""

from collections.abc import Sequence
from typing import Any

from ai_edge_litert import profiling_info_pb2 as proto

from mbench.hostbench.op_profile import SubgraphProfile
from mbench.hostbench.running_stat import RunningStat


def build_profile(subgraphs: Sequence[SubgraphProfile]) -> Any:
    """Returns the BenchmarkProfilingData of the measured runs."""
    data = proto.BenchmarkProfilingData()
    data.runtime_profile.SetInParent()
    for subgraph in subgraphs:
        message = data.runtime_profile.subgraph_profiles.add(subgraph_name=subgraph.name, subgraph_index=subgraph.index)
        for row in sorted(subgraph.rows.values(), key=lambda row: row.run_order):
            op = message.per_op_profiles.add(
                node_type=row.node_type,
                name=row.name,
                run_order=row.run_order,
                times_called=subgraph.times_called(row),
            )
            _fill(op.inference_microseconds, row.elapsed_us)
            # The tool does not measure the memory of operators: it adds a zero per call.
            _fill(op.mem_kb, RunningStat([0] * row.elapsed_us.count))
    return data


def _fill(message: Any, statistics: RunningStat) -> None:
    message.first = statistics.first
    message.last = statistics.newest
    message.avg = int(statistics.avg)
    message.stddev = statistics.std
    message.variance = statistics.variance
    message.min = min(statistics.values)
    message.max = max(statistics.values)
    message.sum = statistics.total
    message.count = statistics.count
