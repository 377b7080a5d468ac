"""Which shapes are pictures, how they are read, and what an input of each form stores."""

import numpy as np
import pytest
from PIL import Image

from mbench.accuracy.host.worker import Tensor
from mbench.accuracy.pictures.input_form import PictureForm, luma, picture_encoder, picture_form, unfit_scaling
from mbench.accuracy.pictures.input_scaling import PixelScaling, input_encoder
from mbench.accuracy.pictures.recipes import find_recipe
from mbench.accuracy.pictures.scalings import SCALINGS
from mbench.core.choices import Layout
from mbench.core.errors import UnsupportedModel

PICTURES = np.random.default_rng(5).integers(0, 256, (2, 5, 7, 3), dtype=np.uint8)
FLOAT = Tensor(name="x", shape=(1, 5, 7, 3), dtype="float32", scale=None, zero_point=None)
INT8 = Tensor(name="x", shape=(1, 5, 7, 3), dtype="int8", scale=1 / 127.5, zero_point=-1)


@pytest.mark.parametrize(
    ("shape", "form"),
    [
        ((1, 5, 7, 3), PictureForm(height=5, width=7)),
        ((1, 3, 5, 7), PictureForm(height=5, width=7, layout=Layout.NCHW)),
        ((1, 5, 7, 1), PictureForm(height=5, width=7, gray=True)),
        ((1, 1, 5, 7), PictureForm(height=5, width=7, layout=Layout.NCHW, gray=True)),
        ((1, 5, 7), PictureForm(height=5, width=7, gray=True)),
    ],
)
def test_a_shape_that_can_be_read_one_way_is_read_so(shape, form):
    assert picture_form("x", shape, None) == form
    assert picture_form("x", shape, form.layout) == form


@pytest.mark.parametrize("shape", [(1, 3, 7, 3), (1, 1, 7, 3), (1, 3, 7, 1), (1, 1, 7, 1), (1, 3, 3, 3)])
def test_a_shape_that_can_be_read_both_ways_is_read_as_the_user_says(shape):
    with pytest.raises(UnsupportedModel, match="--layout nhwc or --layout nchw"):
        picture_form("x", shape, None)
    last, first = (picture_form("x", shape, layout) for layout in Layout)
    assert (last.height, last.width, last.gray) == (shape[1], shape[2], shape[3] == 1)
    assert (first.height, first.width, first.gray) == (shape[2], shape[3], shape[1] == 1)


@pytest.mark.parametrize(
    "shape", [(), (1,), (1, 64), (2, 5, 7, 3), (1, 5, 7, 4), (1, 2, 5, 7), (1, 0, 7, 3), (1, 5, 7, 3, 1), (5, 7, 3)]
)
def test_what_is_no_picture_is_refused(shape):
    with pytest.raises(UnsupportedModel, match="has the shape"):
        picture_form("x", shape, None)


@pytest.mark.parametrize(("shape", "layout"), [((1, 5, 7, 3), Layout.NCHW), ((1, 3, 5, 7), Layout.NHWC)])
def test_a_layout_that_a_shape_cannot_have_is_refused(shape, layout):
    with pytest.raises(UnsupportedModel, match=f"in the layout {layout}"):
        picture_form("x", shape, layout)


def test_the_luma_is_pillows():
    every = np.stack(np.meshgrid(*[np.arange(0, 256, 5, dtype=np.uint8)] * 3), axis=-1).reshape(-1, 52, 3)
    assert (luma(every)[..., 0] == np.asarray(Image.fromarray(every).convert("L"))).all()
    gray = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    assert (luma(gray)[:, 0] == gray[:, 0]).all()


@pytest.mark.parametrize("tensor", [FLOAT, INT8], ids=lambda tensor: tensor.dtype)
@pytest.mark.parametrize("scaling", [SCALINGS["symmetric"], SCALINGS["imagenet"], find_recipe("caffe").scaling])
def test_channels_first_are_the_same_values_elsewhere(tensor, scaling):
    usual = input_encoder(scaling, tensor)(PICTURES)
    stored = picture_encoder(PictureForm(height=5, width=7, layout=Layout.NCHW), scaling, tensor)(PICTURES)
    assert (stored.shape, stored.flags.c_contiguous) == ((2, 3, 5, 7), True)
    for channel in range(3):
        assert (stored[:, channel] == usual[..., channel]).all()


@pytest.mark.parametrize("tensor", [FLOAT, INT8], ids=lambda tensor: tensor.dtype)
@pytest.mark.parametrize("layout", list(Layout))
def test_a_gray_input_holds_the_scaled_luma(tensor, layout):
    scaling = SCALINGS["symmetric"]
    stored = picture_encoder(PictureForm(height=5, width=7, layout=layout, gray=True), scaling, tensor)(PICTURES)
    lines = np.repeat(luma(PICTURES), 3, axis=-1)
    assert stored.flags.c_contiguous
    assert stored.shape == ((2, 5, 7, 1) if layout is Layout.NHWC else (2, 1, 5, 7))
    assert (stored.reshape(2, 5, 7) == input_encoder(scaling, tensor)(lines)[..., 0]).all()


def test_only_a_scaling_that_is_alike_in_all_channels_fits_gray():
    gray, colour = (PictureForm(height=5, width=7, gray=one) for one in (True, False))
    same = PixelScaling(divisor=1.0, mean=(1.0, 1.0, 1.0), deviation=(2.0, 2.0, 2.0), channels="bgr")
    for fits in (*(SCALINGS[name] for name in ("unit", "symmetric", "levels")), same):
        assert unfit_scaling(fits, gray) is None
    assert unfit_scaling(SCALINGS["imagenet"], gray) is not None
    assert unfit_scaling(SCALINGS["imagenet"], colour) is None
