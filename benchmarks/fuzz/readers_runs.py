"""Readers of what a run of benchmark_model leaves: logs, protos, and the small files of the scripts around it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.fuzz.folders import pack, unpack
from benchmarks.fuzz.reader import Form, Reader
from benchmarks.fuzz.recorded import recorded
from mbench.runner.device_scoring.kept import KeptAnswers
from mbench.runner.device_scoring.script import delegated_nodes, parse_statuses
from mbench.runner.evidence import parse_cpu_list
from mbench.runner.output.protos import count_nodes, read_profile, read_runtime_info
from mbench.runner.script import parse_cpu_s, parse_exit_code
from mbench.workflows.parsing import parse_log, text_of


def _read_log(data: bytes, _: Path) -> object:
    text = data.decode("utf-8", "replace")
    logs = [
        parse_log(data, b"", exit_code=None),
        parse_log(b"", data, exit_code=0),
        parse_log(data, data, exit_code=139),
    ]
    return [(text_of(parsed), parsed.model_dump_json()) for parsed in logs], delegated_nodes(text)


def _runtime_infos() -> Sequence[bytes]:
    from ai_edge_litert import model_runtime_info_pb2

    details = model_runtime_info_pb2.ModelRuntimeDetails()
    subgraph = details.subgraphs.add()
    for number in range(4):
        node = subgraph.nodes.add()
        node.id, node.name = number, f"node {number}"
    node = subgraph.nodes.add()
    node.id = 4
    node.delegate_node_details.delegate_name = "TfLiteXNNPackDelegate"
    node.delegate_node_details.tflite_node_ids_replaced.extend([1, 2])
    subgraph.execution_plan.extend([0, 4, 3])
    return [*recorded("benchmark_model/artifact_model_runtime_info.pb")(), details.SerializeToString()]


def _read_runtime_info(data: bytes, _: Path) -> object:
    return read_runtime_info(data), count_nodes(data)


def _read_small(data: bytes, _: Path) -> object:
    text = data.decode("utf-8", "replace")
    return parse_exit_code(data), parse_cpu_s(text), parse_cpu_list(text), parse_statuses(text, first=0)


def _answers() -> Sequence[bytes]:
    files = {
        "about.json": b'{\n "artifact": "a"\n}',
        "answers.bin": bytes(12),
        "statuses.txt": b"0 0\n1 139\n2 0\n",
        "seconds.txt": b"1.500\n0.250\n",
    }
    return [pack(files)]


def _read_answers(data: bytes, folder: Path) -> object:
    kept = KeptAnswers(unpack(data, folder), about={"artifact": "a"}, row_bytes=4)
    return kept.done, kept.seconds, kept.rows()


_SMALL: Final = (b"137\n", b"0m0.01s 0m0.00s\n0m2.91s 0m0.13s\n", b"0-3,6\n", b"0 0\n1 139\n2 size:12\n")

READERS: Final = (
    Reader(
        name="log",
        form=Form.TEXT,
        seeds=recorded("benchmark_model/*.stdout.txt", "benchmark_model/*.stderr.txt", "benchmark_model/*.merged.txt"),
        read=_read_log,
    ),
    Reader(name="runtime-info", form=Form.BINARY, seeds=_runtime_infos, read=_read_runtime_info),
    Reader(
        name="op-profile",
        form=Form.BINARY,
        seeds=recorded("benchmark_model/artifact_op_profile.pb"),
        read=lambda data, _: read_profile(data, runs=50, mean_us=1000.0),
    ),
    Reader(name="run-files", form=Form.TEXT, seeds=lambda: _SMALL, read=_read_small),
    Reader(name="kept-answers", form=Form.FOLDER, seeds=_answers, read=_read_answers),
)
