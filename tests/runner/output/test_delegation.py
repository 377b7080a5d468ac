"""Each line about a delegate: what it says, and what it is when it says something else."""

from collections.abc import Mapping
from dataclasses import FrozenInstanceError

import pytest
from text_lines import Complaints, line, numbered

from mbench.core.results import DelegateCoverage, MeasurementWarning, WarningCode
from mbench.runner.output.delegates import Delegation, not_applied, read_delegation, uncounted
from mbench.runner.output.parsed import AppliedDelegate, Coverage

GPU, XNNPACK, NNAPI = "TfLiteGpuDelegateV2", "TfLiteXNNPackDelegate", "TfLiteNnapiDelegate"


def read(*texts: str) -> tuple[Delegation, list[tuple[int, str]]]:
    complaints = Complaints()
    return read_delegation(numbered(*texts), complaints), complaints


ON_CPU = "The numbers are those of the CPU; do not quote them for the delegate."


def covered(name: str, nodes: int, total: int | None, partitions: int, subgraph: int | None) -> DelegateCoverage:
    return DelegateCoverage(name=name, nodes=nodes, total=total, partitions=partitions, subgraph=subgraph)


def replacing(text: str, name: str = GPU) -> str:
    return f"Replacing {text.replace('NAME', f'node(s) with delegate ({name}) node, yielding')}"


def test_a_text_without_a_delegate_says_nothing() -> None:
    none = Delegation(coverage=(), applied=(), created=(), gpu_api=None, gpu_kernels=None, gpu_split=None)
    assert read("STARTING!", "count=3") == (none, [])


def test_delegation_is_a_value() -> None:
    found, _ = read()
    with pytest.raises(FrozenInstanceError):
        found.gpu_api = "OpenCL"  # type: ignore[misc]
    with pytest.raises(TypeError):
        Delegation((), (), (), None, None, None)  # type: ignore[misc]
    assert not hasattr(found, "__dict__")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("29 out of 31 NAME 4 partitions for subgraph 7.", covered(GPU, 29, 31, 4, 7)),
        ("29 out of 31 NAME 4 partitions for subgraph 0 (main).", covered(GPU, 29, 31, 4, 0)),
        ("29 out of 31 NAME 4 partitions for the whole graph", covered(GPU, 29, 31, 4, None)),
        ("64 NAME 1 partitions.", covered(GPU, 64, None, 1, None)),
        ("31 out of 31 NAME 1 partitions", covered(GPU, 31, 31, 1, None)),
        ("0 out of 0 NAME 0 partitions", covered(GPU, 0, 0, 0, None)),
        ("1 out of 31 NAME 1 partitions", covered(GPU, 1, 31, 1, None)),
    ],
)
def test_a_line_says_which_nodes_a_delegate_takes(text: str, found: DelegateCoverage) -> None:
    delegation, complaints = read(replacing(text))
    assert (delegation.coverage, complaints) == ((found,), [])


@pytest.mark.parametrize("text", ["32 out of 31 NAME 4 partitions.", "1 out of 0 NAME 1 partitions."])
def test_more_nodes_than_there_are_cannot_be_taken(text: str) -> None:
    good = replacing("64 NAME 1 partitions.")
    delegation, complaints = read(replacing(text), good)
    assert [each.nodes for each in delegation.coverage] == [64]
    assert complaints == [(1, "more nodes are replaced than there are")]


@pytest.mark.parametrize(
    "text",
    ["many NAME 4 partitions", "2 NAME many partitions", "2 out of NAME 4 partitions", "2 NAME 4 partitions for x"],
)
def test_a_line_without_its_nodes_is_complained_of_and_the_next_one_is_read(text: str) -> None:
    delegation, complaints = read(replacing(text), replacing("64 NAME 1 partitions."))
    assert [each.nodes for each in delegation.coverage] == [64]
    assert complaints == [(1, "it does not say how many nodes the delegate takes")]


