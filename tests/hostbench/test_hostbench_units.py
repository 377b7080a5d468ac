"""The parts of hostbench that compute, without a process."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hostbench_runs import QUICK, write
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import counting_loop

from mbench.core.results import Status, WarningCode
from mbench.hostbench.delegation import DelegationUnclear, Node, find_delegation
from mbench.hostbench.flags import Flag, format_usage, parse_flags
from mbench.hostbench.input_data import RandomValues
from mbench.hostbench.input_layers import split_name_and_file
from mbench.hostbench.litert_c import LiteRtError, ProfilerEvent
from mbench.hostbench.loading import report_runtime_errors
from mbench.hostbench.op_profile import OpProfile, ProfileRow, SubgraphProfile, check_events
from mbench.hostbench.parameters import FLAGS
from mbench.hostbench.profile_tables import format_tables
from mbench.hostbench.program import main
from mbench.hostbench.running_stat import RunningStat, format_number
from mbench.hostbench.runtime_info import size_bytes
from mbench.hostbench.streams import BenchmarkFailed
from mbench.runner.output.parse import parse_text

# Every value of these runs follows from the recorded line, because there are few of them.
RECORDED = {
    "ok_scientific_avg": [984329, 965200, 1267725],
    "ok_peak_memory": [41069, 40119, 46679, 48926, 47814],
    "ok_two_threads": [22869, 23000, 24989, 25717, 26769],
}


@pytest.mark.parametrize("name", ["ok_scientific_avg", "ok_peak_memory"])
def test_statistics_are_those_the_official_tool_printed_for_the_same_values(name: str, recorded: Path) -> None:
    lines = (recorded / f"{name}.stdout.txt").read_text(encoding="utf-8").splitlines()
    counts = [line.removeprefix("INFO: ") for line in lines if line.startswith("INFO: count=")]
    assert RunningStat(RECORDED[name]).format_with_percentiles() == counts[1]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], "count=0 p5=0 median=0 p95=0"),
        ([48194], "count=1 curr=48194 p5=48194 median=48194 p95=48194"),
        ([2] * 50, "count=50 curr=2(all same) p5=2 median=2 p95=2"),
        ([11, 2, 2, 2, 2], "count=5 first=11 curr=2 min=2 max=11 avg=3.8 std=3 p5=2 median=2 p95=11"),
    ],
)
def test_statistics_have_the_short_forms_of_the_tool(values: list[int], line: str) -> None:
    assert RunningStat(values).format_with_percentiles() == line


def test_p95_is_the_maximum_up_to_twenty_values_and_the_median_the_upper_middle() -> None:
    statistics = RunningStat(range(1, 21))
    assert (statistics.percentile(5), statistics.percentile(50), statistics.percentile(95)) == (2, 11, 20)
    assert RunningStat(range(1, 41)).percentile(95) == 39


def test_every_recorded_statistics_line_fits_the_grammar_we_print(recorded: Path) -> None:
    grammar = re.compile(
        r"count=\d+ (first=\d+ curr=\d+ min=\d+ max=\d+ avg=[\d.]+(e\+\d\d)? std=\d+|curr=\d+(\(all same\))?)"
        r" p5=\d+ median=\d+ p95=\d+"
    )
    ours = RunningStat([3, 1, 2]).format_with_percentiles(), RunningStat([1]).format_with_percentiles()
    theirs = [
        line.removeprefix("INFO: ")
        for path in sorted(recorded.glob("ok_*.stdout.txt"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("INFO: count=")
    ]
    assert len(theirs) >= 12
    assert [line for line in [*ours, *theirs] if not grammar.fullmatch(line)] == []


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=50))
def test_statistics_hold_for_any_values(values: list[int]) -> None:
    statistics = RunningStat(values)
    assert (
        min(values) <= statistics.percentile(5) <= statistics.percentile(50) <= statistics.percentile(95) <= max(values)
    )
    assert statistics.std == pytest.approx(np.std(values), abs=1.01)


@pytest.mark.parametrize(
    ("value", "text"), [(10_208_000.0, "1.0208e+07"), (66336.84, "66336.8"), (63742.0, "63742"), (0.3, "0.3")]
)
def test_numbers_print_as_from_a_cpp_stream(value: float, text: str) -> None:
    assert format_number(value) == text


def parse(*words: str) -> dict[str, object]:
    parsed = parse_flags(FLAGS, words)
    return {**parsed.values, "unconsumed": parsed.unconsumed, "errors": parsed.errors, "help": parsed.help}


def test_the_first_of_two_flags_wins_and_the_second_is_left_over() -> None:
    parsed = parse("--num_runs=3", "--num_runs=4")
    assert parsed["num_runs"] == 3
    assert parsed["unconsumed"] == ("--num_runs=4",)


def test_bare_and_unknown_words_are_left_over_in_order() -> None:
    assert parse("--use_xnnpack", "--use_gpu=true", "stray", "--num_threads=2")["unconsumed"] == (
        "--use_xnnpack",
        "--use_gpu=true",
        "stray",
    )


@pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_booleans_have_four_spellings(text: str, value: bool) -> None:
    assert parse(f"--dry_run={text}")["dry_run"] is value


@pytest.mark.parametrize(
    "word", ["--dry_run=yes", "--dry_run=", "--num_runs=abc", "--min_secs=x", "--num_runs=99999999999x"]
)
def test_bad_values_are_reported_with_their_word(word: str) -> None:
    name = word[2:].split("=", maxsplit=1)[0]
    assert parse(word)["errors"] == (f"Failed to parse flag '{name}' against argv '{word}'",)


@pytest.mark.parametrize(
    ("text", "value"), [("5abc", 5), ("", 0), (" 7", 7), ("-3", -3), ("+4", 4), ("99999999999", 2**31 - 1)]
)
def test_integers_are_read_as_a_cpp_stream_reads_them(text: str, value: int) -> None:
    assert parse(f"--num_runs={text}")["num_runs"] == value


def test_a_bad_value_of_a_flag_that_is_registered_twice_is_reported_twice() -> None:
    assert len(parse("--num_threads=x")["errors"]) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize(("words", "asked"), [(("--help",), True), (("--help=true",), True), (("x", "--help"), False)])
def test_help_is_asked_for_by_flag_or_as_the_first_word_left_over(words: tuple[str, ...], asked: bool) -> None:
    assert parse(*words)["help"] is asked


def test_the_usage_of_every_flag_is_that_of_the_official_tool(recorded: Path) -> None:
    def entries(text: str) -> dict[str, str]:
        rows = (line.split("\t") for line in text.splitlines() if line.startswith("\t--"))
        return {f"{name.strip()} {kind} {need}": usage for _, name, kind, need, usage in rows}

    theirs = entries((recorded / "fail_bad_flag_value.stderr.txt").read_text(encoding="utf-8"))
    ours = entries(format_usage("hostbench", FLAGS))
    # The tool's help names another escape than its code accepts.
    different = {name for name, usage in ours.items() if theirs.get(name) != usage}
    assert different == {"--input_layer_value_files= string optional"}


def test_the_usage_aligns_its_columns_as_the_tool_does() -> None:
    flags = (Flag("graph", "string", "", "graph file name"), Flag("num_runs", "int32", 50, "expected"))
    assert format_usage("p", flags) == (
        "usage: p <flags>\nFlags:\n"
        "\t--graph=     \tstring\toptional\tgraph file name\n"
        "\t--num_runs=50\tint32\toptional\texpected\n"
    )


@pytest.mark.parametrize(
    ("item", "parts"),
    [("in0:/tmp/x.bin", ("in0", "/tmp/x.bin")), ("a::0:/tmp/x::y", ("a:0", "/tmp/x:y")), ("n:p", ("n", "p"))],
)
def test_a_name_and_its_file_are_split_at_the_single_colon(item: str, parts: tuple[str, str]) -> None:
    assert split_name_and_file(item) == parts


@pytest.mark.parametrize("item", ["nothing", "a:b:c", "", "a::b"])
def test_a_name_and_file_with_no_or_two_delimiters_is_refused(item: str) -> None:
    with pytest.raises(BenchmarkFailed):
        split_name_and_file(item)


def test_random_values_come_from_the_default_seeded_mt19937() -> None:
    # "The 10000th consecutive invocation shall produce 4123659995" (C++ standard, [rand.predef]).
    assert RandomValues()._draws(10000)[-1] == 4123659995


def test_random_integers_stay_in_range_and_repeat() -> None:
    values = RandomValues().integers(-127, 127, 10000)
    assert (values.min(), values.max()) == (-127, 127)
    assert (values == RandomValues().integers(-127, 127, 10000)).all()


def test_random_floats_fill_their_range() -> None:
    values = RandomValues().floats(-0.5, 0.5, 10000)
    assert values.dtype == np.float32
    assert -0.5 <= values.min() < -0.49
    assert 0.49 < values.max() <= 0.5


def nodes(*specs: tuple[str, tuple[int, ...], tuple[int, ...]]) -> list[Node]:
    return [Node(index=i, name=name, inputs=ins, outputs=outs) for i, (name, ins, outs) in enumerate(specs)]


def test_nodes_between_a_delegates_inputs_and_outputs_are_replaced() -> None:
    # Constants 10..13 are inputs of the delegate as well.
    delegation = find_delegation(
        nodes(
            ("CONV_2D", (0, 10), (1,)),
            ("CONV_2D", (1, 11), (2,)),
            ("POOL", (2,), (3,)),
            ("CONV_2D", (3, 12), (4,)),
            ("SOFTMAX", (4,), (5,)),
            ("DELEGATE", (0, 10, 11), (2,)),
            ("DELEGATE", (3, 12), (4,)),
        ),
        [5],
        lambda _: False,
    )
    assert [kernel.replaced for kernel in delegation.kernels] == [(0, 1), (3,)]
    assert (delegation.replaced_count, delegation.partitions, delegation.plan) == (3, 4, (5, 2, 6, 4))
    assert delegation.cpu_nodes == {2, 4}
    assert not delegation.is_complete


def test_branches_that_join_are_one_partition() -> None:
    delegation = find_delegation(
        nodes(("A", (0,), (1,)), ("B", (0, -1), (2,)), ("ADD", (1, 2), (3,)), ("DELEGATE", (0,), (3,))),
        [3],
        lambda _: False,
    )
    assert delegation.kernels[0].replaced == (0, 1, 2)
    assert delegation.partitions == 1
    assert delegation.is_complete


def test_cpu_nodes_of_two_branches_gather_in_one_partition() -> None:
    delegation = find_delegation(
        nodes(
            ("A", (0,), (1,)),
            ("CPU", (0,), (2,)),
            ("CPU", (1,), (3,)),
            ("B", (2, 3), (4,)),
            ("DELEGATE", (0,), (1,)),
            ("DELEGATE", (2, 3), (4,)),
        ),
        [4],
        lambda _: False,
    )
    assert (delegation.partitions, delegation.plan) == (3, (4, 1, 2, 5))


def test_a_node_that_nobody_reads_counts_where_it_has_no_memory() -> None:
    graph = nodes(("ADD", (0,), (1,)), ("ADD", (0,), (2,)), ("DELEGATE", (0,), (1,)))
    assert find_delegation(graph, [1], lambda tensor: tensor == 2).replaced_count == 2
    assert find_delegation(graph, [1], lambda _: False).replaced_count == 1


def test_a_graph_without_delegate_has_one_partition_on_the_cpu() -> None:
    delegation = find_delegation(nodes(("ADD", (0,), (1,))), [1], lambda _: True)
    assert (delegation.kernels, delegation.replaced_count, delegation.partitions) == ((), 0, 1)


def test_delegates_that_compute_the_same_tensor_are_refused() -> None:
    graph = nodes(("ADD", (0,), (1,)), ("DELEGATE", (0,), (1,)), ("DELEGATE", (0,), (1,)))
    with pytest.raises(DelegationUnclear, match="two delegate nodes"):
        find_delegation(graph, [1], lambda _: False)


def test_a_cut_that_the_runtime_made_otherwise_is_counted_as_it_is() -> None:
    # Two kernels where the rule alone would make one: order was kept for the sake of side effects.
    graph = nodes(
        ("A", (0,), (1,)), ("SIDE", (7,), (8,)), ("B", (1,), (2,)), ("DELEGATE", (0,), (1,)), ("DELEGATE", (1,), (2,))
    )
    delegation = find_delegation(graph, [2, 8], lambda _: False)
    assert [kernel.replaced for kernel in delegation.kernels] == [(0,), (2,)]
    assert delegation.partitions == 3


def test_glued_messages_of_the_runtime_become_lines_again(capfd: pytest.CaptureFixture[str]) -> None:
    report_runtime_errors("Could not open 'x'.The model allocation is null/empty")
    report_runtime_errors("gather index out of boundsNode number 0 (GATHER) failed to invoke.")
    assert capfd.readouterr().err.splitlines() == [
        "ERROR: Could not open 'x'.",
        "ERROR: The model allocation is null/empty",
        "ERROR: gather index out of bounds",
        "ERROR: Node number 0 (GATHER) failed to invoke.",
    ]


@pytest.mark.parametrize(
    ("type_name", "shape", "size"),
    [("UINT8", (1, 128, 128, 3), 49152), ("FLOAT32", (), 4), ("INT4", (3,), 2), ("STRING", (5,), 0)],
)
def test_tensor_sizes_follow_from_type_and_shape(type_name: str, shape: tuple[int, ...], size: int) -> None:
    assert size_bytes(type_name, shape) == size


def rows_of(recorded: Path) -> SubgraphProfile:
    """The profile that the official tool wrote as csv, its single values chosen to give its means."""
    text = (recorded / "artifact_op_profile.csv").read_text(encoding="utf-8")
    table = text.split("Operator-wise")[1].split("times called, name\n")[1].split("\n\n")[0]
    profile = SubgraphProfile(index=0, name="main", run_total_us=RunningStat([77622, 85110, 81415]))
    for order, line in enumerate(table.splitlines()):
        kind, first, average, _, _, _, _, name = line.rsplit(", ", 7)
        first_us, total_us = round(float(first) * 1000), round(float(average) * 3000)
        rest = total_us - first_us
        row = ProfileRow(name=name.replace("\t", ","), node_type=kind, run_order=order)
        row.elapsed_us = RunningStat([first_us, rest // 2, rest - rest // 2])
        profile.rows[row.name] = row
    return profile


def test_the_csv_tables_are_those_of_the_official_tool(recorded: Path) -> None:
    theirs = (recorded / "artifact_op_profile.csv").read_text(encoding="utf-8")
    theirs = theirs[theirs.index("Operator-wise") :]
    ours = format_tables([rows_of(recorded)], csv=True)
    assert ours.splitlines()[:34] == theirs.splitlines()[:34]
    # From there on the tool computes with float32, and orders equal values by address.
    assert re.sub(r"[\d.]+(e-\d+)?", "N", ours) == re.sub(r"[\d.]+(e-\d+)?", "N", theirs)


def test_the_stdout_tables_have_the_columns_of_the_official_tool(recorded: Path) -> None:
    theirs = (recorded / "ok_op_profile_stdout.stdout.txt").read_text(encoding="utf-8")
    theirs = theirs[theirs.index("Operator-wise") :]
    ours = format_tables([rows_of(recorded)], csv=False)

    def skeleton(text: str) -> list[str]:
        kept = [re.sub(r" *\d+\.\d+|(?<==)[\d.]+|\t +\d+\t|:\d+$", "N", line) for line in text.splitlines()]
        return sorted(kept)

    assert skeleton(ours) == skeleton(theirs)


def event(tag: str, kind: int, elapsed_us: int, node: int, subgraph: int = 0) -> ProfilerEvent:
    return ProfilerEvent(tag=tag, event_type=kind, elapsed_us=elapsed_us, node=node, subgraph=subgraph)


def test_a_kernel_without_outputs_takes_the_node_that_ends_in_it() -> None:
    graph = nodes(
        ("VAR_HANDLE", (), (1,)),
        ("CUMSUM", (0,), (2,)),
        ("ASSIGN_VARIABLE", (1, 2), ()),
        ("DELEGATE", (1, 2), ()),
    )
    delegation = find_delegation(graph, [2], lambda _: False)
    assert [kernel.replaced for kernel in delegation.kernels] == [(2,)]
    assert delegation.plan == (0, 1, 3)


def test_a_node_without_outputs_that_no_kernel_can_reach_stays_on_the_cpu() -> None:
    graph = nodes(("ADD", (0,), (1,)), ("PRINT", (9,), ()), ("DELEGATE", (0,), (1,)))
    delegation = find_delegation(graph, [1], lambda _: False)
    assert [kernel.replaced for kernel in delegation.kernels] == [(0,)]
    assert delegation.plan == (2, 1)


def test_a_chain_that_two_kernels_may_have_taken_is_not_guessed() -> None:
    graph = nodes(
        ("ADD", (0,), (1,)),
        ("ADD", (0,), (2,)),
        ("ADD", (0,), (3,)),
        ("ASSIGN_VARIABLE", (3,), ()),
        ("DELEGATE", (0,), (1,)),
        ("DELEGATE", (0,), (2,)),
    )
    with pytest.raises(DelegationUnclear, match="node 3 was replaced"):
        find_delegation(graph, [1, 2], lambda tensor: tensor == 3)


def cut_off(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(200)


def vanished(path: Path) -> bytes:
    raise FileNotFoundError(2, "No such file or directory", str(path))


@pytest.mark.parametrize(
    ("read", "reason"),
    [(cut_off, "unpack_from requires a buffer"), (vanished, "[Errno 2] No such file or directory")],
    ids=["a file that the reader falls over", "a file that is gone"],
)
def test_a_file_whose_called_graphs_cannot_be_read_is_timed_and_says_so(
    read: Callable[[Path], bytes],
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "m.tflite", *counting_loop())
    monkeypatch.setattr("mbench.hostbench.called_subgraphs.Path.read_bytes", read)
    assert main(["hostbench", f"--graph={path}", *QUICK]) == 0
    out, err = capfd.readouterr()
    parsed = parse_text(out, err, exit_code=0)
    assert (parsed.status, parsed.measured is None) == (Status.OK, False)
    (warning,) = [each for each in parsed.warnings if each.code is WarningCode.NODES_UNKNOWN]
    assert f"of the graphs that the main graph calls is not known: {reason}" in warning.message


def test_a_fault_of_hostbench_is_called_so(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def broken(parameters: object) -> None:
        raise ValueError("min() arg is an empty sequence")

    monkeypatch.setattr("mbench.hostbench.benchmark.run_benchmark", broken)
    assert main(["hostbench", "--graph=m.tflite"]) == 70
    out, err = capfd.readouterr()
    parsed = parse_text(out, err, exit_code=70)
    assert (parsed.error_class, parsed.message) == (
        "output",
        "hostbench itself failed: ValueError: min() arg is an empty sequence; please report it with the file.",
    )
    assert "Traceback (most recent call last)" in err


ONE_CPU_NODE = find_delegation(
    nodes(("ADD", (0,), (1,)), ("CUMSUM", (1,), (2,)), ("DELEGATE", (0,), (1,))), [2], lambda _: False
)
GOOD_EVENTS = [event("Invoke", 1, 30, 0), event("Add (ND)", 8, 10, 0), event("CUMSUM", 2, 15, 1)]


def test_plausible_profiler_events_give_the_time_of_the_invocation() -> None:
    assert check_events(GOOD_EVENTS, ONE_CPU_NODE, 1) == 30


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        (GOOD_EVENTS[1:], "does not report the invocation"),
        (GOOD_EVENTS[:2], r"saw the CPU nodes \[\]"),
        ([*GOOD_EVENTS, event("SOFTMAX", 2, 1, 7)], "saw the CPU nodes"),
        ([*GOOD_EVENTS, event("Copy", 8, 1000, 1)], "took 1025 us of an invocation of 30 us"),
        ([*GOOD_EVENTS, event("Copy", 8, 1, 1, subgraph=77)], "does not have"),
        ([*GOOD_EVENTS, event("\x01\x02", 8, 1, 1)], "does not have"),
    ],
)
def test_events_that_no_inference_can_produce_are_refused(events: list[ProfilerEvent], reason: str) -> None:
    with pytest.raises(LiteRtError, match=reason):
        check_events(events, ONE_CPU_NODE, 1)


def test_operators_of_equal_name_share_a_row_and_count_their_calls() -> None:
    from mbench.hostbench.file_facts import FileOperator, FileSubgraph, FileTensor

    tensors = tuple(FileTensor(name=n, type_name="FLOAT32", constant_bytes=0, is_variable=False) for n in "xab")
    operators = (
        FileOperator(code=0, name="ADD", outputs=(1,), is_custom=False),
        FileOperator(code=128, name="CUMSUM", outputs=(2,), is_custom=False),
    )
    profile = OpProfile((FileSubgraph(name="main", tensors=tensors, operators=operators),), ONE_CPU_NODE)
    for _ in range(4):
        profile.add_run([*GOOD_EVENTS, event("Add (ND)", 8, 5, 0)])
    (subgraph,) = profile.subgraphs
    assert {row.name: (subgraph.times_called(row), row.elapsed_us.total) for row in subgraph.rows.values()} == {
        "Delegate/Add (ND):0": (2, 60),
        "[b]:1": (1, 60),
    }
    assert subgraph.run_total_us.values == [30] * 4
