from dataclasses import replace

import pytest

from mbench.core.builds.sweeps import Axis
from mbench.core.builds.variants import Head, Variant
from mbench.core.delegates import Delegate
from mbench.core.errors import UsageError
from mbench.workflows.build.recipes import BuildInputs
from mbench.workflows.build.selection import OF_OWN_NETWORKS, Selection, select


def names(selection: Selection) -> list[str]:
    return [str(candidate.variant) for candidate in select(selection)]


def test_nothing_said_is_the_papers_network_in_int8():
    assert names(Selection()) == ["mobilenet_v1_1.00_224_int8"]


def test_a_sweep_and_a_list_multiply():
    assert names(Selection(sweeps=("alpha=1.0,0.5",), lists={Axis.QUANTIZATION: "fp32,int8"})) == [
        "mobilenet_v1_1.00_224_fp32",
        "mobilenet_v1_1.00_224_int8",
        "mobilenet_v1_0.50_224_fp32",
        "mobilenet_v1_0.50_224_int8",
    ]


def test_another_number_of_classes_is_in_the_name():
    assert names(Selection(head=Head(classes=10))) == ["mobilenet_v1_1.00_224_classes10_int8"]


def test_a_default_resolution_gives_way_to_a_sweep():
    assert names(Selection(resolution=32)) == ["mobilenet_v1_1.00_32_int8"]
    assert names(Selection(resolution=32, sweeps=("resolution=64",))) == ["mobilenet_v1_1.00_64_int8"]


def test_named_variants_and_files_meet_every_delegate_and_thread_count(tmp_path):
    file = tmp_path / "my.tflite"
    file.write_bytes(b"")
    chosen = Selection(
        names=("mobilenet_v1_0.50_160_int8",),
        files=(file,),
        lists={Axis.DELEGATE: "cpu,builtin", Axis.THREADS: "1,2"},
    )
    candidates = select(chosen)
    assert len(candidates) == 8
    assert {(one.delegate, one.threads) for one in candidates if one.file == file} == {
        (Delegate.CPU, 1),
        (Delegate.CPU, 2),
        (Delegate.BUILTIN, 1),
        (Delegate.BUILTIN, 2),
    }


def test_threads_that_nobody_named_are_left_to_the_device():
    assert select(Selection())[0].threads is None


NAMED = ("mobilenet_v1_0.50_160_int8",)


@pytest.mark.parametrize(
    ("idle", "option"),
    [
        ({"typed": ("--weights", "--arch")}, "--arch"),
        ({"typed": ("--classes",)}, "--classes"),
        ({"lists": {Axis.ALPHA: "0.5"}}, "--alpha"),
        ({"lists": {Axis.THREADS: "1", Axis.QUANTIZATION: "fp32"}}, "--quantization"),
    ],
)
def test_options_that_a_variants_name_says_for_itself_are_refused(idle, option, tmp_path):
    with pytest.raises(UsageError, match=rf"^{option} has no meaning with mobilenet_v1_0.50_160_int8, whose name says"):
        select(Selection(names=NAMED, files=(tmp_path,), **idle))


@pytest.mark.parametrize(
    ("idle", "option"),
    [
        ({"typed": ("--weights",)}, "--weights"),
        ({"typed": ("--arch",)}, "--arch"),
        ({"lists": {Axis.ALPHA: "1"}}, "--alpha"),
    ],
)
def test_options_of_building_are_refused_where_only_files_are_named(idle, option, tmp_path):
    with pytest.raises(UsageError, match=rf"^{option} has no meaning with .*, which is built already; leave it out"):
        select(Selection(files=(tmp_path,), **idle))


def test_what_named_variants_are_built_of_may_be_said_beside_files(tmp_path):
    (tmp_path / "my.tflite").touch()
    assert len(select(Selection(names=NAMED, files=(tmp_path / "my.tflite",), typed=("--weights",)))) == 2


@pytest.mark.parametrize("option", sorted(OF_OWN_NETWORKS))
def test_options_of_own_networks_are_refused_beside_networks_of_mbench(option, tmp_path):
    (tmp_path / "my.tflite").touch()
    for chosen in (Selection(), Selection(names=NAMED), Selection(names=NAMED, files=(tmp_path / "my.tflite",))):
        with pytest.raises(UsageError, match=rf"^{option} is for your own networks"):
            select(replace(chosen, typed=(option,)))


def test_networks_that_are_chosen_take_every_option():
    assert names(Selection(typed=("--arch", "--weights", "--quantizer"))) == ["mobilenet_v1_1.00_224_int8"]


@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        (Selection(names=("mobilenet_v1_0.50_160_int8",), sweeps=("alpha",)), "cannot be swept over a named variant"),
        (Selection(sweeps=("alpha",), lists={Axis.ALPHA: "0.5"}), "swept twice"),
        (Selection(names=("mobilenet",)), "no variant name"),
        (Selection(names=("mobilenet_v1_0.50_160_int8",) * 2), "named twice"),
    ],
)
def test_a_selection_that_makes_no_sense_is_refused(chosen, reason):
    with pytest.raises(UsageError, match=reason):
        select(chosen)


def test_trained_weights_of_no_data_set_are_a_wrong_command_line():
    with pytest.raises(UsageError, match="--weights trained: nothing says on what; name a --dataset"):
        BuildInputs(weights="trained").untrained(Variant())