@pytest.mark.parametrize(
    "text", ["Replacing the interpreter", "Now Replacing many node(s)", "replacing many node(s)", "9 node(s) are left"]
)
def test_other_lines_about_replacing_and_nodes_are_not_read(text: str) -> None:
    delegation, complaints = read(text, replacing("64 NAME 1 partitions."))
    assert ([each.nodes for each in delegation.coverage], complaints) == ([64], [])


def test_delegates_come_in_the_order_of_their_lines() -> None:
    delegation, _ = read(replacing("3 NAME 1 partitions."), "x", replacing("2 NAME 1 partitions.", XNNPACK))
    assert [(each.name, each.nodes) for each in delegation.coverage] == [(GPU, 3), (XNNPACK, 2)]


WILL_BE = "delegate, and the model graph will be"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            f"Explicitly applied XNNPACK {WILL_BE} partially executed by the delegate w/ 2 delegate kernels.",
            AppliedDelegate(name="XNNPACK", coverage=Coverage.PARTIALLY, kernels=2),
        ),
        (
            f"Applied GPU {WILL_BE} completely executed w/ the delegate.",
            AppliedDelegate(name="GPU", coverage=Coverage.COMPLETELY, kernels=None),
        ),
        (
            "Though NNAPI delegate is explicitly applied, the model graph will not be executed by the delegate.",
            AppliedDelegate(name="NNAPI", coverage=Coverage.NOT, kernels=None),
        ),
        (
            "Though GPU delegate is applied, the model graph will not be executed w/ the delegate",
            AppliedDelegate(name="GPU", coverage=Coverage.NOT, kernels=None),
        ),
    ],
)
def test_a_line_says_that_a_delegate_was_applied(text: str, found: AppliedDelegate) -> None:
    assert read("x", text, "y")[0].applied == (found,)


def test_created_delegates_are_listed() -> None:
    assert read("GPU delegate created.", "No delegate created for it", "XNNPACK delegate created")[0].created == (
        "GPU",
        "XNNPACK",
    )


def test_the_last_word_about_the_gpu_counts() -> None:
    found, _ = read(
        "Initialized OpenCL-based API.",
        "Initialized OpenGL-based API from graph.",
        "Created 2 GPU delegate kernels.",
        "Created 1 GPU delegate kernels.",
        "21 operations will run on the GPU, and the remaining 10 operations will run on the CPU.",
        "5 operations will run on the GPU, and the remaining 7 operations will run on the CPU.",
    )
    assert (found.gpu_api, found.gpu_kernels, found.gpu_split) == ("OpenGL", 1, (5, 7))


def test_one_word_about_the_gpu_is_enough() -> None:
    found, _ = read(
        "Initializing WebGPU-based API from serialized data.",
        "Created 0 GPU delegate kernels.",
        "21 operations will run on the GPU, and the remaining 10 operations will run on the CPU",
    )
    assert (found.gpu_api, found.gpu_kernels, found.gpu_split) == ("WebGPU", 0, (21, 10))


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("First 2 operations will run on the GPU, and the remaining 249 on the CPU.", (2, 249)),
        ("First 0 operations will run on the GPU, and the remaining 81 on the CPU.", (0, 81)),
        ("1 operation will run on the GPU, and the remaining 1 operation will run on the CPU.", (1, 1)),
        ("31 operations will run on the GPU, and the remaining 16 will run on the CPU.", (31, 16)),
        ("No operations will run on the GPU, and all 31 operations will run on the CPU.", (0, 31)),
        ("Many operations will run on the GPU, and the remaining 16 will run on the CPU.", None),
        ("First 2 operations will run on the GPU, and the remaining some on the CPU.", None),
    ],
)
def test_every_version_says_how_the_gpu_shares_the_graph(text: str, split: tuple[int, int] | None) -> None:
    assert read(text)[0].gpu_split == split


@pytest.mark.parametrize("text", ["Applied GPU delegate.", "Applied GPU delegate"])
def test_before_2_2_a_delegate_is_applied_to_an_unsaid_share(text: str) -> None:
    assert read(text)[0].applied == (AppliedDelegate(name="GPU", coverage=None),)


