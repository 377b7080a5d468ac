"""A build worker that dies of a foreign weights file is one error that says how, and a later one has a new worker."""

import os
import signal

import numpy as np
import pytest
from PIL import Image

from mbench.core.errors import ArtifactError, RuinedConversion
from mbench.core.recipes import Recipe
from mbench.core.variants import parse_variant
from mbench.models.tflite.calibration import describe_folder
from mbench.workflows.build.build_pool import answer_of, build_workers, why_unkept


def end(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (signal.SIGPROF, "was ended because it computed without end on a damaged file; name another one."),
        (signal.SIGKILL, "was ended by SIGKILL, as it is when memory runs out; free some, or build fewer at once."),
    ],
)
def test_a_worker_that_dies_says_how(number, said):
    with build_workers(1) as pool, pytest.raises(ArtifactError) as caught:
        answer_of(pool.submit(end, number), pool)
    assert str(caught.value) == f"the process that built it {said}"


def test_an_answer_is_handed_on():
    with build_workers(1) as pool:
        assert answer_of(pool.submit(abs, -3), pool) == 3


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        ([0], "it was calibrated on one picture, of one level throughout, so that ranges"),
        ([0, 90, 200], "it was calibrated on 3 pictures, each of one level throughout, so that ranges"),
        ([None], "it was calibrated on one picture, so that ranges"),
        ([None, 0], "the converter ruined"),
    ],
)
def test_a_ruined_file_is_blamed_on_a_calibration_that_no_range_can_be_read_off(tmp_path, levels, said):
    for number, level in enumerate(levels):
        shade = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4 if level is None else np.full((8, 8), level, np.uint8)
        Image.fromarray(shade).save(tmp_path / f"{number}.png")
    recipe = Recipe(
        variant=parse_variant("mobilenet_v1_0.25_32_int8"), calibration=describe_folder(tmp_path, examples=32)
    )
    assert why_unkept(RuinedConversion("the converter ruined the model: x."), recipe).startswith(said)
    assert why_unkept(ArtifactError("no room"), recipe) == "no room"
