"""Damaged and odd pictures in a folder data set, from their bytes to the score: counted, named, never dropped."""

import io
from hashlib import sha256

import numpy as np
import pytest
from picture_sets import mean_colour_file
from PIL import Image

from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.core.examples import Split
from mbench.core.ports import SilentProgress
from mbench.core.scores import EvaluationSpec, unpack_hits
from mbench.core.workloads import ArtifactFacts
from mbench.workflows.score.on_host import score_files
from mbench.workflows.score.open_evaluation_spec import open_spec

COLOURS = {"a_red": (200, 10, 10), "b_green": (10, 200, 10), "c_blue": (10, 10, 200)}
DAMAGED = ("a_red/cut.jpg", "b_green/empty.png", "c_blue/text.jpg")


def saved(picture: Image.Image, kind: str, **options) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A class for each channel, with pictures of every kind, and three files that cannot be decoded."""
    root = tmp_path_factory.mktemp("pictures")
    files = {}
    for place, (name, colour) in enumerate(COLOURS.items()):
        picture = Image.new("RGB", (40 + place, 30), colour)
        inverted = tuple(255 - level for level in colour)
        files |= {
            f"{name}/plain.jpg": saved(picture, "JPEG"),
            f"{name}/palette.png": saved(picture.convert("P"), "PNG"),
            f"{name}/pixel.png": saved(Image.new("RGB", (1, 1), colour), "PNG"),
            f"{name}/cmyk.jpg": saved(Image.new("CMYK", (31, 33), (*inverted, 0)), "JPEG"),
            f"{name}/moving.gif": saved(
                picture.convert("P"), "GIF", save_all=True, append_images=[Image.new("RGB", picture.size, inverted)]
            ),
        }
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (99, 98, 3), dtype=np.uint8))
    files["a_red/cut.jpg"] = saved(noise, "JPEG")[:3000]
    files["b_green/empty.png"] = b""
    files["c_blue/text.jpg"] = b"404 not found"
    files["c_blue/gray.png"] = saved(Image.new("L", (20, 20), 77), "PNG")
    for path, data in files.items():
        target = root / "test" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return root


@pytest.fixture(scope="module")
def score(folder, tmp_path_factory):
    data, place = mean_colour_file(), tmp_path_factory.mktemp("file") / "mean.tflite"
    place.write_bytes(data)
    facts = ArtifactFacts(
        name="mean",
        sha256=sha256(data).hexdigest(),
        size_bytes=len(data),
        mult_adds=None,
        parameters=None,
        activation_bytes=None,
    )
    cache, asked = tmp_path_factory.mktemp("cache"), EvaluationSpec(dataset=f"folder:{folder}")
    (scored,) = score_files(
        [(facts, place)],
        open_spec(asked, cache=cache),
        asked.delegate,
        cache=cache,
        workers=1,
        progress=SilentProgress(),
    )
    return scored


def test_what_cannot_be_decoded_is_counted_and_named(score):
    assert (score.asked, score.scored) == (19, 16)
    assert {name.removeprefix("test/") for name in score.failed} == set(DAMAGED)


def test_every_other_picture_is_answered_rightly_but_the_gray_one_by_the_tie_rule(score, folder):
    examples = open_dataset(f"folder:{folder}").split(Split.TEST)
    wrong = [examples.name(row) for row, hit in enumerate(unpack_hits(score.hits, score.asked)) if not hit]
    # All channels of the gray one are alike, so that the lowest index is the answer, which is red.
    assert {name.removeprefix("test/") for name in wrong} == {*DAMAGED, "c_blue/gray.png"}


def test_the_share_is_taken_over_all_that_were_asked(score):
    assert score.metric("top1").value == 15 / 19
