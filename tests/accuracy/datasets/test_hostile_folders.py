"""Data sets that somebody else laid out: pipes, devices, loops and texts without end are one line, and none hangs."""

import json
import os
import re
import socket
import struct
import subprocess
import sys
import textwrap
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from dataset_samples import examples_of, write_lines, write_picture
from PIL import Image

from mbench.accuracy.datasets.catalogue import open_dataset
from mbench.accuracy.datasets.text import (
    MOST_READ_BYTES,
    MOST_VALUES,
    brief,
    read_json,
    read_lines,
    read_table,
    whole_number,
)
from mbench.accuracy.datasets.tfrecord_files import read_shard
from mbench.accuracy.pictures.decoding import MOST_BYTES, MOST_SCANS, decode, read_size
from mbench.accuracy.tasks.cells import read_cells
from mbench.accuracy.tasks.places import open_cells
from mbench.core.errors import DatasetError, UnreadableExample
from mbench.files.regular import format_limit


def json_of(path: Path) -> object:
    return read_json(path, without=re.compile(rb"$^"))


def replace_by_fifo(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def replace_by_socket(path: Path) -> None:
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as server:
        # The address of a socket is no longer than 108 bytes (unix(7)); a folder of tests may lie deeper.
        folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
        try:
            server.bind(f"/proc/self/fd/{folder}/{path.name}")
        finally:
            os.close(folder)


def replace_by_link_to_zeros(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to("/dev/zero")


def replace_by_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


def replace_by_sparse_file(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(40 << 30)


REPLACEMENTS = {
    replace_by_sparse_file: r"it has 42949672960 bytes, and at most \d+ MiB are read",
    replace_by_fifo: r"it is a pipe \(FIFO\), not a regular file",
    replace_by_socket: "it is a socket, not a regular file",
    replace_by_link_to_zeros: "it is a character device, not a regular file",
    replace_by_folder: "it is a folder, not a regular file",
}


def folder(root: Path) -> str:
    for level, name in enumerate(("cat", "dog")):
        write_picture(root / "test" / name / "1.png", level)
    write_picture(root / "test" / "dog" / "2.png", 9)
    return f"folder:{root}"


def celeba(root: Path) -> str:
    write_picture(root / "img_align_celeba" / "1.jpg", 1)
    write_lines(root / "list_attr_celeba.txt", "1", "Smiling", "1.jpg -1")
    write_lines(root / "list_eval_partition.txt", "1.jpg 2")
    return f"celeba:{root}"


def coco(root: Path) -> str:
    write_picture(root / "val2017" / "1.jpg", 1)
    images = [{"id": 1, "file_name": "1.jpg"}]
    text = json.dumps({"images": images, "categories": [{"id": 1, "name": "person"}], "annotations": []})
    write_lines(root / "annotations" / "instances_val2017.json", text)
    write_lines(root / "mscoco_minival_ids.txt", "1")
    return f"coco:{root}"


def geo(root: Path) -> str:
    write_picture(root / "1.jpg", 1)
    write_lines(root / "test.csv", "image,latitude,longitude", "1.jpg,1,2")
    return f"geo:{root}/test.csv"


def faces(root: Path) -> str:
    for person in ("A", "B"):
        write_picture(root / person / f"{person}_0001.jpg", ord(person))
    write_picture(root / "A" / "A_0002.jpg", 7)
    write_lines(root / "pairs.txt", "1", "A 1 2", "A 1 B 1")
    return f"faces:{root}"


def dogs(root: Path) -> str:
    write_picture(root / "Images" / "n1-Dog" / "1.jpg", 1)
    write_lines(root / "test_list.txt", "n1-Dog/1.jpg")
    return f"dogs:{root}"


def imagenet(root: Path) -> str:
    write_picture(root / "ILSVRC2012_val_00000001.JPEG", 1)
    write_lines(root / "val.txt", "7")
    return f"imagenet:{root}"


SETS: dict[Callable[[Path], str], tuple[str, ...]] = {
    folder: ("test/dog/1.png",),
    celeba: ("list_attr_celeba.txt", "list_eval_partition.txt", "img_align_celeba/1.jpg"),
    coco: ("annotations/instances_val2017.json", "mscoco_minival_ids.txt", "val2017/1.jpg"),
    geo: ("test.csv", "1.jpg"),
    faces: ("pairs.txt", "A/A_0001.jpg"),
    dogs: ("test_list.txt", "Images/n1-Dog/1.jpg"),
    imagenet: ("val.txt", "ILSVRC2012_val_00000001.JPEG"),
}


@pytest.mark.parametrize("replace", REPLACEMENTS)
@pytest.mark.parametrize(("make", "name"), [(make, name) for make, names in SETS.items() for name in names])
def test_what_is_no_regular_file_is_named_wherever_it_lies(
    make: Callable[[Path], str], name: str, replace: Callable[[Path], None], tmp_path: Path
) -> None:
    reference = make(tmp_path)
    assert examples_of(reference).facts.examples
    replace(tmp_path / name)
    if replace is replace_by_folder and name == "test/dog/1.png":
        assert examples_of(reference)  # a folder in a class is looked into, whatever it is called
        return
    if replace is replace_by_folder and name == "test.csv":
        with pytest.raises(DatasetError, match=rf"{name} holds no \.csv file"):
            examples_of(reference)
        return
    with pytest.raises(DatasetError, match=rf"{tmp_path / name} could not be read: {REPLACEMENTS[replace]}"):
        _ = examples_of(reference).facts


def test_a_pipe_among_pictures_is_an_unreadable_example(tmp_path: Path) -> None:
    examples, path = examples_of(folder(tmp_path)), tmp_path / "test" / "cat" / "1.png"
    replace_by_fifo(path)
    with pytest.raises(UnreadableExample, match="it is a pipe"):
        examples.picture(0)
    with pytest.raises(UnreadableExample, match="could not read its size: it is a pipe"):
        read_size(path)


def test_records_of_a_sparse_file_end_at_the_first(tmp_path: Path) -> None:
    replace_by_sparse_file(tmp_path / "x.tfrecord")
    with pytest.raises(DatasetError, match=r"checksum"):
        read_shard(tmp_path / "x.tfrecord", cache=None)


def test_links_in_a_circle_are_named(tmp_path: Path) -> None:
    reference, dog = folder(tmp_path), tmp_path / "test" / "dog"
    (dog / "again").symlink_to(dog)
    with pytest.raises(DatasetError, match=rf"{dog}/again is {dog} once more, by a link\."):
        examples_of(reference)


def test_links_that_double_at_each_level_are_named(tmp_path: Path) -> None:
    reference = folder(tmp_path / "set")
    for level in range(40):  # 2 ** 40 paths to one picture
        write_picture(tmp_path / "levels" / str(level) / "x.png", level)
        for name in ("a", "b"):
            (tmp_path / "levels" / str(level) / name).symlink_to(tmp_path / "levels" / str(min(level + 1, 39)))
    (tmp_path / "set" / "test" / "dog" / "deep").symlink_to(tmp_path / "levels" / "0")
    with pytest.raises(DatasetError, match=r"dog/deep/.* once more, by a link\."):
        examples_of(reference)


def test_links_to_other_folders_are_followed(tmp_path: Path) -> None:
    reference = folder(tmp_path / "set")
    write_picture(tmp_path / "elsewhere" / "9.png", 99)
    (tmp_path / "set" / "test" / "dog" / "more").symlink_to(tmp_path / "elsewhere")
    examples = examples_of(reference)
    names = ["test/cat/1.png", "test/dog/1.png", "test/dog/2.png", "test/dog/more/9.png"]
    assert [examples.name(index) for index in range(4)] == names


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 100_000, "9" * 5000, '{"images": [' + "1" * 5000 + "]}", "[1, 2", "", "nul", '"\ud800"'],
)
def test_json_that_no_parser_takes_is_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(DatasetError, match=r"x\.json is [^\n]+ (Fetch it again|fetch it again|Store it as UTF-8)\.$"):
        json_of(path)


@pytest.mark.parametrize(
    "contents",
    [
        [],
        7,
        None,
        {},
        {"images": 1, "categories": [], "annotations": []},
        {"images": [], "categories": [], "annotations": 1},
        {"images": [{"id": 1e999, "file_name": "x"}], "categories": [], "annotations": []},
        {"images": [{"id": "x" * 10_000, "file_name": "x"}], "categories": [], "annotations": []},
        {"images": [{"id": 1, "file_name": "a\0b"}], "categories": [], "annotations": []},
        {"images": [{"id": 1, "file_name": "\ud800/x"}], "categories": [], "annotations": []},
        {"images": [{"id": 1, "file_name": "a/" * 5000 + "x"}], "categories": [], "annotations": []},
    ],
)
def test_annotations_of_another_shape_are_one_line(contents: object, tmp_path: Path) -> None:
    reference = coco(tmp_path)
    (tmp_path / "mscoco_minival_ids.txt").unlink()
    write_lines(tmp_path / "annotations" / "instances_val2017.json", json.dumps(contents))
    with pytest.raises(DatasetError, match=r"instances_val2017\.json"):
        examples_of(reference)


@pytest.mark.parametrize(
    "box", [[float("nan"), 0, 1, 1], [0, 0, float("inf"), 1], [0, 0, 1, float("nan")], [10**400, 0, 1, 1], [1], "box"]
)
def test_boxes_without_an_end_are_refused(box: object, tmp_path: Path) -> None:
    reference = coco(tmp_path)
    path = tmp_path / "annotations" / "instances_val2017.json"
    contents = json.loads(path.read_text())
    contents["annotations"] = [{"image_id": 1, "category_id": 1, "bbox": box}]
    write_lines(path, json.dumps(contents))
    with pytest.raises(DatasetError, match=r"annotation 0 of .*instances_val2017\.json|no JSON"):
        examples_of(reference)


@pytest.mark.parametrize("number", ["²", "٣", "9" * 5000, "-1", "", "1e3"])
def test_numbers_that_are_none_of_ten_digits_are_refused(number: str, tmp_path: Path) -> None:
    assert whole_number(number) is None
    reference = celeba(tmp_path)
    write_lines(tmp_path / "list_attr_celeba.txt", number, "Smiling", "1.jpg -1")
    with pytest.raises(DatasetError, match=r"does not begin with a number of pictures"):
        examples_of(reference)
    pairs = faces(tmp_path / "faces")
    write_lines(tmp_path / "faces" / "pairs.txt", "1", f"A 1 {number or 'x'}", "A 1 B 1")
    with pytest.raises(DatasetError, match=r"pairs\.txt line 2 is no pair"):
        examples_of(pairs)
    boxed = coco(tmp_path / "coco")
    write_lines(tmp_path / "coco" / "mscoco_minival_ids.txt", "1", number or "x")
    with pytest.raises(DatasetError, match=r"mscoco_minival_ids\.txt lists"):
        examples_of(boxed)


def test_an_empty_line_among_attributes_is_named(tmp_path: Path) -> None:
    reference = celeba(tmp_path)
    write_lines(tmp_path / "list_attr_celeba.txt", "2", "Smiling", "", "1.jpg -1")
    with pytest.raises(DatasetError, match=r"list_attr_celeba\.txt line 3 is no picture"):
        examples_of(reference)


@pytest.mark.parametrize("cell", ["x" * 200_000, '"' + "x" * 200_000])
def test_cells_of_a_table_have_a_bound(cell: str, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "x.csv", "image,latitude,longitude", f"{cell},1,2")
    with pytest.raises(DatasetError, match=r"x\.csv line \d is no line of a CSV file: field larger than field limit"):
        list(read_table(path, {"image": ("image",)}, format_="F"))


def test_what_a_message_quotes_is_short(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "x.csv", "x" * 100_000, "1")
    with pytest.raises(DatasetError) as caught:
        list(read_table(path, {"image": ("image",)}, format_="F"))
    assert len(str(caught.value)) < 1000
    assert brief("x" * 80) == "x" * 80
    assert brief("x" * 81) == "x" * 80 + "… (81 characters)"


def test_a_text_of_a_terabyte_is_refused_before_it_is_read(tmp_path: Path) -> None:
    limits = {read_lines: "128 MiB", read_cells: "128 MiB", open_cells: "128 MiB", json_of: "512 MiB"}
    for reader, limit in limits.items():
        with (tmp_path / "sparse").open("wb") as stream:
            stream.truncate(1 << 40)
        with pytest.raises(DatasetError, match=f"at most {limit} are read"):
            reader(tmp_path / "sparse")


def test_a_text_has_no_more_parts_than_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mbench.accuracy.datasets.text.MOST_PARTS", 10)
    path = tmp_path / "x"
    path.write_text("\n" * 10)
    assert read_lines(path) == ()
    path.write_text("\n" * 11)
    with pytest.raises(DatasetError, match="has more than 10 lines"):
        read_lines(path)


def test_json_has_no_more_values_than_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mbench.accuracy.datasets.text.MOST_VALUES", 11)
    path = tmp_path / "x"
    path.write_text("[" + "{}," * 5 + "1]")  # 5 commas, 5 braces and a bracket
    assert json_of(path) == [{}, {}, {}, {}, {}, 1]
    path.write_text("[" + "{}," * 5 + "[]]")
    with pytest.raises(DatasetError, match="has more than the 11 values, or 256 MiB of them"):
        json_of(path)
    monkeypatch.setattr("mbench.accuracy.datasets.text.MOST_READ_BYTES", 15)
    path.write_text("[" + " " * 13 + "]")
    assert json_of(path) == []
    path.write_text("[" + " " * 14 + "]")
    with pytest.raises(DatasetError, match="values, or 15 bytes of them"):
        json_of(path)


READING = """
    import re, resource, sys
    from pathlib import Path
    from mbench.accuracy.datasets.text import MOST_VALUES, read_json
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    share = (4 << 30) * int(sys.argv[2]) // MOST_VALUES
    resource.setrlimit(resource.RLIMIT_AS, (now + share, resource.RLIM_INFINITY))
    print(len(read_json(Path(sys.argv[1]), without=re.compile(rb"$^"))))
"""


@pytest.mark.parametrize("kind", ["members", "objects", "lists", "wide"])
def test_values_take_no_more_memory_than_their_share_of_4_gib(kind: str, tmp_path: Path) -> None:
    values, path = 1 << 19, tmp_path / "x"
    texts = {
        "members": lambda: "{" + ",".join(f'"{number:x}":0.5' for number in range(values)) + "}",
        "objects": lambda: "[" + '{"a":0.5},' * (values // 2 - 1) + "0]",
        "lists": lambda: "[" + "[0.5]," * (values // 2 - 1) + "0]",
        "wide": lambda: '["\U0001f600' + "x" * (MOST_READ_BYTES * values // MOST_VALUES - 8) + '"]',
    }
    path.write_text(texts[kind](), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(READING), str(path), str(values)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def test_outlines_of_objects_are_left_out_before_they_take_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference, path = coco(tmp_path), tmp_path / "annotations" / "instances_val2017.json"
    listed = json.loads(path.read_text())
    (image,), (category,) = listed["images"], listed["categories"]
    box = {"image_id": image["id"], "category_id": category["id"], "bbox": [0, 0, 1, 1]}
    runs = {"counts": [1] * 1000, "size": [9, 9]}
    listed["annotations"] = [box | {"segmentation": [[0.5, -1e-7] * 500]}, box | {"segmentation": runs, "iscrowd": 1}]
    for indent in (None, 1):
        path.write_text(json.dumps(listed, indent=indent))
        monkeypatch.setattr("mbench.accuracy.datasets.text.MOST_VALUES", 200)
        first, second = examples_of(reference).truth(0)
        assert (first.crowd, second.crowd) == (False, True)


def test_a_home_folder_of_nobody_is_a_path_that_does_not_exist() -> None:
    for reference in ("folder:~nobody-of-this-name/x", "geo:~nobody-of-this-name/x"):
        with pytest.raises(DatasetError, match="~nobody-of-this-name/x does not exist"):
            open_dataset(reference)
    with pytest.raises(DatasetError, match="unknown data set"):
        open_dataset("~nobody-of-this-name/x")


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def test_a_text_chunk_that_unpacks_to_a_gigabyte_is_refused() -> None:
    header = (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    bomb = zlib.compress(bytes(64 << 20), 9)
    data = png(header, (b"zTXt", b"k\0\0" + bomb), (b"IDAT", zlib.compress(bytes(4))), (b"IEND", b""))
    with pytest.raises(UnreadableExample, match="could not decode the picture"):
        decode(data, source="x.png")


def test_a_jpeg_of_endless_scans_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    Image.new("RGB", (64, 64)).save(path, progressive=True)
    data = path.read_bytes()
    assert decode(data, source="x.jpg").shape == (64, 64, 3)
    start = data.rindex(b"\xff\xda")
    scan, end = data[start:-2], data[-2:]
    with pytest.raises(UnreadableExample, match=rf"has \d+ scans, more than {MOST_SCANS}"):
        decode(data[:-2] + scan * MOST_SCANS + end, source="x.jpg")


def test_a_picture_of_a_terabyte_is_refused_before_it_is_read(tmp_path: Path) -> None:
    examples, path = examples_of(folder(tmp_path)), tmp_path / "test" / "cat" / "1.png"
    with path.open("wb") as stream:
        stream.truncate(1 << 40)
    assert format_limit(MOST_BYTES) == "512 MiB"
    with pytest.raises(UnreadableExample, match="at most 512 MiB are read"):
        examples.picture(0)
    with pytest.raises(UnreadableExample, match="at most 512 MiB are read"):
        read_size(path)
