from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageOps

from mbench.accuracy.pictures.decoding import decode, orientation_of, turned
from mbench.accuracy.pictures.recipes import find_recipe, upright, with_scaling

TAG = 0x0112


def stored(form: str, orientation: int | None) -> bytes:
    """Return a picture of 6 × 4 different pixels."""
    levels = np.arange(72, dtype=np.uint8).reshape(4, 6, 3) * 3
    exif = Image.Exif()
    if orientation is not None:
        exif[TAG] = orientation
    stream = BytesIO()
    Image.fromarray(levels).save(stream, form, exif=exif, **({"quality": 95} if form == "JPEG" else {}))
    return stream.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_turned_picture_is_what_a_viewer_shows(form: str, orientation: int) -> None:
    data = stored(form, orientation)
    assert orientation_of(BytesIO(data)) == orientation
    with Image.open(BytesIO(data)) as picture:
        shown = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    assert (turned(decode(data, source="x"), orientation) == shown).all()


def test_a_tiff_is_upright_when_it_is_decoded() -> None:
    data = stored("TIFF", 6)
    assert decode(data, source="x").shape == (6, 4, 3)
    assert orientation_of(BytesIO(data)) == 1


@pytest.mark.parametrize("orientation", [None, 0, 9])
def test_what_is_no_orientation_turns_nothing(orientation: int | None) -> None:
    assert orientation_of(BytesIO(stored("JPEG", orientation))) == 1


def test_what_is_no_picture_says_nothing_of_an_orientation() -> None:
    assert orientation_of(BytesIO(b"no picture")) == 1


def test_a_recipe_that_turns_pictures_is_another_with_pictures_of_its_own() -> None:
    plain = find_recipe("inception")
    turning = upright(plain)
    assert turning.name == "inception+exif"
    assert turning.geometry != plain.geometry
    scaled = with_scaling(turning, find_recipe("unit").scaling)
    assert (scaled.name, scaled.upright) == ("inception+exif:unit", True)
    assert with_scaling(scaled, plain.scaling) == turning
