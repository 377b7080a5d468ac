"""Recipes against the public code that they name, value by value, and on pictures of odd sizes."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mbench.accuracy.pictures.input_scaling import PixelScaling
from mbench.accuracy.pictures.recipes import RECIPES, find_recipe, recipe_names
from mbench.accuracy.pictures.resize_tensorflow import central_crop, resize_bilinear
from mbench.core.errors import UnreadableExample, UsageError

SIZES = [(1, 1), (1, 7), (2, 3), (8, 8), (33, 64), (97, 211), (375, 500), (600, 131)]
RESOLUTIONS = (32, 96, 128)


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height * 1000 + width).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("recipe", RECIPES, ids=recipe_names())
@pytest.mark.parametrize("size", [*SIZES, (2, 1)])
def test_a_recipe_gives_rgb_levels_of_the_resolution_whatever_the_picture(recipe, size):
    prepared = recipe.crop_and_resize(noise(*size), 96)
    assert (prepared.shape, prepared.dtype) == ((96, 96, 3), np.uint8)


@pytest.mark.parametrize("recipe", RECIPES, ids=recipe_names())
def test_a_picture_of_one_colour_keeps_it(recipe):
    picture = np.full((77, 131, 3), (10, 200, 60), np.uint8)
    assert (recipe.crop_and_resize(picture, 64) == (10, 200, 60)).all()


def test_read_only_and_strided_pictures_are_taken():
    picture = noise(60, 80)[:, ::-1]
    picture.flags.writeable = False
    for recipe in RECIPES:
        assert (recipe.crop_and_resize(picture, 32) == recipe.crop_and_resize(picture.copy(), 32)).all()


def test_an_unknown_recipe_is_refused_with_the_nearest_name():
    with pytest.raises(UsageError, match=r"unknown preprocessing 'inceptoin'. Did you mean 'inception'\?"):
        find_recipe("inceptoin")


def test_a_picture_that_would_fill_the_memory_once_enlarged_is_refused():
    with pytest.raises(UnreadableExample, match="1 x 40000 pixels"):
        find_recipe("torchvision").crop_and_resize(np.zeros((40000, 1, 3), np.uint8), 224)


def test_torchvision_takes_the_middle_of_a_picture_whose_short_side_is_256():
    picture = noise(300, 500)
    whole = np.asarray(Image.fromarray(picture).resize((426, 256), Image.Resampling.BILINEAR))
    assert (find_recipe("torchvision").crop_and_resize(picture, 224) == whole[16:240, 101:325]).all()


def cropped_by_tensorflow(picture: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    return tf.image.central_crop(picture, 0.875).numpy()


def resized_by_tensorflow_1(picture: np.ndarray, resolution: int) -> np.ndarray:
    import tensorflow as tf

    return tf.compat.v1.image.resize_bilinear(picture[np.newaxis], (resolution, resolution)).numpy()[0]


def resized_by_tensorflow(picture: np.ndarray, resolution: int) -> np.ndarray:
    import tensorflow as tf

    return tf.image.resize(picture, (resolution, resolution), antialias=False).numpy()


def prepared_by_slim(picture: np.ndarray, resolution: int) -> np.ndarray:
    """Follow tensorflow/models research/slim/preprocessing/inception_preprocessing.py, preprocess_for_eval."""
    import tensorflow as tf

    image = tf.image.central_crop(tf.image.convert_image_dtype(picture, tf.float32), 0.875)
    image = tf.compat.v1.image.resize_bilinear(image[tf.newaxis], (resolution, resolution), align_corners=False)[0]
    return ((image - 0.5) * 2.0).numpy()


def scaled_by_keras(levels: np.ndarray, mode: str) -> np.ndarray:
    from keras.src.applications.imagenet_utils import preprocess_input

    return preprocess_input(levels.astype(np.float32), data_format="channels_last", mode=mode)


def loaded_by_keras(path: Path, resolution: int) -> np.ndarray:
    from keras.utils import img_to_array, load_img

    return img_to_array(load_img(path, target_size=(resolution, resolution)))


@pytest.mark.tensorflow
class TestAgainstTensorFlow:
    @pytest.mark.parametrize("size", SIZES)
    def test_the_central_crop_is_that_of_tf_image(self, size, tensorflow_worker):
        picture = noise(*size)
        assert (central_crop(picture) == tensorflow_worker.submit(cropped_by_tensorflow, picture).result()).all()

    @pytest.mark.parametrize("size", SIZES)
    def test_the_bilinear_resizing_of_slim_is_that_of_tensorflow_1(self, size, tensorflow_worker):
        picture = noise(*size)
        for resolution in RESOLUTIONS:
            theirs = tensorflow_worker.submit(resized_by_tensorflow_1, picture, resolution).result()
            ours = resize_bilinear(picture, resolution, half_pixel_centers=False)
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=4e-5)

    @pytest.mark.parametrize("size", SIZES)
    def test_the_half_pixel_resizing_is_that_of_tf_image_resize(self, size, tensorflow_worker):
        picture = noise(*size)
        for resolution in RESOLUTIONS:
            theirs = tensorflow_worker.submit(resized_by_tensorflow, picture, resolution).result()
            ours = resize_bilinear(picture, resolution, half_pixel_centers=True)
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=4e-5)

    @pytest.mark.parametrize("size", SIZES)
    def test_slim_from_picture_to_real_values_is_that_of_its_evaluation(self, size, tensorflow_worker):
        picture, recipe = noise(*size), find_recipe("inception")
        theirs = tensorflow_worker.submit(prepared_by_slim, picture, 128).result()
        ours = recipe.scaling.real_values(recipe.crop_and_resize(picture, 128))
        assert np.abs(ours - theirs).max() <= 0.5 / 127.5 + 1e-5  # half a level: ours are rounded

    @pytest.mark.parametrize(("name", "mode"), [("keras", "tf"), ("caffe", "caffe"), ("torchvision", "torch")])
    def test_real_values_are_those_of_keras_preprocess_input(self, name, mode, tensorflow_worker):
        levels, scaling = noise(16, 16), find_recipe(name).scaling
        ordered = levels[..., ::-1] if scaling.channels == "bgr" else levels
        theirs = tensorflow_worker.submit(scaled_by_keras, levels, mode).result()
        np.testing.assert_array_equal(scaling.real_values(ordered), theirs)

    def test_the_nearest_resizing_is_that_of_keras_load_img(self, tmp_path, tensorflow_worker):
        picture = noise(97, 131)
        Image.fromarray(picture).save(tmp_path / "noise.png")
        theirs = tensorflow_worker.submit(loaded_by_keras, tmp_path / "noise.png", 96).result()
        assert (find_recipe("keras").crop_and_resize(picture, 96) == theirs).all()


@pytest.mark.parametrize("name", recipe_names())
@pytest.mark.parametrize("size", [(97, 131), (131, 97), (12, 12)])
def test_an_input_that_is_not_square_gets_its_height_and_width(name, size):
    recipe, picture = find_recipe(name), noise(*size)
    assert recipe.crop_and_resize(picture, 20, 44).shape == (20, 44, 3)
    assert recipe.crop_and_resize(picture, 44, 20).shape == (44, 20, 3)
    assert (recipe.crop_and_resize(picture, 20, 20) == recipe.crop_and_resize(picture, 20)).all()


def test_a_width_of_its_own_is_resized_along_lines_and_a_height_along_columns():
    picture = noise(97, 131)
    for half in (False, True):
        wide = resize_bilinear(picture, 20, 44, half_pixel_centers=half)
        turned = resize_bilinear(picture.transpose(1, 0, 2), 44, 20, half_pixel_centers=half)
        np.testing.assert_allclose(wide, turned.transpose(1, 0, 2), atol=1e-3)
    with Image.fromarray(picture) as whole:
        assert (find_recipe("keras").crop_and_resize(picture, 20, 44) == np.asarray(whole.resize((44, 20), 0))).all()


@pytest.mark.parametrize(
    ("size", "covering", "corner"),
    [((300, 400), (256, 192), (16, 40)), ((100, 400), (512, 128), (144, 8)), ((100, 100), (256, 256), (16, 72))],
)
def test_torchvision_covers_an_input_that_is_not_square_and_keeps_the_shape_of_the_picture(size, covering, corner):
    """Of an input of 112 x 224 (height, width), 128 x 256 are covered (256 / 224), and the middle is cut out."""
    picture, (left, top) = noise(*size), corner
    whole = np.asarray(Image.fromarray(picture).resize(covering, Image.Resampling.BILINEAR))
    found = find_recipe("torchvision").crop_and_resize(picture, 112, 224)
    assert (found == whole[top : top + 112, left : left + 224]).all()


def test_alike_channels_and_different_ones_scale_by_the_same_formula():
    levels = noise(4, 4)
    one = PixelScaling(divisor=2.0, mean=(3.0, 3.0, 3.0), deviation=(5.0, 5.0, 5.0)).real_values(levels)
    each = PixelScaling(divisor=2.0, mean=(3.0, 3.0, 4.0), deviation=(5.0, 5.0, 5.0)).real_values(levels)
    assert (one[..., :2] == each[..., :2]).all()
    np.testing.assert_allclose(one[..., 2] - each[..., 2], 0.2, rtol=1e-5)
