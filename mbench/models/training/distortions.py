"""Distortions of training pictures: drawn with numpy, so that they are the same everywhere, applied in the graph."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from mbench.models.training.examples import DISTORTIONS, Pictures, generator
from mbench.models.training.recipe import Augmentation, TrainingRecipe

Array = npt.NDArray[np.float32]

LUMA = (0.2989, 0.587, 0.114)
"""Of red, green and blue: tensorflow `python/ops/image_ops_impl.py`, `rgb_to_grayscale`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """What is done to each example of an epoch, by step and place in the batch.

    Attributes:
        boxes: (steps, batch, 4): top, left, bottom, right of what is kept, as shares of the picture.
        flips: (steps, batch): 1 where the picture is mirrored, else 0.
        colours: (steps, batch, 3): what is added, as a share of the range; factors of contrast and of saturation.
    """

    boxes: Array
    flips: Array
    colours: Array

    def part(self, steps: slice) -> tuple[Array, Array, Array]:
        """Return the three arrays for some of the steps."""
        return self.boxes[steps], self.flips[steps], self.colours[steps]


def draw(recipe: TrainingRecipe, epoch: int) -> Draws:
    """Return the distortions of an epoch."""
    source = generator(recipe.seed, DISTORTIONS, epoch)
    shape = (recipe.steps_per_epoch, recipe.batch)
    chosen = recipe.augmentation
    extents = np.array([chosen.brightness, chosen.contrast, chosen.saturation])
    return Draws(
        boxes=_draw_boxes(chosen, shape, source),
        flips=(source.random(shape) < (0.5 if chosen.flip else 0.0)).astype(np.float32),
        colours=(np.array([0.0, 1.0, 1.0]) + extents * source.uniform(-1.0, 1.0, (*shape, 3))).astype(np.float32),
    )


def _draw_boxes(chosen: Augmentation, shape: tuple[int, int], source: np.random.Generator) -> Array:
    """Return boxes of uniform area and log-uniform aspect, cut to the picture, anywhere in it."""
    area = source.uniform(chosen.least_area, 1.0, shape)
    aspect = np.exp(source.uniform(-1.0, 1.0, shape) * np.log(chosen.widest_aspect))
    height, width = np.minimum(np.sqrt(area / aspect), 1.0), np.minimum(np.sqrt(area * aspect), 1.0)
    top, left = source.random(shape) * (1.0 - height), source.random(shape) * (1.0 - width)
    return np.stack([top, left, top + height, left + width], axis=-1).astype(np.float32)


def crop(picture: Pictures, box: Array, resolution: int) -> Pictures:
    """Return what the box keeps of a picture of any size, resized: (resolution, resolution, 3) uint8.

    For pictures that are decoded as they are needed, whose originals hold more than the prepared ones.
    """
    height, width = picture.shape[:2]
    region = (float(box[1]) * width, float(box[0]) * height, float(box[3]) * width, float(box[2]) * height)
    image = Image.fromarray(picture).resize((resolution, resolution), Image.Resampling.BILINEAR, box=region)
    return np.asarray(image)


def apply(levels: Any, chosen: Augmentation, draws: tuple[Any, Any, Any], *, cropping: bool) -> Any:
    """Return distorted levels in the graph; what the recipe does not ask for adds no operation.

    Args:
        levels: (batch, r, r, 3) float32 in [0, 255].
        chosen: what the recipe asks for.
        draws: boxes, flips and colours of this step.
        cropping: whether boxes are to be cut here; not where they were cut from the originals.
    """
    import tensorflow as tf

    boxes, flips, colours = draws
    if cropping and chosen.crops:
        batch, side = tf.shape(levels)[0], levels.shape[1]
        levels = tf.image.crop_and_resize(levels, boxes, tf.range(batch), (side, side))
    if chosen.flip:
        levels = tf.where(flips[:, None, None, None] > 0.5, tf.reverse(levels, axis=[2]), levels)
    if chosen.brightness or chosen.contrast or chosen.saturation:
        levels = _recolour(levels, colours)
    return levels


def _recolour(levels: Any, colours: Any) -> Any:
    import tensorflow as tf

    added, contrast, saturation = (colours[:, None, None, None, index] for index in range(3))
    levels += 255.0 * added
    mean = tf.reduce_mean(levels, axis=[1, 2], keepdims=True)
    levels = mean + contrast * (levels - mean)
    grey = tf.reduce_sum(levels * tf.constant(LUMA), axis=-1, keepdims=True)
    return tf.clip_by_value(grey + saturation * (levels - grey), 0.0, 255.0)
