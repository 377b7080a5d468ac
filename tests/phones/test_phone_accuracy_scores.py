"""Scores from an emulated phone: the same file, the same photographs, and the same answers as the host's."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from accuracy_lab import Bench
from answering import Notes, workload
from memory_device import MemoryTaken

from mbench.accuracy.datasets.examples import LabelledExamples
from mbench.accuracy.datasets.pictures import PictureFiles
from mbench.accuracy.host.inference import answer, open_file
from mbench.accuracy.host.pool import HostPool
from mbench.accuracy.host.prepared import prepare
from mbench.accuracy.pictures.recipes import find_recipe
from mbench.accuracy.tasks.classes import class_evaluator
from mbench.core.examples import Split, Task
from mbench.core.ports import SilentProgress
from mbench.core.reasons import Unscored
from mbench.core.results import BinaryFacts, DeviceFacts
from mbench.core.scores import Agreement, Score, unpack_hits
from mbench.core.workloads import Delegate, parse_delegate
from mbench.devices.profiles.profile import load_profile
from mbench.workflows.clock import SystemClock
from mbench.workflows.devices.device import Folders, Identity
from mbench.workflows.run.device_score import (
    DeviceEvaluation,
    DevicePlace,
    agreement,
    score_on_device,
)
from mbench.workflows.score.on_host import host_twin

DATA = Path(os.environ.get("MBENCH_TEST_DATA", ""))
FILE = DATA / "mobilenet_v1_0.25_128_quant.tflite"
RIGHT = {"n02865351_bolo_tie.JPEG": 451, "n04023962_punching_bag.JPEG": 747}
"""Photographs that the file tells right, and their classes."""

pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="MBENCH_TEST_DATA names no folder with the files")


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> DeviceEvaluation:
    """Four photographs, one of them damaged, with the host's answers."""
    folder = tmp_path_factory.mktemp("photos")
    names = [*RIGHT, "n02490219_marmoset.JPEG", "damaged.JPEG"]
    for name in names[:3]:
        shutil.copy(DATA / "photos" / name, folder)
    (folder / "damaged.JPEG").write_bytes((DATA / "photos" / names[0]).read_bytes()[:300])
    examples = LabelledExamples(
        name="folder",
        task=Task.CLASSIFICATION,
        split=Split.TEST,
        pictures=PictureFiles(folder, names, cache=None),
        truths=[*RIGHT.values(), 0, 0],
        classes=1000,
    )
    recipe, silent = find_recipe("inception"), SilentProgress()
    with HostPool(1) as pool:
        prepared = prepare(
            examples, recipe, 128, asked=None, seed=0, folder=folder / "prepared", pool=pool, progress=silent
        )
        opened = open_file(FILE, delegate=host_twin(Delegate.CPU), pool=pool)
        host = answer(opened, prepared, recipe.scaling, keep=None, pool=pool, progress=silent)
    return DeviceEvaluation(
        prepared=prepared,
        examples=examples,
        recipe=recipe,
        tensor=opened.picture_input(),
        host=host,
        evaluator=class_evaluator(opened, examples, asked_offset=1, note=silent.note),
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
    asked = workload(FILE.read_bytes(), delegate=delegate, outputs=1001, dtype="uint8")
    return score_on_device(
        place(here),
        asked,
        question,
        kept_in=here.folder / "answers",
        clock=SystemClock(),
        progress=Notes(),
    )


def test_a_phone_answers_bit_by_bit_as_the_host_and_its_score_says_so(bench, question: DeviceEvaluation) -> None:
    here = bench(model=FILE.read_bytes())
    found = score(here, question)
    assert isinstance(found, Score), found
    assert (found.place, found.delegate, found.asked, found.scored) == ("device", "cpu", 4, 3)
    assert found.failed == ("damaged.JPEG",)
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


def test_a_delegate_that_the_phone_lacks_is_a_reason_and_no_score(bench, question: DeviceEvaluation) -> None:
    here = bench(model=FILE.read_bytes())
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
