"""Pictures prepared once: kept whole, found again, made again where they changed."""

import errno
import json
import os

import numpy as np
import pytest
from picture_sets import PlainColours

from mbench.accuracy.host.eviction import make_room
from mbench.accuracy.host.prepared import prepare
from mbench.accuracy.host.sampling import chosen_indices
from mbench.accuracy.pictures import recipes
from mbench.accuracy.pictures.recipes import find_recipe
from mbench.core.errors import DatasetError, StoreError
from mbench.core.ports import SilentProgress


class Steps(SilentProgress):
    """Progress that counts."""

    def __init__(self):
        self.stages, self.steps = 0, 0

    def start(self, title, total, *, unit="steps"):
        self.stages += 1

    def step(self, label, count=0):
        self.steps += count


@pytest.fixture
def made(tmp_path, pool):
    def make(examples=PlainColours(), *, recipe="plain", resolution=16, asked=None, seed=0, progress=None):  # noqa: B008
        return prepare(
            examples,
            find_recipe(recipe),
            resolution,
            asked=asked,
            seed=seed,
            folder=tmp_path / "prepared",
            pool=pool,
            progress=progress or SilentProgress(),
        )

    return make


def test_each_row_is_its_example_cropped_and_resized(made):
    examples = PlainColours()
    pictures = made(examples).pictures()
    assert pictures.shape == (40, 16, 16, 3)
    for row in range(40):
        assert (pictures[row] == find_recipe("plain").crop_and_resize(examples.picture(row), 16)).all()


class Lying(PlainColours):
    """Pictures that are brighter at one side; every other one is to be turned by a quarter."""

    def picture(self, index):
        return np.tile(np.arange(16, dtype=np.uint8)[None, :, None] * 10, (16, 1, 3))

    def orientation(self, index):
        return 6 if index % 2 else 1


@pytest.mark.parametrize("upright", [False, True])
def test_pictures_are_counted_that_lie_and_turned_where_the_recipe_says_so(tmp_path, pool, upright):
    recipe = recipes.upright(find_recipe("plain")) if upright else find_recipe("plain")
    prepared = prepare(
        Lying(), recipe, 16, asked=None, seed=0, folder=tmp_path, pool=pool, progress=SilentProgress()
    )  # fmt: skip
    assert prepared.record.turned == 20
    assert bool(prepared.doubts(recipe)) is not upright
    standing, lying = prepared.pictures()[:2]
    assert (lying == (np.rot90(standing, -1) if upright else standing)).all()


def test_a_second_look_finds_them_and_decodes_nothing(made):
    first, progress = made(), Steps()
    again = made(progress=progress)
    assert (again.path, progress.stages) == (first.path, 0)


def test_progress_counts_every_picture(made):
    progress = Steps()
    made(progress=progress)
    assert progress.steps == 40


@pytest.mark.parametrize("change", [{"resolution": 8}, {"recipe": "inception"}, {"asked": 7}])
def test_another_question_has_another_array(made, change):
    assert made(**change).path != made().path


def test_recipes_that_only_scale_differently_share_their_pictures(made):
    assert made(recipe="keras").path == made(recipe="caffe").path


def test_fewer_than_all_are_drawn_by_the_seed_and_named_by_their_row(made):
    prepared = made(asked=7, seed=3)
    assert prepared.record.seed == 3
    assert prepared.indices.tolist() == chosen_indices(40, 7, 3).tolist()
    assert (prepared.pictures()[2] == made().pictures()[prepared.indices[2]]).all()


def test_asking_more_than_there_are_asks_all(made):
    prepared = made(asked=1000)
    assert (prepared.record.asked, prepared.record.seed) == (40, None)


def test_examples_that_cannot_be_decoded_keep_their_row_and_are_named_with_the_reason(made):
    prepared = made(PlainColours(damaged=frozenset({4, 31})))
    assert [(one.row, one.name, one.reason) for one in prepared.record.unreadable] == [
        (4, "colour #4", "colour #4: is torn."),
        (31, "colour #31", "colour #31: is torn."),
    ]
    assert np.flatnonzero(~prepared.readable()).tolist() == [4, 31]


def test_where_nothing_can_be_decoded_that_is_an_error_and_nothing_is_kept(made, tmp_path):
    with pytest.raises(DatasetError, match=r"none of 40 examples can be decoded\. The first: colour #0: is torn"):
        made(PlainColours(damaged=frozenset(range(40))))
    assert [path.suffix for path in (tmp_path / "prepared").iterdir()] == [".lock"]


@pytest.mark.parametrize("suffix", [".npy", ".json"])
def test_an_array_or_record_that_changed_is_made_again(made, suffix, caplog):
    prepared = made()
    path, whole = prepared.path.with_suffix(suffix), prepared.pictures().copy()
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    path.write_bytes(damaged)
    assert (made().pictures() == whole).all()
    assert "prepared again" in caplog.text


def test_pictures_that_were_handed_out_do_not_make_room_for_others(made, tmp_path):
    prepared = made()
    make_room(tmp_path / "prepared" / "new.npy", 500, limit_bytes=500)
    assert prepared.path.exists()


def test_an_array_without_its_record_is_made_again(made):
    prepared, progress = made(), Steps()
    prepared.path.with_suffix(".json").unlink()
    made(progress=progress)
    assert progress.stages == 1


def test_what_a_killed_process_left_half_written_is_written_over(made, tmp_path):
    path = made().path
    path.with_suffix(".part").write_bytes(b"half")
    path.unlink()
    made()
    assert {found.suffix for found in (tmp_path / "prepared").iterdir()} == {".npy", ".json", ".lock"}


def test_a_disk_without_room_is_reported_before_anything_is_written(made, tmp_path):
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    resolution = int((free / 3) ** 0.5)
    with pytest.raises(StoreError, match=r"MiB free, and 40 pictures of \d+ x \d+ pixels take \d+ MiB"):
        made(resolution=resolution)
    assert [path.suffix for path in (tmp_path / "prepared").iterdir()] == [".lock"]


def test_a_folder_that_cannot_be_made_is_one_error(pool, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreError, match=f"{os.strerror(errno.ENOTDIR)}|{os.strerror(errno.EEXIST)}"):
        prepare(
            PlainColours(),
            find_recipe("plain"),
            16,
            asked=None,
            seed=0,
            folder=tmp_path / "file" / "prepared",
            pool=pool,
            progress=SilentProgress(),
        )


def test_the_record_says_what_the_array_is(made):
    prepared = made(asked=5)
    record = json.loads(prepared.path.with_suffix(".json").read_text())
    assert record["dataset"]["name"] == "colours"
    assert (record["resolution"], record["asked"], record["geometry"]) == (16, 5, "resize_whole")


def test_a_shorter_draw_asks_the_first_questions_of_a_longer_one():
    assert chosen_indices(1000, 20, 9).tolist() == chosen_indices(1000, 300, 9)[:20].tolist()


def test_a_draw_names_each_example_once():
    assert len(set(chosen_indices(500, 499, 1).tolist())) == 499


def test_a_draw_is_the_same_in_every_release():
    assert chosen_indices(1000, 6, 0).tolist() == [855, 921, 269, 11, 850, 403]
