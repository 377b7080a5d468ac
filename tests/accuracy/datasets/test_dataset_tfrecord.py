import base64
import os
import pickle
import random
import struct
import zlib
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from dataset_samples import (
    SYNSETS,
    examples_of,
    level_of,
    levels_of,
    shown,
    tf_example,
    tf_records,
    write_lines,
)
from PIL import Image

from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.accuracy.datasets.hashes import note_path
from mbench.accuracy.datasets.tf_example import MOST_FEATURES, parse_example
from mbench.accuracy.datasets.tfrecord_files import MOST_CLASSES
from mbench.core.builds.variants import IMAGENET_HEAD, Head
from mbench.core.errors import DatasetError
from mbench.core.examples import Split


def encoded(level: int, format_: str = "PNG") -> bytes:
    held = BytesIO()
    Image.new("RGB", (9, 7), (level, level, level)).save(held, format_)
    return held.getvalue()


def slim(label: int, level: int, **more: bytes) -> bytes:
    """Return an example as slim writes it."""
    return tf_example(
        image__encoded=encoded(level), image__format=b"png", image__height=7, image__class__label=label, **more
    )


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    files = {
        "flowers_train_00000-of-00002.tfrecord": [slim(0, 10), slim(2, 12)],
        "flowers_train_00001-of-00002.tfrecord": [slim(1, 14)],
        "flowers_validation_00000-of-00001.tfrecord": [slim(1, 21), slim(0, 20), slim(2, 22)],
    }
    for name, examples in files.items():
        (tmp_path / name).write_bytes(tf_records(*examples))
    return tmp_path


def test_splits_follow_the_names_of_files(flowers: Path) -> None:
    dataset = open_dataset(f"tfrecord:{flowers}/flowers_*.tfrecord")
    assert shown(dataset.split(Split.TRAIN)) == [
        ("flowers_train_00000-of-00002.tfrecord #0", 0),
        ("flowers_train_00000-of-00002.tfrecord #1", 2),
        ("flowers_train_00001-of-00002.tfrecord #0", 1),
    ]
    assert levels_of(dataset.split(Split.TEST)) == [21, 20, 22]
    assert dataset.head == Head(name="tfrecord", classes=3)


def test_files_that_say_no_split_are_to_test(tmp_path: Path) -> None:
    (tmp_path / "some.tfrecord").write_bytes(tf_records(slim(4, 1)))
    dataset = open_dataset(f"tfrecord:{tmp_path}/some.tfrecord")
    assert not dataset.trainable
    assert shown(dataset.split(Split.TEST)) == [("some.tfrecord #0", 4)]


def test_validation_files_beside_test_files_are_said_to_be_unused(flowers: Path) -> None:
    (flowers / "flowers_test_00000-of-00001.tfrecord").write_bytes(tf_records(slim(1, 30)))
    dataset = open_dataset(f"tfrecord:{flowers}/flowers_*.tfrecord")
    assert levels_of(dataset.split(Split.TEST)) == [30]
    assert "validation not used" in str(dataset.provenance)


@pytest.mark.parametrize("lines", [["0:daisy", "1:rose", "2:tulip"], ["daisy", "rose", "tulip"]])
def test_a_list_of_labels_beside_the_files_names_the_classes(flowers: Path, lines: list[str]) -> None:
    write_lines(flowers / "labels.txt", *lines)
    assert examples_of(f"tfrecord:{flowers}/*.tfrecord").class_names == ("daisy", "rose", "tulip")


def test_labels_of_imagenet_count_from_one(tmp_path: Path) -> None:
    records = [
        slim(1, 1, image__class__synset=SYNSETS[0].encode()),
        slim(1000, 2, image__class__synset=SYNSETS[999].encode()),
    ]
    (tmp_path / "validation-00000-of-00128").write_bytes(tf_records(*records))
    dataset = open_dataset(f"tfrecord:{tmp_path}/validation-*")
    assert [truth for _, truth in shown(dataset.split(Split.TEST))] == [0, 999]
    assert dataset.head == IMAGENET_HEAD
    assert "labels 1 to 1000 are ImageNet's classes 0 to 999" in str(dataset.provenance)


def test_labels_one_to_a_thousand_are_imagenet_without_synsets_too(tmp_path: Path) -> None:
    (tmp_path / "val.tfrecord").write_bytes(tf_records(slim(1, 1), slim(1000, 2)))
    assert [truth for _, truth in shown(examples_of(f"tfrecord:{tmp_path}/val.tfrecord"))] == [0, 999]


