"""Google's own quantized MobileNets give the answers that were recorded for real photographs."""

import json
import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from mbench.accuracy.host.inference import answer, open_file
from mbench.accuracy.host.prepared import prepare
from mbench.accuracy.host.score import score_file
from mbench.accuracy.pictures.decoding import decode
from mbench.accuracy.pictures.recipes import RECIPES, find_recipe
from mbench.accuracy.pictures.scalings import SCALINGS
from mbench.accuracy.tasks.classes import class_evaluator
from mbench.accuracy.tasks.top_k import BestAnswers
from mbench.core.delegates import Delegate
from mbench.core.errors import UnsupportedModel
from mbench.core.examples import DatasetFacts, Split, Task
from mbench.core.ports import SilentProgress
from mbench.core.scores import unpack_hits
from mbench.workflows.score.open_evaluation_spec import check_input

DATA = os.environ.get("MBENCH_TEST_DATA")
pytestmark = pytest.mark.skipif(DATA is None, reason="MBENCH_TEST_DATA names no folder of real model files")
FILES = ("mobilenet_v1_0.25_128_quant", "mobilenet_v1_0.5_160_quant")
QUIET = SilentProgress()


@dataclass(frozen=True)
class Photographs:
    """The photographs that `expected.json` lists, and their true classes of ImageNet."""

    folder: Path

    @property
    def expected(self) -> dict:
        return json.loads((self.folder / "expected.json").read_text())["photos"]

    @property
    def facts(self) -> DatasetFacts:
        return DatasetFacts(
            name="photos",
            task=Task.CLASSIFICATION,
            split=Split.TEST,
            sha256=sha256("".join(photo["sha256"] for photo in self.expected.values()).encode()).hexdigest(),
            examples=len(self),
            classes=1000,
        )

    class_names = ()

    def __len__(self) -> int:
        return len(self.expected)

    def name(self, index: int) -> str:
        return list(self.expected)[index]

    def picture(self, index: int) -> np.ndarray:
        return decode((self.folder / "photos" / self.name(index)).read_bytes(), source=self.name(index))

    def orientation(self, index: int) -> int:
        return 1

    def truth(self, index: int) -> int:
        return self.expected[self.name(index)]["true_index_1001"] - 1


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("delegate", [Delegate.CPU, Delegate.BUILTIN], ids=str)
def test_the_first_answers_are_those_that_were_recorded(name, delegate, pool, tmp_path):
    photographs, recipe = Photographs(Path(DATA)), find_recipe("antialiased")
    opened = open_file(Path(DATA) / f"{name}.tflite", delegate=delegate, pool=pool)
    resolution = opened.picture_input().shape[1]
    prepared = prepare(photographs, recipe, resolution, asked=None, seed=0, folder=tmp_path, pool=pool, progress=QUIET)
    answered = answer(opened, prepared, recipe.scaling, keep=BestAnswers(1), pool=pool, progress=QUIET)
    recorded = [photo["top1"].get(name) for photo in photographs.expected.values()]
    compared = [row for row, photo in enumerate(recorded) if photo is not None]
    assert len(compared) >= 5
    assert [answered.outputs[0][row, 0] for row in compared] == [recorded[row]["index"] for row in compared]


@pytest.mark.parametrize("name", FILES)
def test_the_score_finds_the_background_and_counts_the_photographs_that_are_right(name, pool, tmp_path):
    photographs, recipe = Photographs(Path(DATA)), find_recipe("antialiased")
    opened = open_file(Path(DATA) / f"{name}.tflite", delegate=Delegate.CPU, pool=pool)
    prepared = prepare(
        photographs,
        recipe,
        opened.picture_input().shape[1],
        asked=None,
        seed=0,
        folder=tmp_path,
        pool=pool,
        progress=QUIET,
    )
    scored = score_file(
        opened,
        prepared,
        photographs,
        recipe,
        class_evaluator(opened, photographs, asked_offset=None, note=QUIET.note),
        artifact_sha256="0" * 64,
        delegate=Delegate.CPU,
        pool=pool,
        progress=QUIET,
    )
    right = [
        photo["top1"][name]["index"] == photo["true_index_1001"]
        for photo in photographs.expected.values()
        if name in photo["top1"]
    ]
    assert scored.label_offset == 1
    hits = unpack_hits(scored.hits, scored.asked)
    assert [
        hit for hit, photo in zip(hits, photographs.expected.values(), strict=True) if name in photo["top1"]
    ] == right


FITTING = ("inception", "antialiased", "plain", "keras")
"""Recipes that give -1 to 1, which the inputs of both files hold."""


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("scaling", [None, *SCALINGS, "127.5/127.5/bgr"])
@pytest.mark.parametrize("recipe", [recipe.name for recipe in RECIPES])
def test_a_recipe_that_does_not_give_what_the_input_holds_is_refused(recipe, scaling, name, pool):
    opened = open_file(Path(DATA) / f"{name}.tflite", delegate=Delegate.CPU, pool=pool)
    chosen = find_recipe(recipe if scaling is None else f"{recipe}:{scaling}")
    if scaling in {"symmetric", "127.5/127.5/bgr"} or (scaling is None and recipe in FITTING):
        check_input(chosen, opened)
    else:
        with pytest.raises(UnsupportedModel, match=r"and its uint8 input holds -1 to 0.9922: --preprocessing \S+ fits"):
            check_input(chosen, opened)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("recipe", FITTING)
def test_sure_answers_are_the_recorded_ones_under_every_recipe_that_fits(recipe, name, pool, tmp_path):
    """Those of 200 of 255 and more; less sure ones follow the crop and the filter, which no file says."""
    photographs, chosen = Photographs(Path(DATA)), find_recipe(recipe)
    opened = open_file(Path(DATA) / f"{name}.tflite", delegate=Delegate.CPU, pool=pool)
    height = opened.picture_form().height
    prepared = prepare(photographs, chosen, height, asked=None, seed=0, folder=tmp_path, pool=pool, progress=QUIET)
    answered = answer(opened, prepared, chosen.scaling, keep=BestAnswers(1), pool=pool, progress=QUIET)
    recorded = [photo["top1"].get(name) for photo in photographs.expected.values()]
    sure = [row for row, photo in enumerate(recorded) if photo is not None and photo["score_u8"] >= 200]
    assert sure
    assert [answered.outputs[0][row, 0] for row in sure] == [recorded[row]["index"] for row in sure]
