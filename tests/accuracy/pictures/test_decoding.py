"""Pictures of every kind that data sets hold, and files that are none."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from mbench.accuracy.pictures.decoding import MOST_PIXELS, decode
from mbench.core.errors import UnreadableExample

LEVELS = np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8)


def encoded(picture: Image.Image, kind: str = "PNG", **options) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def png_of_16_bits(levels: np.ndarray, colour: int) -> bytes:
    """Return a PNG of 16 bits a channel; `colour` 0 is gray, 2 RGB."""
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in levels)

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", levels.shape[1], levels.shape[0], 16, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "WEBP"])
def test_formats_without_loss_give_the_pixels_that_were_stored(kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    assert (decode(encoded(Image.fromarray(LEVELS), kind, **options), source="x") == LEVELS).all()


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA"])
def test_every_mode_of_png_gives_three_channels_of_bytes(mode):
    picture = decode(encoded(Image.fromarray(LEVELS).convert(mode)), source="x")
    assert (picture.shape, picture.dtype) == ((7, 5, 3), np.uint8)


def test_gray_is_repeated_in_three_channels():
    gray = LEVELS[:, :, 0]
    assert (decode(encoded(Image.fromarray(gray)), source="x") == gray[:, :, np.newaxis]).all()


def test_alpha_is_dropped_and_not_blended():
    see_through = np.dstack((LEVELS, np.zeros((7, 5), np.uint8)))
    assert (decode(encoded(Image.fromarray(see_through, "RGBA")), source="x") == LEVELS).all()


@pytest.mark.parametrize(("colour", "channels"), [(0, 1), (2, 3)])
def test_of_16_bits_the_upper_eight_are_taken(colour, channels):
    deep = np.random.default_rng(1).integers(0, 65536, (4, 3, channels))
    assert (decode(png_of_16_bits(deep, colour), source="x") == (deep >> 8)).all()


def test_the_orientation_that_a_camera_noted_is_ignored():
    upright = Image.fromarray(np.repeat(np.repeat(LEVELS, 16, 0), 16, 1))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    plain, turned = encoded(upright, "JPEG"), encoded(upright, "JPEG", exif=exif)
    assert (decode(turned, source="x") == decode(plain, source="x")).all()


def test_of_an_animation_the_first_frame_is_taken():
    frames = [Image.fromarray(np.full((4, 4, 3), level, np.uint8)) for level in (10, 200, 90)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (decode(data, source="x") == 10).all()


def test_cmyk_gives_the_colours_that_were_meant():
    red = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    assert np.abs(decode(encoded(red, "JPEG", quality=100), source="x").astype(int) - (255, 0, 0)).max() <= 3


def test_a_picture_of_one_pixel_is_a_picture():
    assert decode(encoded(Image.new("RGB", (1, 1), (1, 2, 3))), source="x").tolist() == [[[1, 2, 3]]]


@pytest.mark.parametrize("data", [b"", b"\0", b"hello, I am no picture", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"GIF89a"])
def test_what_is_no_picture_is_refused_in_one_line_that_names_it(data):
    with pytest.raises(UnreadableExample, match=r"^cats/7\.jpg: [^\n]*$"):
        decode(data, source="cats/7.jpg")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_a_file_cut_short_is_refused(kind, share):
    data = encoded(Image.fromarray(np.tile(LEVELS, (20, 20, 1))), kind)
    with pytest.raises(UnreadableExample, match=r"^cut\.img: "):
        decode(data[: int(len(data) * share)], source="cut.img")


def test_damage_anywhere_gives_a_picture_or_a_refusal_and_nothing_else():
    generator, refusals = np.random.default_rng(5), []
    for kind in ("JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP"):
        whole = bytearray(encoded(Image.fromarray(np.tile(LEVELS, (3, 3, 1))), kind))
        for _ in range(60):
            damaged = bytearray(whole)
            for place in generator.integers(0, len(whole), 4):
                damaged[place] = generator.integers(0, 256)
            try:
                picture = decode(bytes(damaged), source="x")
            except UnreadableExample as error:
                refusals.append(str(error))
            else:
                assert (picture.shape[2], picture.dtype) == (3, np.uint8)
    assert refusals
    assert not any("\n" in refusal for refusal in refusals)


def test_a_small_file_that_claims_to_be_huge_is_refused_before_it_fills_the_memory():
    side = int(MOST_PIXELS**0.5) + 1
    header = png_of_16_bits(np.zeros((1, 1, 3)), 2).replace(struct.pack(">II", 1, 1), struct.pack(">II", side, side), 1)
    body = header[16:29]
    header = header.replace(header[29:33], struct.pack(">I", zlib.crc32(b"IHDR" + body)), 1)
    with pytest.raises(UnreadableExample, match=f"claims {side} x {side} pixels"):
        decode(header, source="bomb.png")


def test_pixels_without_a_range_are_refused():
    with pytest.raises(UnreadableExample, match="no known range"):
        decode(encoded(Image.fromarray(np.zeros((2, 2), np.float32)), "TIFF"), source="x.tif")


def jpeg_by_tensorflow(data: bytes) -> np.ndarray:
    import tensorflow as tf

    return tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE").numpy()


def png_by_tensorflow(data: bytes) -> np.ndarray:
    import tensorflow as tf

    return tf.io.decode_png(data, channels=3).numpy()


@pytest.mark.tensorflow
class TestAgainstTensorFlow:
    @pytest.mark.parametrize("size", [(64, 64), (97, 33), (1, 1)])
    @pytest.mark.parametrize("subsampling", [0, 2])
    def test_jpeg_is_bit_identical_to_the_accurate_transform(self, size, subsampling, tensorflow_worker):
        levels = np.random.default_rng(2).integers(0, 256, (*size, 3), dtype=np.uint8)
        data = encoded(Image.fromarray(levels), "JPEG", quality=80, subsampling=subsampling)
        theirs = tensorflow_worker.submit(jpeg_by_tensorflow, data).result()
        assert (decode(data, source="x") == theirs).all()

    @pytest.mark.parametrize("mode", ["L", "RGBA", "LA", "P"])
    def test_png_is_what_decode_png_gives(self, mode, tensorflow_worker):
        data = encoded(Image.fromarray(LEVELS).convert(mode))
        assert (decode(data, source="x") == tensorflow_worker.submit(png_by_tensorflow, data).result()).all()

    def test_16_bits_are_what_decode_png_gives(self, tensorflow_worker):
        data = png_of_16_bits(np.random.default_rng(3).integers(0, 65536, (4, 3, 3)), 2)
        assert (decode(data, source="x") == tensorflow_worker.submit(png_by_tensorflow, data).result()).all()