def test_a_list_that_begins_with_the_background_names_the_classes_behind_it(tmp_path: Path) -> None:
    (tmp_path / "validation-00000-of-00128").write_bytes(tf_records(slim(1, 1)))
    write_lines(tmp_path / "labels.txt", "0:background", *(f"{label}:name {label}" for label in range(1, 1001)))
    examples = examples_of(f"tfrecord:{tmp_path}/validation-*")
    assert (examples.truth(0), examples.class_names[0], len(examples.class_names)) == (0, "name 1", 1000)


def test_synsets_that_do_not_rise_with_their_labels_are_refused(tmp_path: Path) -> None:
    records = [
        slim(1, 1, image__class__synset=SYNSETS[9].encode()),
        slim(2, 2, image__class__synset=SYNSETS[3].encode()),
    ]
    (tmp_path / "validation-00000-of-00128").write_bytes(tf_records(*records))
    with pytest.raises(
        DatasetError, match=r"the labels of validation-00000-of-00128 #0 .*do not rise with their synsets"
    ):
        examples_of(f"tfrecord:{tmp_path}/validation-*")


def test_names_of_tensorflow_datasets_are_understood(tmp_path: Path) -> None:
    (tmp_path / "tiny-test.tfrecord-00000-of-00001").write_bytes(tf_records(tf_example(image=encoded(77), label=1)))
    write_lines(tmp_path / "label.labels.txt", "a", "b")
    examples = examples_of(f"tfrecord:{tmp_path}/tiny-*")
    assert (level_of(examples, 0), examples.truth(0), examples.class_names) == (77, 1, ("a", "b"))


def test_pickled_examples_are_the_same(flowers: Path) -> None:
    examples = examples_of(f"tfrecord:{flowers}/*.tfrecord")
    copy = pickle.loads(pickle.dumps(examples))
    assert copy.facts == examples.facts
    assert (copy.picture(1) == examples.picture(1)).all()


def test_what_was_read_is_noted_and_taken_from_there(flowers: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    reference = f"tfrecord:{flowers}/*.tfrecord"
    before = examples_of(reference, cache=cache).facts
    note = note_path(cache, flowers / "flowers_validation_00000-of-00001.tfrecord")
    assert note.is_file()
    note.write_text(note.read_text().replace('"label":2', '"label":1'))  # shows that the note was read, not the file
    assert examples_of(reference, cache=cache).facts.sha256 != before.sha256


def test_a_file_that_changed_is_read_again(flowers: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    reference = f"tfrecord:{flowers}/*.tfrecord"
    examples_of(reference, cache=cache)
    (flowers / "flowers_validation_00000-of-00001.tfrecord").write_bytes(tf_records(slim(1, 99)))
    assert levels_of(examples_of(reference, cache=cache)) == [99]


def test_a_file_that_changed_under_way_is_named(flowers: Path) -> None:
    examples = examples_of(f"tfrecord:{flowers}/*.tfrecord")
    path = flowers / "flowers_validation_00000-of-00001.tfrecord"
    path.write_bytes(tf_records(slim(1, 20), slim(0, 21), slim(2, 22)))
    with pytest.raises(DatasetError, match=rf"{path} changed while it was in use"):
        examples.picture(0)


def test_the_same_picture_to_train_and_to_test_is_refused(flowers: Path) -> None:
    (flowers / "flowers_validation_00000-of-00001.tfrecord").write_bytes(tf_records(slim(1, 12)))
    with pytest.raises(DatasetError, match=r"flowers_train_00000-of-00002\.tfrecord #1 and .* are the same picture"):
        examples_of(f"tfrecord:{flowers}/*.tfrecord")


WHOLE = tf_records(slim(0, 1), slim(1, 2))
FLIPPED = bytearray(WHOLE)
FLIPPED[-10] ^= 1


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (WHOLE[:-1], r"record 1 of .*x\.tfrecord is cut short"),
        (WHOLE[:-30], r"record 1 of .* is cut short"),
        (WHOLE + b"\x01\x02\x03", r"record 2 of .* is cut short"),
        (bytes(FLIPPED), r"record 1 of .* does not match its checksum"),
        (b"\xff" + WHOLE[1:], r"record 0 of .* has a length that does not match its checksum"),
        (b"\x1f\x8b" + WHOLE, r"x\.tfrecord is compressed with gzip"),
        (b"", r"x\.tfrecord holds no record"),
        (tf_records(b"\xff\xff"), r"record 0 of .* is no such example"),
        (tf_records(tf_example(x=1.5)), r"record 0 of .* has no picture, only x"),
        (tf_records(tf_example(image=encoded(1))), r"record 0 of .* has no label, only image"),
        (tf_records(slim(-1, 2)), r"x\.tfrecord #0 has label -1, outside 0 to 0"),
    ],
)
def test_a_file_that_is_broken_is_named_with_its_record(tmp_path: Path, contents: bytes, message: str) -> None:
    (tmp_path / "x.tfrecord").write_bytes(contents)
    with pytest.raises(DatasetError, match=rf"tfrecord:GLOB is TFRecord files.*; .*{message}"):
        examples_of(f"tfrecord:{tmp_path}/x.tfrecord")


