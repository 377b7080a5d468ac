"""Preprocessing recipes by name: how a picture is cropped and resized, and what real values its levels become.

A network is judged by the recipe that it was trained with: another crop moves top-1 by 2 to 8 points, another scale or
order of channels by 8 to 23. So every accuracy names its recipe.

A name may be followed by another scaling than the recipe's own, or consist of it alone, of the data set's own recipe:
`inception:unit`, `levels`, `keras:127.5/127.5` (see `scalings`).
"""

from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from mbench.accuracy.pictures.input_scaling import PixelScaling
from mbench.accuracy.pictures.resize_pillow import (
    crop_and_resize_antialiased,
    resize_and_crop_torchvision,
    resize_nearest,
)
from mbench.accuracy.pictures.resize_tensorflow import crop_and_resize_slim, resize_whole
from mbench.accuracy.pictures.scalings import SCALINGS, is_scaling, parse_scaling, scaling_name
from mbench.core.errors import UsageError
from mbench.core.suggestions import did_you_mean


class CropAndResize(Protocol):
    """A function of a module, for worker processes."""

    __name__: str

    def __call__(self, picture: NDArray[np.uint8], resolution: int, width: int | None = None) -> NDArray[np.uint8]:
        """Return (resolution, width, 3) of a picture (h, w, 3); as wide as high where no width is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreprocessingRecipe:
    """One way to make a network's input of a picture.

    Attributes:
        description: one line for people.
        source: the public code that it equals.
        crop_and_resize: what makes a picture of the network's size.
        scaling: what its levels become.
        upright: whether pictures are turned as their EXIF says before they are cropped.
    """

    name: str
    description: str
    source: str
    crop_and_resize: CropAndResize
    scaling: PixelScaling
    upright: bool = False

    @property
    def geometry(self) -> str:
        """What tells prepared pictures of different recipes apart; recipes that only scale differently share them."""
        return f"{self.crop_and_resize.__name__}{_UPRIGHT if self.upright else ''}"


_UPRIGHT: Final = "+exif"
"""Behind the name of a recipe: pictures are turned first."""

_SYMMETRIC: Final = SCALINGS["symmetric"]

RECIPES: Final = (
    PreprocessingRecipe(
        name="inception",
        description="central 0.875 of each side, TensorFlow 1 bilinear, rounded, to [-1, 1]",
        source="tensorflow/models research/slim/preprocessing/inception_preprocessing.py, preprocess_for_eval",
        crop_and_resize=crop_and_resize_slim,
        scaling=_SYMMETRIC,
    ),
    PreprocessingRecipe(
        name="antialiased",
        description="central 0.875 of each side, bilinear with antialiasing, to [-1, 1]",
        source="python-pillow/Pillow src/libImaging/Resample.c, BILINEAR; otherwise as inception",
        crop_and_resize=crop_and_resize_antialiased,
        scaling=_SYMMETRIC,
    ),
    PreprocessingRecipe(
        name="plain",
        description="whole picture, half-pixel bilinear without antialiasing, rounded, to [-1, 1]",
        source="tensorflow/tensorflow tensorflow/python/ops/image_ops_impl.py, resize_images_v2",
        crop_and_resize=resize_whole,
        scaling=_SYMMETRIC,
    ),
    PreprocessingRecipe(
        name="torchvision",
        description="short side to 256/224 with antialiasing, central square, ImageNet mean and deviation",
        source="pytorch/vision references/classification/presets.py, ClassificationPresetEval, with PIL pictures",
        crop_and_resize=resize_and_crop_torchvision,
        scaling=SCALINGS["imagenet"],
    ),
    PreprocessingRecipe(
        name="keras",
        description="whole picture, nearest pixel, to [-1, 1]",
        source="keras-team/keras keras/src/utils/image_utils.py, load_img; applications/mobilenet.py, preprocess_input",
        crop_and_resize=resize_nearest,
        scaling=_SYMMETRIC,
    ),
    PreprocessingRecipe(
        name="caffe",
        description="whole picture, nearest pixel, BGR without the ImageNet mean",
        source="keras-team/keras keras/src/applications/imagenet_utils.py, preprocess_input of mode 'caffe'",
        crop_and_resize=resize_nearest,
        scaling=PixelScaling(divisor=1.0, mean=(103.939, 116.779, 123.68), channels="bgr"),
    ),
)


def recipe_names() -> tuple[str, ...]:
    """Return the names that `--preprocessing` takes."""
    return tuple(recipe.name for recipe in RECIPES)


def find_recipe(name: str, *, default: str = "inception") -> PreprocessingRecipe:
    """Return a recipe by its name.

    Args:
        name: `RECIPE`, `RECIPE:SCALING` or `SCALING`.
        default: recipe whose crop is taken where a scaling stands alone.

    Raises:
        UsageError: there is none of that name, or no such scaling.
    """
    crop, _, scaling = name.partition(":")
    if not scaling and is_scaling(crop):
        crop, scaling = default, crop
    for recipe in RECIPES:
        if recipe.name == crop:
            return with_scaling(recipe, parse_scaling(scaling)) if scaling else recipe
    known = (*recipe_names(), *SCALINGS)
    raise UsageError(f"unknown preprocessing {name!r}.{did_you_mean(crop, known)}")


def with_scaling(recipe: PreprocessingRecipe, scaling: PixelScaling) -> PreprocessingRecipe:
    """Return a recipe with other real values; its own name where they are its own."""
    base = find_recipe(recipe.name.partition(":")[0].removesuffix(_UPRIGHT))
    name = base.name if scaling == base.scaling else f"{base.name}:{scaling_name(scaling)}"
    scaled = replace(base, name=name, scaling=scaling)
    return upright(scaled) if recipe.upright else scaled


def option_with(recipe: PreprocessingRecipe, scaling: PixelScaling) -> str:
    """Return the `--preprocessing` that keeps a recipe's crop and gives other real values; `--exif` stands beside it.

    Args:
        recipe: whose crop is kept.
        scaling: with channels in its own order.
    """
    return f"--preprocessing {with_scaling(replace(recipe, upright=False), scaling).name}"


def in_order_of(recipe: PreprocessingRecipe, scaling: PixelScaling) -> PixelScaling:
    """Return a scaling for a network that takes channels in a recipe's order."""
    if scaling.channels == recipe.scaling.channels:
        return scaling
    return turned(scaling)


def turned(scaling: PixelScaling) -> PixelScaling:
    """Return a scaling with the channels the other way round: each keeps its numbers."""
    return replace(
        scaling,
        channels="rgb" if scaling.channels == "bgr" else "bgr",
        mean=scaling.mean[::-1],
        deviation=scaling.deviation[::-1],
    )


def upright(recipe: PreprocessingRecipe) -> PreprocessingRecipe:
    """Return a recipe that turns pictures as their EXIF says before it crops them: `inception+exif:unit`."""
    base, colon, scaling = recipe.name.partition(":")
    return replace(recipe, name=f"{base}{_UPRIGHT}{colon}{scaling}", upright=True)
