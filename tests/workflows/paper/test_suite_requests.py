from dataclasses import replace
from pathlib import Path

import pytest

from mbench.core.builds.sweeps import Axis
from mbench.core.errors import UsageError
from mbench.core.scores import EvaluationSpec
from mbench.paper.suites import Suite
from mbench.workflows.build.recipes import BuildInputs
from mbench.workflows.build.selection import Selection
from mbench.workflows.paper.suites import find_suite, listed, shown, slug, suite_request
from mbench.workflows.run.request import RunRequest
from mbench.workflows.score.run_accuracy import Accuracy

REQUEST = RunRequest(
    devices=("host",), selection=Selection(), build_inputs=BuildInputs(), results=Path("results"), command=("mbench",)
)
TWO = Suite(title="two", variants=("mobilenet_v1_0.50_160_fp32", "vgg16_1.00_224_fp32"))


def selected(selection: Selection, suite: Suite = TWO) -> tuple[str, ...]:
    return suite_request(replace(REQUEST, selection=selection), suite, "two")[0].selection.names


def test_a_suite_becomes_names():
    assert selected(Selection()) == TWO.variants


@pytest.mark.parametrize(
    "selection",
    [Selection(lists={Axis.QUANTIZATION: "int8,drq"}), Selection(sweeps=("quantization=int8,drq",))],
)
def test_a_quantization_holds_for_every_network(selection):
    assert selected(selection) == (
        "mobilenet_v1_0.50_160_int8",
        "mobilenet_v1_0.50_160_drq",
        "vgg16_1.00_224_int8",
        "vgg16_1.00_224_drq",
    )


def test_threads_and_delegates_go_on_to_the_run():
    chosen = Selection(lists={Axis.THREADS: "1,4", Axis.QUANTIZATION: "int8"}, sweeps=("delegate",))
    request, _ = suite_request(replace(REQUEST, selection=chosen), TWO, "two")
    assert request.selection.lists == {Axis.THREADS: "1,4"}
    assert request.selection.sweeps == ("delegate",)


def test_two_variants_that_become_one_run_once():
    twice = Suite(title="t", variants=("mobilenet_v1_0.50_160_fp32", "mobilenet_v1_0.50_160_int8"))
    assert selected(Selection(lists={Axis.QUANTIZATION: "int8"}), twice) == ("mobilenet_v1_0.50_160_int8",)


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        (Selection(names=("mobilenet_v1_0.50_160_int8",)), "leave variants and --model out"),
        (Selection(sweeps=("alpha",)), "leave alpha out"),
        (Selection(lists={Axis.RESOLUTION: "128"}), "leave resolution out"),
        (Selection(typed=("--weights", "--classes")), "leave --classes out"),
        (Selection(typed=("--arch",)), "leave --arch out"),
    ],
)
def test_what_names_networks_beside_a_suite_is_refused(selection, said):
    with pytest.raises(UsageError, match=said):
        selected(selection)


def test_a_network_that_mbench_lacks_is_left_out_and_reported():
    strange = Suite(title="t", variants=("mobilenet_v1_0.50_160_fp32", "resnet_1.00_224_fp32"))
    request, notes = suite_request(REQUEST, strange, "mine")
    assert request.selection.names == ("mobilenet_v1_0.50_160_fp32",)
    assert notes == ("resnet_1.00_224_fp32 is left out: unknown architecture 'resnet'." + notes[0].partition("'.")[2],)


def test_a_suite_of_unknown_networks_alone_is_refused():
    with pytest.raises(UsageError, match="nothing is left to run"):
        suite_request(REQUEST, Suite(title="t", variants=("resnet_1.00_224_fp32",)), "mine")


def test_a_network_without_published_weights_is_timed_untrained_beside_the_others():
    request, notes = suite_request(replace(REQUEST, build_inputs=BuildInputs(weights="imagenet")), TWO, "two")
    assert [name for name, *_ in request.build_inputs.seeded] == ["vgg16"]
    assert notes == ("vgg16: no weights of that kind exist; timed untrained, without an accuracy",)


def test_a_data_set_gives_networks_its_classes(monkeypatch, tmp_path):
    monkeypatch.setenv("MBENCH_HOME", str(tmp_path))
    one = Suite(title="t", variants=("mobilenet_v1_0.50_160_fp32",))
    asked = replace(REQUEST, accuracy=Accuracy(spec=EvaluationSpec(dataset="digits")))
    assert suite_request(asked, one, "one")[0].selection.names == ("mobilenet_v1_0.50_160_digits10_fp32",)


def test_a_suite_that_profiles_does_so_unasked():
    request, _ = suite_request(REQUEST, find_suite("mobilenets/table-2"), "mobilenets/table-2")
    assert request.profile_ops
    assert request.title == "table-2"


@pytest.mark.parametrize(
    ("name", "part"), [("mobilenets/table-6", "table-6"), ("smoke", "smoke"), ("/there/my own.toml", "my-own")]
)
def test_sessions_of_a_suite_bear_its_name(name, part):
    assert slug(name) == part


def test_showing_a_suite_says_what_runs_what_it_needs_and_the_commands():
    text = "\n".join(shown("mobilenets/table-6"))
    for said in ("mobilenet_v1_0.25_224_fp32", "--dataset imagenet:PATH", "stay unknown", "mbench run --suite"):
        assert said in text


def test_the_list_holds_every_shipped_suite():
    names = [row[0].text for row in listed().rows]
    assert {"mobilenets/table-1", "mobilenets/table-14", "mobilenets/figure-4", "smoke", "nightly"} <= set(names)