def with_length(length: int, data: bytes = b"") -> bytes:
    """Return a record that says to have a length, with the right checksum of that."""
    return tf_records(struct.pack("<Q", length))[12:] + data


@pytest.mark.parametrize("length", [1, 2**31, 2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 1])
def test_a_length_beyond_the_file_is_never_asked_of_memory(length: int, tmp_path: Path) -> None:
    (tmp_path / "x.tfrecord").write_bytes(WHOLE + with_length(length))
    with pytest.raises(DatasetError, match=rf"record 2 of .*x\.tfrecord is cut short: it says {length} bytes, and 0 f"):
        examples_of(f"tfrecord:{tmp_path}/x.tfrecord")


def test_a_record_has_a_bound_where_the_file_has_none(tmp_path: Path) -> None:
    with (tmp_path / "x.tfrecord").open("wb") as stream:
        stream.write(with_length(1 << 40))
        stream.truncate(1 << 41)
    with pytest.raises(DatasetError, match=r"record 0 of .* has 1099511627776 bytes, and at most 128 MiB are read"):
        open_dataset(f"tfrecord:{tmp_path}/x.tfrecord")


@pytest.mark.parametrize("label", [MOST_CLASSES, 2**62])
def test_a_label_without_measure_is_refused(label: int, tmp_path: Path) -> None:
    (tmp_path / "x.tfrecord").write_bytes(tf_records(slim(label, 1)))
    with pytest.raises(DatasetError, match=rf"record 0 of .* has label {label}, and at most {MOST_CLASSES} classes"):
        examples_of(f"tfrecord:{tmp_path}/x.tfrecord")
    (tmp_path / "x.tfrecord").write_bytes(tf_records(slim(MOST_CLASSES - 1, 1)))
    assert open_dataset(f"tfrecord:{tmp_path}/x.tfrecord").head == Head(name="tfrecord", classes=MOST_CLASSES)


@pytest.mark.parametrize("name", ["x.tfrecord", "labels.txt"])
def test_a_pipe_is_named_and_not_waited_for(name: str, tmp_path: Path) -> None:
    (tmp_path / "x.tfrecord").write_bytes(WHOLE)
    (tmp_path / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / name)
    with pytest.raises(DatasetError, match=rf"{name} could not be read: it is a pipe"):
        examples_of(f"tfrecord:{tmp_path}/x.tfrecord")


def test_a_synset_that_is_no_text_is_no_synset_of_imagenet(tmp_path: Path) -> None:
    (tmp_path / "x.tfrecord").write_bytes(tf_records(slim(1, 1, image__class__synset=b"\xff\xfe")))
    assert examples_of(f"tfrecord:{tmp_path}/x.tfrecord").facts.examples == 1


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_example_is_read_or_refused_in_one_line(seed: int, tmp_path: Path) -> None:
    source = random.Random(seed)
    for _ in range(20):
        message = bytearray(slim(1, 1, image__class__synset=b"n01440764"))
        for _ in range(source.randrange(1, 5)):
            message[source.randrange(len(message))] = source.randrange(256)
        (tmp_path / "x.tfrecord").write_bytes(tf_records(bytes(message[: source.randrange(1, len(message) + 1)])))
        with suppress(DatasetError):
            assert examples_of(f"tfrecord:{tmp_path}/x.tfrecord").facts


def test_an_example_keeps_the_first_value_of_a_feature_and_a_bound_of_features() -> None:
    many = tf_example(**{"image": b"x", **{f"f{number}": 1 for number in range(MOST_FEATURES - 1)}})
    assert parse_example(many)["image"] == (b"x",)
    with pytest.raises(ValueError, match=f"it has more than {MOST_FEATURES} features"):
        parse_example(many + tf_example(one_more=1))
    packed = b"\x0a\x11\x0a\x0f\x0a\x01a\x12\x0a\x1a\x08\x0a\x06" + bytes([5, 6, 7, 8, 9, 10])
    assert parse_example(packed) == {"a": (5,)}


