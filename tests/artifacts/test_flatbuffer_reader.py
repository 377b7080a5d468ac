"""The reader takes any whole file, and says in one line why it does not take a damaged one."""

import struct
import subprocess
import sys
import time

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from emit_mobilenet import Emitter, emit_mobilenet, options, spatial
from hypothesis import given
from hypothesis import strategies as st

from mbench.artifacts.flatbuffer import MAX_TABLES, read_model
from mbench.artifacts.inspection import inspect_bytes, runnable_reason
from mbench.core.errors import ArtifactError


def small_file() -> bytes:
    """Return a file of two operators, a custom one among them, with quantization and a signature."""
    emitter = Emitter()
    source = emitter.tensor("picture", (1, 4, 4, 3), "int8", signature=(-1, 4, 4, 3), scale=0.5, zero_point=-3)
    filters = emitter.constant("filters", np.ones((8, 3, 3, 3), np.int8), scale=[0.1] * 8)
    bias = emitter.constant("bias", np.zeros(8, np.int32), scale=[0.05] * 8)
    hidden = emitter.tensor("hidden", (1, 2, 2, 8), "int8", scale=0.25)
    target = emitter.tensor("answer", (1, 2, 2, 8), "int8", scale=0.25)
    table = spatial("Conv2DOptions", 2, fusedActivationFunction=3)
    emitter.operator("CONV_2D", [source, filters, bias], [hidden], table)
    emitter.operator("CUSTOM", [hidden, -1], [target], custom="Whiten")
    return emitter.finish([source], [target], signature="serving_default")


SMALL = small_file()


def test_tensors_keep_their_shape_type_and_quantization() -> None:
    tensor = read_model(SMALL).main.tensors[0]
    assert (tensor.name, tensor.shape, tensor.shape_signature, tensor.dtype) == (
        "picture",
        (1, 4, 4, 3),
        (-1, 4, 4, 3),
        "int8",
    )
    assert tensor.quantization is not None
    assert (tensor.quantization.scales, tensor.quantization.zero_points) == ((0.5,), (-3,))


def test_constants_keep_their_bytes_without_a_copy() -> None:
    filters = read_model(SMALL).main.tensors[1]
    assert filters.constant
    assert filters.data is not None
    assert bytes(filters.data) == b"\x01" * 216


def test_operators_keep_names_ends_and_options() -> None:
    convolution, custom = read_model(SMALL).main.operators
    assert (convolution.name, convolution.inputs, convolution.outputs) == ("CONV_2D", (0, 1, 2), (3,))
    assert (convolution.options.stride, convolution.options.padding, convolution.options.activation) == (
        (2, 2),
        "same",
        "relu6",
    )
    assert (custom.name, custom.custom, custom.label, custom.inputs) == ("CUSTOM", "Whiten", "Whiten", (3, -1))


def test_signatures_keep_their_names() -> None:
    (signature,) = read_model(SMALL).signatures
    assert (signature.key, signature.inputs, signature.outputs) == (
        "serving_default",
        (("picture", 0),),
        (("answer", 4),),
    )


def test_operator_codes_above_127_are_read_from_the_new_field() -> None:
    emitter = Emitter()
    source, target = emitter.tensor("a", (4,)), emitter.tensor("b", (4,))
    emitter.operator("GELU", [source], [target], options("GeluOptions"))
    assert read_model(emitter.finish([source], [target])).main.operators[0].name == "GELU"


def test_all_subgraphs_are_read() -> None:
    emitter = Emitter()
    source, target = emitter.tensor("a", (4,)), emitter.tensor("b", (4,))
    emitter.operator("ABS", [source], [target])
    assert len(read_model(emitter.many([([source], [target])] * 3)).subgraphs) == 3


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"\x00", "is no .tflite file"),
        (b"PK\x03\x04" + bytes(100), "a zip archive"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "an HDF5 file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"\x1c\x00\x00\x00TFL2" + bytes(100), "not b'TFL3'"),
        (b"\x1c\x00\x00\x00TFL3", "damaged or cut short"),
        (b"\xff\xff\xff\xffTFL3" + bytes(100), "damaged or cut short"),
        (b"\x08\x00\x00\x00TFL3" + bytes(100), "damaged or cut short"),
    ],
)
def test_what_is_no_tflite_file_is_refused_with_what_it_is(data: bytes, reason: str) -> None:
    with pytest.raises(ArtifactError, match=reason) as refusal:
        read_model(data, source="x.tflite")
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).startswith("x.tflite ")


def test_a_file_cut_anywhere_is_refused() -> None:
    for size in range(len(SMALL) - 4):
        with pytest.raises(ArtifactError):
            read_model(SMALL[:size])


def test_a_constant_of_another_size_than_its_shape_is_refused() -> None:
    emitter = Emitter()
    source, target = emitter.tensor("a", (4,)), emitter.tensor("b", (4,))
    short = emitter.tensor("c", (4,), data=np.zeros(3, np.float32))
    emitter.operator("ADD", [source, short], [target], options("AddOptions"))
    with pytest.raises(ArtifactError, match="constant 2 has 12 bytes where its shape and type need 16"):
        read_model(emitter.finish([source], [target]))


@pytest.mark.parametrize("bad", [99, -2])
def test_an_operator_that_names_no_tensor_is_refused(bad: int) -> None:
    emitter = Emitter()
    source, target = emitter.tensor("a", (4,)), emitter.tensor("b", (4,))
    emitter.operator("ABS", [bad], [target])
    with pytest.raises(ArtifactError, match=f"it names tensor {bad} of 2"):
        read_model(emitter.finish([source], [target]))


