"""A delegate's text and its value are each other's inverse, and nothing that means nothing becomes a value."""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mbench.core.builds.sweeps import PUBLISHED, Axis, expand, parse_sweep
from mbench.core.delegates import (
    EVERYWHERE,
    Delegate,
    DelegateKind,
    GpuBackend,
    Precision,
    parse_delegate,
    split_delegates,
)
from mbench.core.errors import UsageError
from mbench.core.workloads import Document

PRINTABLE = [chr(code) for code in range(0x21, 0x7F)]


def texts(without: str) -> st.SearchStrategy[str]:
    return st.text([letter for letter in PRINTABLE if letter not in without], min_size=1, max_size=12)


PATHS = texts(",?").map(lambda text: f"/{text}")
OPTIONS = st.dictionaries(texts(":;"), texts(":;"), max_size=3).map(lambda pairs: tuple(pairs.items()))
DELEGATES = st.one_of(
    st.sampled_from(EVERYWHERE),
    st.just(Delegate(kind=DelegateKind.XNNPACK, precision=Precision.FP16)),
    st.builds(
        Delegate,
        kind=st.just(DelegateKind.GPU),
        precision=st.sampled_from([None, Precision.FP32]),
        backend=st.sampled_from([None, *GpuBackend]),
    ),
    st.builds(
        Delegate,
        kind=st.just(DelegateKind.NNAPI),
        accelerator=st.none() | st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,20}", fullmatch=True),
    ),
    st.builds(Delegate, kind=st.just(DelegateKind.NPU), path=st.none() | PATHS),
    st.builds(Delegate, kind=st.just(DelegateKind.EXTERNAL), path=PATHS, options=OPTIONS),
)


class Holder(Document):
    delegate: Delegate


@given(DELEGATES)
def test_printing_and_parsing_are_inverse(delegate: Delegate) -> None:
    assert parse_delegate(str(delegate)) == delegate


@given(st.one_of(st.text(), st.sampled_from([*DelegateKind]).flatmap(lambda kind: st.text().map(f"{kind}:".__add__))))
def test_a_text_is_refused_or_becomes_a_value_that_prints_alike_for_ever(text: str) -> None:
    try:
        delegate = parse_delegate(text)
    except UsageError:
        return
    assert parse_delegate(str(delegate)) == delegate
    assert str(delegate).isascii()


@given(DELEGATES)
def test_a_document_holds_a_delegate_as_its_text(delegate: Delegate) -> None:
    document = Holder(delegate=delegate)
    assert json.loads(document.model_dump_json()) == {"delegate": str(delegate)}
    assert Holder.model_validate_json(document.model_dump_json()) == document
    assert Holder.model_validate({"delegate": str(delegate)}) == document
    assert Holder.model_validate(document.model_dump()) == document


@given(st.lists(DELEGATES, max_size=4))
def test_a_comma_list_is_split_into_its_delegates(delegates: list[Delegate]) -> None:
    comma_free = [delegate for delegate in delegates if "," not in str(delegate)]
    texts_of = [str(delegate) for delegate in comma_free]
    assert split_delegates(",".join(texts_of)) == tuple(texts_of)


def test_a_comma_in_an_option_divides_nothing() -> None:
    text = "cpu, external:/d/libarmnn.so?backends:GpuAcc,CpuAcc;x:1,gpu:cl"
    assert split_delegates(text) == ("cpu", "external:/d/libarmnn.so?backends:GpuAcc,CpuAcc;x:1", "gpu:cl")


@pytest.mark.parametrize(
    ("text", "delegate"),
    [
        ("gpu", Delegate(kind=DelegateKind.GPU)),
        ("gpu:fp32", Delegate(kind=DelegateKind.GPU, precision=Precision.FP32)),
        ("gpu:gl", Delegate(kind=DelegateKind.GPU, backend=GpuBackend.GL)),
        ("gpu:fp32:cl", Delegate(kind=DelegateKind.GPU, precision=Precision.FP32, backend=GpuBackend.CL)),
        ("nnapi:google-edgetpu", Delegate(kind=DelegateKind.NNAPI, accelerator="google-edgetpu")),
        ("npu:/data/local/tmp/npu", Delegate(kind=DelegateKind.NPU, path="/data/local/tmp/npu")),
        (
            "external:/d/libfoo.so?a:1;b:x=/y,z",
            Delegate(kind=DelegateKind.EXTERNAL, path="/d/libfoo.so", options=(("a", "1"), ("b", "x=/y,z"))),
        ),
    ],
)
def test_a_text_is_stable(text: str, delegate: Delegate) -> None:
    assert parse_delegate(text) == delegate
    assert str(delegate) == text