def test_a_label_has_64_bits_whatever_its_tenth_byte_says() -> None:
    label = b"\x08" + b"\xff" * 9 + b"\x7f"
    feature = b"\x1a" + bytes([len(label)]) + label
    entry = b"\x0a\x01a\x12" + bytes([len(feature)]) + feature
    features = b"\x0a" + bytes([len(entry)]) + entry
    assert parse_example(b"\x0a" + bytes([len(features)]) + features) == {"a": (-1,)}


def test_a_label_beyond_the_list_is_refused(flowers: Path) -> None:
    write_lines(flowers / "labels.txt", "0:daisy", "1:rose")
    with pytest.raises(DatasetError, match=r"flowers_validation_.* #2 has label 2, outside 0 to 1"):
        examples_of(f"tfrecord:{flowers}/*.tfrecord")


def test_a_pattern_that_nothing_matches_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=rf"no file matches {tmp_path}/none-\*\. Quote the pattern"):
        open_dataset(f"tfrecord:{tmp_path}/none-*")


def test_a_file_of_no_split_among_others_is_named(flowers: Path) -> None:
    (flowers / "more.tfrecord").write_bytes(WHOLE)
    with pytest.raises(DatasetError, match=r"more\.tfrecord says neither train nor test in its name"):
        open_dataset(f"tfrecord:{flowers}/*.tfrecord")


def test_features_that_are_no_list_are_refused() -> None:
    with pytest.raises(ValueError, match="cut short"):
        parse_example(tf_example(label=1)[:-1])


def write_by_tensorflow(path: Path, picture: bytes) -> None:
    import tensorflow

    train = tensorflow.train

    def feature(value: int | bytes) -> object:
        if isinstance(value, int):
            return train.Feature(int64_list=train.Int64List(value=[value, -5]))
        return train.Feature(bytes_list=train.BytesList(value=[value]))

    with tensorflow.io.TFRecordWriter(str(path)) as writer:
        for label in (3, 300):
            features = {
                "image/encoded": feature(picture),
                "image/class/label": feature(label),
                "image/object/bbox/xmin": train.Feature(float_list=train.FloatList(value=[0.5, 0.25])),
                "image/filename": train.Feature(),
            }
            writer.write(train.Example(features=train.Features(feature=features)).SerializeToString())


BY_TENSORFLOW = zlib.decompress(
    base64.b64decode(
        "eNo7yQABprbHznEdY+RS4xLLzE1MT9XPT8pKTS7RT0rKr9CvyM3ME+IR4uLiAKq0Z2BosOMS4uKDqEvLzEnNS8xNFWLgUuEShIgl"
        "5yQWF+vnJCal5gjxS/FycTP//g8FjFxJXLwQVal5yfkpqSlCgVz+XL6dAX7uvFxSXEALeD09XIKANCcQs3MwAcnQnx/MgZSIp4tj"
        "SMWc5JyMjIQDjDMKPHmMLBk09Rn73p+6A1LM4Onq57LOKaFpBvON1FNQj605L3yU6zhlHlPF5jEBKT4unjVM9PVZ/GxWUQBDLH1x"
    )
)
"""What TensorFlow 2.21.0 wrote by `write_by_tensorflow` of a PNG whose level is 128."""


def test_what_tensorflow_wrote_is_read(tmp_path: Path) -> None:
    (tmp_path / "val.tfrecord").write_bytes(BY_TENSORFLOW)
    examples = examples_of(f"tfrecord:{tmp_path / 'val.tfrecord'}")
    assert [truth for _, truth in shown(examples)] == [3, 300]
    assert [level_of(examples, place) for place in range(2)] == [128, 128]


@pytest.mark.slow
@pytest.mark.tensorflow
def test_what_tensorflow_writes_is_read(tmp_path: Path, tensorflow_worker: ProcessPoolExecutor) -> None:
    path = tmp_path / "val.tfrecord"
    picture = encoded(128, "JPEG") + bytes(3000)  # long enough for the fast checksum
    tensorflow_worker.submit(write_by_tensorflow, path, picture).result()
    examples = examples_of(f"tfrecord:{path}")
    assert [truth for _, truth in shown(examples)] == [3, 300]
    assert level_of(examples, 1) == 128