# Asked for and not there


def missing(*texts: str, ready: bool = True, **settings: str) -> list[str]:
    """Return the messages for a text with these settings, whose names have blanks in place of underscores."""
    lines = numbered(*texts)
    named: Mapping[str, str] = {name.replace("_", " "): value for name, value in settings.items()}
    return [warning.message for warning in not_applied(lines, named, read_delegation(lines, Complaints()), ready=ready)]


@pytest.mark.parametrize(
    "text",
    [
        "NNAPI acceleration is unsupported on this platform.",
        "Could not create Hexagon delegate: platform may not support delegate or required libraries are missing",
        "Failed to load the delegate settings file /x.",
        "Though NNAPI delegate is explicitly applied, the model graph will not be executed by the delegate.",
    ],
)
def test_a_line_that_says_that_a_delegate_is_not_there_is_a_warning(text: str) -> None:
    for ready in (True, False):
        assert missing("x", text, ready=ready) == [text]


def test_the_warning_says_whose_numbers_they_are() -> None:
    text = "NNAPI acceleration is unsupported on this platform."
    found = not_applied([line(text)], {}, read_delegation([line(text)], Complaints()), ready=True)
    assert found == (
        MeasurementWarning(
            code=WarningCode.DELEGATE_NOT_APPLIED,
            message=text,
            advice="The numbers are those of the CPU; do not quote them for the delegate.",
        ),
    )


def advice(*texts: str, **settings: str) -> list[str | None]:
    lines = numbered(*texts)
    named = {name.replace("_", " "): value for name, value in settings.items()}
    found = not_applied(lines, named, read_delegation(lines, Complaints()), ready=True)
    return [None if warning.advice is None else warning.advice.partition(":")[0] for warning in found]


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], "Nothing shows where the graph ran"),
        (["GPU delegate created."], "Nothing shows where the graph ran"),
        ([replacing("3 NAME 1 partitions.", XNNPACK)], ON_CPU),
        ([replacing("3 NAME 1 partitions.", NNAPI)], "The numbers are not those of this delegate"),
        (["First 0 operations will run on the GPU, and the remaining 81 on the CPU."], ON_CPU),
        (["Though GPU delegate is explicitly applied, the model graph will not be executed by the delegate."], ON_CPU),
    ],
)
def test_the_cpu_is_named_only_where_the_text_shows_it(texts: list[str], said: str) -> None:
    assert advice(*texts, use_gpu="1") == [said]


def test_a_delegate_applied_before_2_2_is_not_missed() -> None:
    split = "First 2 operations will run on the GPU, and the remaining 249 on the CPU."
    assert missing(split, "Applied GPU delegate.", use_gpu="1") == []
    assert missing("Applied GPU delegate.", use_gpu="1") == []
    none = "First 0 operations will run on the GPU, and the remaining 251 on the CPU."
    assert missing(none, "Applied GPU delegate.", use_gpu="1") == [none]
    assert missing(none, split, "Applied GPU delegate.", use_gpu="1") == []


def test_a_delegate_is_missed_once_in_the_words_of_its_first_line() -> None:
    first, second = "Could not create NNAPI delegate: one", "nnapi acceleration is unsupported on this platform: two"
    assert missing(first, second, use_nnapi="1") == [first]


ASKED = [
    ("use_gpu", "1", "GPU", GPU),
    ("use_gpu", "1", "GPU", "LITERT_CL"),
    ("use_nnapi", "1", "NNAPI", NNAPI),
    ("use_xnnpack", "1", "XNNPACK", XNNPACK),
    ("use_hexagon", "1", "Hexagon", "TfLiteHexagonDelegate"),
    ("external_delegate_path", "/d/libfoo.so", "EXTERNAL", "FooDelegate"),
]
OTHERS = {"external_delegate_path": XNNPACK}


