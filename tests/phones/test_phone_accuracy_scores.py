"""Scores from an emulated phone: the same file, the same pictures, and the same answers as the host's."""

from dataclasses import replace

import numpy as np
import pytest
from accuracy_lab import Bench
from answering import CLASSES, SIDE, Notes, classifier, workload
from memory_device import MemoryTaken
from PIL import Image

from mbench.accuracy.datasets.examples import LabelledExamples
from mbench.accuracy.datasets.pictures import PictureFiles
from mbench.accuracy.host.inference import answer, open_file
from mbench.accuracy.host.pool import HostPool
from mbench.accuracy.host.prepared import prepare
from mbench.accuracy.pictures.recipes import find_recipe
from mbench.accuracy.tasks.classes import class_evaluator
from mbench.core.delegates import Delegate, parse_delegate
from mbench.core.examples import Split, Task
from mbench.core.ports import SilentProgress
from mbench.core.reasons import Unscored
from mbench.core.results import BinaryFacts, DeviceFacts
from mbench.core.scores import Agreement, Score, unpack_hits
from mbench.devices.profiles.profile import load_profile
from mbench.emulator.phone.faults import Fault, FaultKind
from mbench.workflows.clock import SystemClock
from mbench.workflows.devices.device import Folders, Identity
from mbench.workflows.run.device_score import (
    DeviceEvaluation,
    DevicePlace,
    agreement,
    score_on_device,
)
from mbench.workflows.score.on_host import host_twin

MODEL = classifier()
TOLD_RIGHT = (True, True, False)
"""Of the pictures that can be read: where the truth is what the file answers on this host."""


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> DeviceEvaluation:
    """Four pictures, one of them damaged, with the host's answers."""
    folder = tmp_path_factory.mktemp("pictures")
    pixels = np.random.default_rng(3).integers(0, 256, (len(TOLD_RIGHT), 40, 50, 3)).astype(np.uint8)
    names = [f"{number}.png" for number in range(len(pixels))]
    for name, picture in zip(names, pixels, strict=True):
        Image.fromarray(picture).save(folder / name)
    (folder / "damaged.png").write_bytes((folder / names[0]).read_bytes()[:300])
    pictures = PictureFiles(folder, [*names, "damaged.png"], cache=None)
    recipe, silent = find_recipe("inception"), SilentProgress()
    with HostPool(1) as pool:
        prepared = prepare(
            labelled(pictures, [0] * 4),
            recipe,
            SIDE,
            asked=None,
            seed=0,
            folder=folder / "prepared",
            pool=pool,
            progress=silent,
        )
        file = folder / "m.tflite"
        file.write_bytes(MODEL)
        opened = open_file(file, delegate=host_twin(Delegate.CPU), pool=pool)
        host = answer(opened, prepared, recipe.scaling, keep=None, pool=pool, progress=silent)
    best = host.outputs[0].reshape(4, CLASSES)[:3].argmax(axis=1)
    truths = [int(each) if right else (int(each) + 1) % CLASSES for each, right in zip(best, TOLD_RIGHT, strict=True)]
    examples = labelled(pictures, [*truths, 0])
    return DeviceEvaluation(
        prepared=prepared,
        examples=examples,
        recipe=recipe,
        opened=opened,
        host=host,
        evaluator=class_evaluator(opened, examples, asked_offset=0, note=silent.note),
    )


def labelled(pictures: PictureFiles, truths: list[int]) -> LabelledExamples:
    return LabelledExamples(
        name="folder",
        task=Task.CLASSIFICATION,
        split=Split.TEST,
        pictures=pictures,
        truths=truths,
        classes=CLASSES,
    )


def place(here: Bench) -> DevicePlace:
    sha256 = here.instrument.sha256
    taken = MemoryTaken(
        transport=here.transport,
        identity=Identity(
            facts=DeviceFacts(serial=here.transport.serial, profile="pixel4", emulated=True),
            instrument=replace(here.instrument, tool="hostbench"),
            binary=BinaryFacts(tool="hostbench", sha256=sha256, path="emulated"),
        ),
        profile=load_profile("pixel4"),
        folders=Folders(models=f"{here.transport.root}/models", work_dir=f"{here.transport.root}/sessions/s"),
        come_back=here.recover,
    )
    return DevicePlace(device=taken, model=here.model)


def score(here: Bench, question: DeviceEvaluation, delegate: Delegate = Delegate.CPU) -> Score | Unscored:
    asked = workload(MODEL, delegate=delegate)
    return score_on_device(
        place(here),
        asked,
        question,
        kept_in=here.folder / "answers",
        clock=SystemClock(),
        progress=Notes(),
    )


def test_a_phone_answers_bit_by_bit_as_the_host_and_its_score_says_so(bench, question: DeviceEvaluation) -> None:
    here = bench()
    found = score(here, question)
    assert isinstance(found, Score), found
    assert (found.place, found.delegate, found.asked, found.scored) == ("device", "cpu", 4, 3)
    assert found.failed == ("damaged.png",)
    assert found.hits is not None
    assert unpack_hits(found.hits, 4) == [True, True, False, False]
    top1 = found.metric("top1")
    assert top1 is not None
    assert (top1.value, top1.examples) == (0.5, 4)
    assert found.agreement is not None
    assert (found.agreement.examples, found.agreement.same_top1) == (3, 3)
    assert found.agreement.largest_step == 0
    assert found.agreement.differing == ()
    assert found.seconds > 0
    assert here.left() == []
    before = here.phone.benchmarks
    assert score(here, question) == found
    assert here.phone.benchmarks == before


def test_where_too_many_examples_have_no_answer_there_is_no_score(bench, question: DeviceEvaluation) -> None:
    here = bench()
    here.phone.arm(Fault(kind=FaultKind.ABORT, run=2))
    reason = score(here, question)
    assert isinstance(reason, Unscored)
    assert reason.reason.startswith(f"1 of 3 examples have no answer from {here.transport.serial} by cpu, more than 5%")
    assert reason.reason.endswith("The first, number 1, ended with status 134 (SIGABRT).")


def test_a_delegate_that_the_phone_lacks_is_a_reason_and_no_score(bench, question: DeviceEvaluation) -> None:
    here = bench()
    reason = score(here, question, parse_delegate("gpu"))
    assert isinstance(reason, Unscored)
    assert f"not scored on {here.transport.serial} by gpu" in reason.reason


def test_examples_that_differ_from_the_host_are_counted_and_named() -> None:
    host = np.array([[1, 9, 9], [5, 0, 0], [0, 0, 7], [3, 2, 1]], np.uint8)
    device = np.array([[1, 9, 9], [5, 1, 0], [8, 0, 7], [0, 0, 0]], np.uint8)
    found = agreement((device,), (host.reshape(4, 1, 3),), np.array([True, True, True, False]), lambda row: f"#{row}")
    assert found == Agreement(examples=3, same_top1=2, largest_step=8.0, differing=("#2",))


def test_nothing_that_both_answered_agrees_about_nothing() -> None:
    rows = np.zeros((2, 3), np.float32)
    assert agreement((rows,), (rows,), np.zeros(2, np.bool_), str) == Agreement(examples=0, same_top1=0)