def inspect_or_refuse(data: bytes) -> None:
    """Everything that reads a user's file, on these bytes: an answer that serialises, or one line."""
    try:
        inspection = inspect_bytes(data, name="mutated")
    except ArtifactError as refusal:
        shown = str(refusal)
    else:
        runnable_reason(inspection)
        shown = inspection.model_dump_json()
    assert "\n" not in shown


@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_changed_bytes_give_an_answer_or_one_line(changes: list[tuple[int, int]]) -> None:
    data = bytearray(SMALL)
    for position, value in changes:
        data[position] = value
    inspect_or_refuse(bytes(data))


@given(st.integers(0, len(SMALL) // 4 - 1), st.sampled_from([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 4, 1 << 16]))
def test_offsets_and_lengths_that_lead_anywhere_give_an_answer_or_one_line(word: int, value: int) -> None:
    data = bytearray(SMALL)
    struct.pack_into("<I", data, 4 * word, value)
    inspect_or_refuse(bytes(data))


@pytest.mark.parametrize("scale", [float("nan"), float("inf")])
def test_a_scale_that_is_no_number_is_damage(scale: float) -> None:
    whole = struct.pack("<f", 0.5)
    assert SMALL.count(whole) == 1
    with pytest.raises(ArtifactError, match="a scale of a quantized tensor is no finite number"):
        read_model(SMALL.replace(whole, struct.pack("<f", scale)))


@pytest.mark.parametrize("point", [-(2**31) - 1, 2**31, 2**63 - 1])
def test_a_zero_point_of_more_than_32_bits_is_damage(point: int) -> None:
    with pytest.raises(ArtifactError, match="a zero point of a quantized tensor has more than 32 bits"):
        read_model(with_zero_point(point))


@pytest.mark.parametrize("point", [-(2**31), 2**31 - 1])
def test_a_zero_point_of_32_bits_is_read(point: int) -> None:
    inspect_bytes(with_zero_point(point), name="x").facts()


def with_zero_point(point: int) -> bytes:
    whole = struct.pack("<q", -3)
    assert SMALL.count(whole) == 1
    return SMALL.replace(whole, struct.pack("<q", point))


@given(st.binary(max_size=400))
def test_random_bytes_behind_the_identifier_give_an_answer_or_one_line(tail: bytes) -> None:
    inspect_or_refuse(b"\x08\x00\x00\x00TFL3" + tail)


def test_flipped_bits_in_a_whole_network_take_neither_long_nor_much_memory() -> None:
    """Within a process of 1 GiB of address space beyond what the imports take, each file in under two seconds."""
    code = (
        "import random, resource, sys, time\n"
        f"sys.path[:0] = {sys.path!r}\n"
        "from emit_mobilenet import emit_mobilenet\n"
        "from test_flatbuffer_reader import inspect_or_refuse\n"
        "data = emit_mobilenet(0.25, 128)\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30),) * 2)\n"
        "source = random.Random(7)\n"
        "slowest = 0.0\n"
        "for _ in range(100):\n"
        "    changed = bytearray(data)\n"
        "    for _ in range(source.randint(1, 20)):\n"
        "        position = source.randint(0, 40_000)\n"
        "        changed[position if source.random() < .5 else -1 - position] = source.randint(0, 255)\n"
        "    started = time.process_time()\n"
        "    inspect_or_refuse(bytes(changed))\n"
        "    slowest = max(slowest, time.process_time() - started)\n"
        "sys.exit(slowest > 2)\n"
    )
    if not sys.platform.startswith("linux"):
        pytest.skip("limits of address space and /proc are Linux's")
    assert subprocess.run([sys.executable, "-c", code], timeout=200, check=False).returncode == 0


def crowded_file(entries: int) -> bytes:
    """Return a file whose list of subgraphs has so many entries, each of which is the same table."""
    root = schema.Model.GetRootAs(SMALL)
    field, table = root._tab.Pos + root._tab.Offset(8), root.Subgraphs(0)._tab.Pos  # 8: `subgraphs` of schema.fbs
    places = [len(SMALL) + 4 + 4 * entry for entry in range(entries)]
    padding = bytes(-(len(SMALL) + 4 + 4 * entries) % 8)
    again = len(SMALL) + 4 + 4 * entries + len(padding)  # offsets lead forward, to a copy behind the list
    data = bytearray(SMALL) + struct.pack("<I", entries)
    data += b"".join(struct.pack("<I", again + table - place) for place in places) + padding + SMALL
    struct.pack_into("<I", data, field, len(SMALL) - field)
    return bytes(data)


def test_a_subgraph_that_a_list_names_a_few_times_is_read_as_often() -> None:
    assert len(read_model(crowded_file(3)).subgraphs) == 3


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        (500, "its entries overlap"),
        (MAX_TABLES - 10, "does not fit into"),  # of the lists that an entry holds
        (MAX_TABLES, f"a list of {MAX_TABLES} entries does not fit into"),
    ],
)
def test_a_list_whose_entries_are_all_one_table_is_refused(entries: int, reason: str) -> None:
    """Without a bound a file of a few MB would be read for minutes."""
    with pytest.raises(ArtifactError, match=reason):
        read_model(crowded_file(entries))


def test_reading_a_whole_network_takes_milliseconds() -> None:
    data = emit_mobilenet(1.0, 224)
    started = time.process_time()
    read_model(data)
    assert time.process_time() - started < 0.1


def test_inspecting_imports_neither_tensorflow_nor_the_runtime() -> None:
    code = (
        "import sys, mbench.artifacts.inspection\n"
        "heavy = {'tensorflow', 'pandas', 'adbutils', 'keras', 'ai_edge_litert.interpreter'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stderr.strip() == ""
    )