@pytest.mark.parametrize(("setting", "value", "name", "shown"), ASKED)
def test_a_delegate_that_was_asked_for_shows_by_its_nodes(setting: str, value: str, name: str, shown: str) -> None:
    said = f"{setting.replace('_', ' ')}: [{value}], but no line shows the {name} delegate at work"
    assert missing(**{setting: value}) == [said]
    assert missing(replacing("1 NAME 1 partitions.", OTHERS.get(setting, "Another")), **{setting: value}) == [said]
    assert missing(replacing("1 NAME 1 partitions.", shown), **{setting: value}) == []
    assert missing(replacing("1 NAME 1 partitions.", shown.lower()), **{setting: value}) == []
    assert missing(ready=False, **{setting: value}) == []


@pytest.mark.parametrize("value", ["", "0", "false"])
def test_a_delegate_that_was_not_asked_for_is_not_missed(value: str) -> None:
    assert missing(use_gpu=value, external_delegate_path=value) == []


@pytest.mark.parametrize("value", ["1", "true", "2", "00"])
def test_any_other_value_asks_for_it(value: str) -> None:
    assert missing(Use_GPU=value) == [f"Use GPU: [{value}], but no line shows the GPU delegate at work"]


def test_other_settings_ask_for_no_delegate() -> None:
    assert missing(use_caching="1", num_threads="4") == []


@pytest.mark.parametrize(("coverage", "shown"), [("completely", True), ("partially", True)])
def test_a_delegate_that_was_applied_is_at_work(coverage: str, shown: bool) -> None:
    text = f"Explicitly applied GPU {WILL_BE} {coverage} executed by the delegate."
    assert (missing(text, use_gpu="1") == []) is shown


def test_a_delegate_that_was_applied_to_nothing_is_not() -> None:
    text = "Though GPU delegate is explicitly applied, the model graph will not be executed by the delegate."
    assert missing(text, use_gpu="1") == [text]
    assert missing(text, use_gpu="1", use_nnapi="1") == [
        text,
        "use nnapi: [1], but no line shows the NNAPI delegate at work",
    ]
    litert = "Though LITERT_CL delegate is explicitly applied, the model graph will not be executed by the delegate."
    assert missing(litert, use_gpu="1") == [litert, "use gpu: [1], but no line shows the GPU delegate at work"]


def test_one_of_several_delegates_at_work_is_enough() -> None:
    texts = [replacing("1 NAME 1 partitions.", name) for name in (XNNPACK, GPU)]
    assert missing(*texts, use_gpu="1", use_xnnpack="1", use_nnapi="1") == [
        "use nnapi: [1], but no line shows the NNAPI delegate at work"
    ]


def test_whether_a_text_reaches_the_phases_is_said_by_name() -> None:
    with pytest.raises(TypeError, match="positional"):
        not_applied([], {}, read_delegation([], Complaints()), True)  # type: ignore[misc]


UNCLEAR = "Cannot tell what the delegate executes of other subgraphs: "


def test_nodes_of_called_graphs_that_cannot_be_read_are_a_warning() -> None:
    lines = [
        line(f"{UNCLEAR}no such operator", level="WARN"),
        *(line(f"{UNCLEAR}{level}", level=level) for level in ("INFO", "VERBOSE", None)),
        line("Cannot tell", level="WARN"),
    ]
    (warning,) = uncounted(lines)
    assert warning.code is WarningCode.NODES_UNKNOWN
    assert warning.message == (
        "what the delegate executed of the graphs that the main graph calls is not known: no such operator"
    )


def test_of_two_splits_without_a_node_on_the_gpu_the_first_is_quoted() -> None:
    texts = ("No operations will run on the GPU, and all 31 operations will run on the CPU.",
             "No operations will run on the GPU, and all 5 operations will run on the CPU.")  # fmt: skip
    found, _ = read(*texts)
    (warning,) = not_applied(numbered(*texts), {}, found, ready=True)
    assert warning.message == texts[0]