def test_the_order_of_precision_and_backend_does_not_matter() -> None:
    assert str(parse_delegate("gpu:cl:fp32")) == "gpu:fp32:cl"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "unknown delegate ''"),
        ("npx", "Did you mean 'npu'"),
        ("GPU", "unknown delegate"),
        ("cpu:fp16", "cpu takes nothing after it"),
        ("gpu:", "ends with a colon"),
        ("gpu:vulkan", "unknown 'vulkan'"),
        ("gpu:fp16", "gpu is fp16 unless it says otherwise"),
        ("gpu:cl:gl", "more than one backend"),
        ("gpu:fp32:fp32", "more than one precision"),
        ("xnnpack:fp32", "xnnpack is fp32 unless it says otherwise"),
        ("xnnpack:cl", "unknown 'cl'"),
        ("nnapi:a b", "no accelerator's name"),
        ("external", "needs its library's path"),
        ("external:libfoo.so", "no absolute path on the device"),
        ("external:/a b.so", "no absolute path on the device"),
        ("external:/a.so?", "KEY:VALUE"),
        ("external:/a.so?key", "KEY:VALUE"),
        ("external:/a.so?key:", "KEY:VALUE"),
        ("external:/a.so?key:one:two", "KEY:VALUE"),
        ("external:/a.so?k:1;k:2", "names an option twice"),
        ("npu:libs", "no absolute path on the device"),
    ],
)
def test_a_text_that_means_nothing_is_refused_with_what_to_do(text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        parse_delegate(text)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": DelegateKind.CPU, "precision": Precision.FP16},
        {"kind": DelegateKind.NNAPI, "path": "/x"},
        {"kind": DelegateKind.XNNPACK, "backend": GpuBackend.CL},
        {"kind": DelegateKind.NPU, "options": (("a", "b"),)},
        {"kind": DelegateKind.EXTERNAL},
        {"kind": DelegateKind.EXTERNAL, "path": "/x", "options": (("a:b", "c"),)},
    ],
)
def test_a_value_that_no_text_means_cannot_be_made(fields: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Delegate(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["npx", "gpu:vulkan", 1, None])
def test_a_document_with_another_delegate_is_refused_as_a_document(value: object) -> None:
    with pytest.raises(ValidationError, match="delegate"):
        Holder.model_validate({"delegate": value})


def test_a_delegate_survives_being_sent_to_another_process() -> None:
    delegate = parse_delegate("external:/a.so?k:v")
    assert pickle.loads(pickle.dumps(delegate)) == delegate


def test_a_sweep_without_values_takes_the_delegates_of_every_device() -> None:
    assert PUBLISHED[Axis.DELEGATE] == ("cpu", "xnnpack", "builtin")


def test_a_sweep_takes_any_delegate_that_is_named() -> None:
    text = "delegate=cpu,gpu:fp32:cl,nnapi:qti-dsp,external:/a.so?b:C,D"
    assert [str(point.delegate) for point in expand([parse_sweep(text)])] == [
        "cpu", "gpu:fp32:cl", "nnapi:qti-dsp", "external:/a.so?b:C,D",
    ]  # fmt: skip


def test_two_spellings_of_one_delegate_are_one_value() -> None:
    with pytest.raises(UsageError, match="twice"):
        parse_sweep("delegate=gpu:fp32:cl,gpu:cl:fp32")


@pytest.mark.parametrize(
    ("text", "accelerated", "may_use_fp16"),
    [
        ("cpu", False, False),
        ("xnnpack", False, False),
        ("xnnpack:fp16", False, True),
        ("builtin", False, False),
        ("gpu", True, True),
        ("gpu:cl", True, True),
        ("gpu:fp32", True, False),
        ("nnapi", True, False),
        ("npu", True, False),
        ("external:/a.so", True, False),
    ],
)
def test_a_delegate_says_what_it_needs_and_gives_up(text: str, accelerated: bool, may_use_fp16: bool) -> None:
    delegate = parse_delegate(text)
    assert (delegate.accelerated, delegate.may_use_fp16) == (accelerated, may_use_fp16)
