"""Weights files of other people: whatever is in them, they are read, or refused in one line, in bounded memory."""

import io
import os
import random
import signal
import struct
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from mbench.core.errors import UsageError
from mbench.files.archives import Archive
from mbench.models.networks.layers import weight_shapes
from mbench.models.networks.mobilenet_v1 import layers
from mbench.models.tflite.learned_ranges import holds_ranges
from mbench.models.weights.weights import describe_file, read_weights

NETWORK = layers(0.25, 10)
SHAPES = {f"{layer}/{weight}": shape for layer, shapes in weight_shapes(NETWORK) for weight, shape in shapes.items()}
FIRST = next(iter(SHAPES))
GOOD = {name: np.full(shape, 0.5, np.float32) for name, shape in SHAPES.items()}


def npz(**changes: Any) -> bytes:
    """Return a `.npz` of the network with other arrays by name (`__` for a slash); None leaves one out."""
    named = {name.replace("__", "/"): value for name, value in changes.items()}
    arrays = {name: value for name, value in {**GOOD, **named}.items() if value is not None}
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def members(*entries: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return stream.getvalue()


def npy(header: str, content: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    text = header.encode("latin-1")
    size = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + size + text + content


def whole_npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def legacy(change: Callable[[h5py.File], None] = lambda file: None) -> bytes:
    """Return a `.h5` file by Keras' older layout, changed."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        by_layer = {layer: list(shapes) for layer, shapes in weight_shapes(NETWORK)}
        file.attrs["layer_names"] = [name.encode() for name in by_layer]
        for layer, weights in by_layer.items():
            group = file.create_group(layer)
            group.attrs["weight_names"] = [f"{layer}/{weight}".encode() for weight in weights]
            for weight in weights:
                group[f"{layer}/{weight}"] = GOOD[f"{layer}/{weight}"]
        change(file)
    return stream.getvalue()


def read(name: str, data: bytes) -> None:
    values = read_weights(name, data, NETWORK)
    assert all(values[key].shape == shape for key, shape in SHAPES.items())


def test_the_files_that_are_changed_below_are_right() -> None:
    read("good.npz", npz())
    read("good.h5", legacy())
    read("good.keras", members(("model.weights.h5", legacy()), ("config.json", b"{}")))
    fortran = {name: np.asfortranarray(array) for name, array in GOOD.items()}
    read("fortran.npz", npz(**fortran))
    doubles = {name: array.astype(np.float64) for name, array in GOOD.items()}
    read("doubles.npz", npz(**doubles))


def test_an_array_in_fortran_order_keeps_its_values() -> None:
    kernel = np.arange(np.prod(SHAPES[FIRST]), dtype=np.float32).reshape(SHAPES[FIRST])
    data = npz(**{FIRST: np.asfortranarray(kernel)})
    assert np.array_equal(read_weights("x.npz", data, NETWORK)[FIRST], kernel)


ODD_ARRAYS: dict[str, Any] = {
    "is [^ ]+ in the network and a single number in the file": np.float32(1),
    "is 3×3×3×8 in the network and 3×3×3×9 in the file": np.zeros((3, 3, 3, 9), np.float32),
    "holds bool, not numbers": np.zeros(SHAPES[FIRST], bool),
    "holds complex64, not numbers": np.zeros(SHAPES[FIRST], np.complex64),
    "holds str96, not numbers": np.full(SHAPES[FIRST], "abc"),
    "holds object, not numbers": np.full(SHAPES[FIRST], None, object),
    "holds void32, not numbers": np.zeros(SHAPES[FIRST], [("a", "<f4")]),
    "holds datetime64": np.zeros(SHAPES[FIRST], "datetime64[s]"),
    "holds numbers that are not finite": np.full(SHAPES[FIRST], np.nan, np.float32),
    "holds numbers that are not finit": np.full(SHAPES[FIRST], 1e300),
}


@pytest.mark.parametrize("message", ODD_ARRAYS)
def test_an_array_of_another_kind_is_named(message: str) -> None:
    with pytest.raises(UsageError, match=rf"weights x\.npz .*conv1.*{message}"):
        read("x.npz", npz(**{FIRST: ODD_ARRAYS[message]}))


def test_a_header_that_python_2_wrote_is_read_without_a_word() -> None:
    header = HEADER.replace("(3, 3, 3, 8)", "(3L, 3L, 3L, 8L)")
    data = members(*((f"{name}.npy", whole_npy(array)) for name, array in GOOD.items() if name != FIRST))
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(KEY, npy(header, GOOD[FIRST].tobytes()))
    read("x.npz", stream.getvalue())


def test_an_array_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match=r"weights x\.npz do not fit: layer conv1 wants 1 weights .*the file has none"):
        read("x.npz", npz(**{FIRST: None}))


def test_an_object_array_is_never_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "sprung"),)

    stream = io.BytesIO()
    np.save(stream, np.full(SHAPES[FIRST], Trap(), object), allow_pickle=True)
    with pytest.raises(UsageError, match="holds object, not numbers"):
        read("x.npz", members((f"{FIRST}.npy", stream.getvalue())))
    assert not (tmp_path / "sprung").exists()


KEY = f"{FIRST}.npy"
HEADER = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {SHAPES[FIRST]}, }}\n"
ODD_ARCHIVES = {
    "empty": b"",
    "text": b"weights",
    "cut": npz()[:-200],
    "cut in the middle": npz()[:5000],
    "twice": None,
    "no array": members((KEY, b"text")),
    "empty array": members((KEY, b"")),
    "cut array": members((KEY, npy(HEADER, b"12"))),
    "long array": members((KEY, npy(HEADER, bytes(9000)))),
    "huge shape": members((KEY, npy(f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({2**62}, {2**62}), }}\n"))),
    "negative shape": members((KEY, npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 3), }\n"))),
    "no header": members((KEY, npy("not a header"))),
    "open bracket": members((KEY, npy("{'descr': (((("))),
    "deep header": members((KEY, npy("(" * 9000))),
    "deep minus": members((KEY, npy("-" * 9000 + "1"))),
    "long header": members((KEY, npy("{" + " " * 60_000))),
    "longer header": members((KEY, npy("{}", version=(2, 0))[:8] + struct.pack("<I", 2**32 - 1))),
    "other version": members((KEY, npy("{}", version=(9, 9)))),
    "deep type": members((KEY, npy(HEADER.replace("'<f4'", "[('a'," * 60 + "'<f4'" + ")]" * 60)))),
    "unknown type": members((KEY, npy("{'descr': 'zz', 'fortran_order': False, 'shape': (3, 3, 3, 8), }\n"))),
    "packed by bzip2": members(*((f"{name}.npy", bytes(10)) for name in SHAPES), method=zipfile.ZIP_BZIP2),
    "packed by lzma": members(*((f"{name}.npy", bytes(10)) for name in SHAPES), method=zipfile.ZIP_LZMA),
    "odd range": npz(ranges__input=np.zeros(3, np.float32)),
    "text as range": npz(ranges__input=np.array(["a", "b"])),
}  # fmt: skip


@pytest.mark.parametrize("kind", ODD_ARCHIVES)
def test_an_archive_that_is_none_is_one_line(kind: str) -> None:
    data = ODD_ARCHIVES[kind]
    if data is None:
        with pytest.warns(UserWarning, match="Duplicate name"):
            data = members((KEY, b"a"), (KEY, b"b"))
    with pytest.raises(UsageError, match=r"^weights x\.npz [^\n]{1,400}\.$"):
        read("x.npz", data)


def flagged(data: bytes, *, encrypted: bool = False, size: int | None = None) -> bytes:
    """Return an archive of one member with its directory (and its head) changed."""
    changed, entry = bytearray(data), data.rindex(b"PK\x01\x02")
    if encrypted:
        changed[entry + 8] |= 1
        changed[6] |= 1
    if size is not None:
        changed[entry + 24 : entry + 28] = struct.pack("<I", size)
    return bytes(changed)


@pytest.mark.parametrize("size", [10, 2**31])
def test_a_member_with_another_size_than_it_says_is_refused(size: int) -> None:
    content = npy(HEADER, GOOD[FIRST].tobytes())
    data = members((KEY, content), method=zipfile.ZIP_DEFLATED)
    with pytest.raises(UsageError, match=r"^weights x\.npz are no \.npz file of arrays"):
        read("x.npz", flagged(data, size=size))


def test_an_encrypted_archive_is_refused() -> None:
    with pytest.raises(UsageError, match=rf"{KEY} is encrypted"):
        read("x.npz", flagged(members((KEY, b"secret")), encrypted=True))
    with pytest.raises(UsageError, match=r"model\.weights\.h5 is encrypted"):
        read("x.keras", flagged(members(("model.weights.h5", b"secret")), encrypted=True))


def test_a_directory_without_end_is_refused_before_it_is_read() -> None:
    with pytest.raises(ValueError, match="more than 100000 members"):
        Archive(b"PK\x01\x02" * 100_001)


def replace_first(file: h5py.File, **options: Any) -> None:
    del file["conv1/conv1/kernel"]
    file["conv1/conv1"].create_dataset("kernel", **options)


def as_external_link(file: h5py.File) -> None:
    del file["conv1/conv1/kernel"]
    file["conv1/conv1/kernel"] = h5py.ExternalLink("/dev/zero", "/x")


def as_external_group(file: h5py.File) -> None:
    del file["conv1"]
    file["conv1"] = h5py.ExternalLink("/dev/zero", "/x")


def as_external_root(file: h5py.File) -> None:
    file["layers"] = h5py.ExternalLink("/dev/zero", "/x")


def as_soft_link(file: h5py.File) -> None:
    file["copy"] = file["conv1/conv1/kernel"]
    del file["conv1/conv1/kernel"]
    file["conv1/conv1/kernel"] = h5py.SoftLink("/copy")


def as_external_storage(file: h5py.File) -> None:
    replace_first(file, shape=SHAPES[FIRST], dtype="f4", external=[("/etc/hostname", 0, 864)])


def as_virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout(shape=SHAPES[FIRST], dtype="f4")
    layout[...] = h5py.VirtualSource("/dev/zero", "x", shape=SHAPES[FIRST])
    del file["conv1/conv1/kernel"]
    file.create_virtual_dataset("conv1/conv1/kernel", layout)


def as_packed(file: h5py.File) -> None:
    replace_first(file, data=GOOD[FIRST], compression="gzip")


def as_group(file: h5py.File) -> None:
    del file["conv1/conv1/kernel"]
    file.create_group("conv1/conv1/kernel")


def as_array(file: h5py.File) -> None:
    del file["conv1"]
    file["conv1"] = np.zeros(3)


def as_null(file: h5py.File) -> None:
    replace_first(file, data=h5py.Empty("f4"))


def as_texts(file: h5py.File) -> None:
    replace_first(file, data=np.full(SHAPES[FIRST], b"x"))


def as_texts_of_any_length(file: h5py.File) -> None:
    replace_first(file, shape=SHAPES[FIRST], dtype=h5py.string_dtype())


def as_records(file: h5py.File) -> None:
    replace_first(file, shape=SHAPES[FIRST], dtype=[("a", "f4")])


def as_huge(file: h5py.File) -> None:
    replace_first(file, shape=(1 << 20, 1 << 20), dtype="f4", chunks=(1 << 10, 1 << 10))


def as_not_finite(file: h5py.File) -> None:
    replace_first(file, data=np.full(SHAPES[FIRST], np.inf, np.float32))


def without_names(file: h5py.File) -> None:
    del file.attrs["layer_names"]


def without_weight_names(file: h5py.File) -> None:
    del file["conv1"].attrs["weight_names"]


def names_as_numbers(file: h5py.File) -> None:
    file.attrs["layer_names"] = np.arange(3)


def names_as_one(file: h5py.File) -> None:
    file.attrs["layer_names"] = 3.5


def names_of_any_length(file: h5py.File) -> None:
    file.attrs["layer_names"] = ["conv1"] * 4000
    file["text"] = "x" * (1 << 20)  # which each of the names might be


def long_names(file: h5py.File) -> None:
    file.attrs["layer_names"] = ["x" * 1001]


def names_of_objects(file: h5py.File) -> None:
    file.attrs.create("layer_names", [file["conv1"].ref], dtype=h5py.ref_dtype)


def names_without_end(file: h5py.File) -> None:
    file["conv1"].attrs["weight_names"] = [b"conv1/kernel"] * 200


def names_that_are_no_text(file: h5py.File) -> None:
    file.attrs["layer_names"] = [b"\xff\xfe"]


def names_that_lead_out(file: h5py.File) -> None:
    file["conv1"].attrs["weight_names"] = [b"/conv1/conv1/kernel"]


def names_of_nothing(file: h5py.File) -> None:
    file.attrs["layer_names"] = [b"nothing"]


def layers_as_array(file: h5py.File) -> None:
    file["layers"] = np.zeros(3)


def layers_of_arrays(file: h5py.File) -> None:
    file["layers/conv2d"] = np.zeros(3)


def layers_with_an_array_for_weights(file: h5py.File) -> None:
    file["layers/conv2d/vars"] = np.zeros((1 << 20,), "i1")


def layers_with_many_weights(file: h5py.File) -> None:
    for index in range(101):
        file[f"layers/conv2d/vars/{index}"] = 1.0


def layers_with_other_names(file: h5py.File) -> None:
    file["layers/conv2d/vars/kernel"] = GOOD[FIRST]


CHANGES = [
    (as_external_link, "conv1/kernel is a link to another place or file"),
    (as_external_group, "conv1 is a link to another place or file"),
    (as_external_root, "layers is a link to another place or file"),
    (as_soft_link, "conv1/kernel is a link to another place or file"),
    (as_external_storage, "conv1/kernel lies in another file"),
    (as_virtual, "conv1/kernel lies in another file"),
    (as_packed, "conv1/kernel is packed"),
    (as_group, "conv1/kernel is a group where an array is expected"),
    (as_array, "conv1 is an array where a group of weights is expected"),
    (as_null, "conv1/kernel is an array without a shape"),
    (as_texts, "conv1/kernel holds bytes8, not numbers"),
    (as_texts_of_any_length, "conv1/kernel holds object, not numbers"),
    (as_records, "conv1/kernel holds void32, not numbers"),
    (as_huge, "in the network and 1048576×1048576 in the file"),
    (as_not_finite, "not finite"),
    (without_names, "layer_names"),
    (without_weight_names, "weight_names"),
    (names_as_numbers, "layer_names of / is no list of names"),
    (names_as_one, "layer_names of / is no list of names"),
    (names_of_any_length, r"layer_names of / has 4000 names of up to \d{7} bytes"),
    (long_names, "layer_names of / is no list of names"),
    (names_of_objects, "layer_names of / is no list of names"),
    (names_without_end, r"weight_names of /conv1 has 200 names of up to \d+ bytes, and at most 100 are read"),
    (names_that_are_no_text, "utf-8"),
    (names_that_lead_out, "is no path from group to group"),
    (names_of_nothing, "nothing is not in it"),
    (layers_as_array, "layers is an array where a group"),
    (layers_of_arrays, "conv2d is an array where a group"),
    (layers_with_an_array_for_weights, "vars is an array where a group"),
    (layers_with_many_weights, "conv2d has 101 weights"),
    (layers_with_other_names, "0 is not in it"),
]


@pytest.mark.parametrize(("change", "message"), CHANGES)
def test_what_keras_does_not_write_is_refused(change: Callable[[h5py.File], None], message: str) -> None:
    data = legacy(change)
    with pytest.raises(UsageError, match=rf"^weights x\.h5 [^\n]*{message}[^\n]*$"):
        read("x.h5", data)
    with pytest.raises(UsageError, match=rf"^weights x\.keras [^\n]*{message}[^\n]*$"):
        read("x.keras", members(("model.weights.h5", data)))


@pytest.mark.parametrize("name", ["x.keras", "x.weights.h5", "x.h5", "x"])
@pytest.mark.parametrize(
    "data", [b"", b"text", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + bytes(100), legacy()[:5000]]
)
def test_a_file_that_is_none_of_keras_is_one_line(name: str, data: bytes) -> None:
    with pytest.raises(
        UsageError, match=rf"^weights {name} are no \.keras, \.weights\.h5 or \.h5 file of Keras: [^\n]+\.$"
    ):
        read(name, data)


def test_an_archive_without_weights_or_with_too_many_is_refused() -> None:
    with pytest.raises(UsageError, match=r"it holds no model\.weights\.h5"):
        read("x.keras", members(("config.json", b"{}")))
    with pytest.raises(UsageError, match=r"model\.weights\.h5 unpacks to 104857600 bytes, and at most \d+ are read"):
        read("x.keras", members(("model.weights.h5", bytes(100 << 20)), method=zipfile.ZIP_DEFLATED))


WHOLE = {"x.npz": npz(), "x.h5": legacy(), "x.keras": members(("model.weights.h5", legacy()))}


@pytest.mark.parametrize("seed", range(5))
def test_damaged_files_are_read_or_refused_in_one_line(seed: int) -> None:
    source = random.Random(seed)
    for name, whole in WHOLE.items():
        for _ in range(5):
            data = bytearray(whole)
            start = source.choice([0, len(data) - 3000, source.randrange(len(data))])
            for _ in range(source.randrange(1, 8)):
                data[min(start + source.randrange(2000), len(data) - 1)] = source.randrange(256)
            with suppress(UsageError):
                read(name, bytes(data))


@pytest.mark.parametrize("name", ["x.npz", "x.h5", "x.keras"])
def test_pipes_devices_and_sparse_files_are_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    os.mkfifo(path)
    with pytest.raises(UsageError, match=rf"weights {path} cannot be read: it is a pipe"):
        describe_file(path)
    assert not holds_ranges(path)
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(UsageError, match="it is a character device"):
        describe_file(path)
    path.unlink()
    with path.open("wb") as stream:
        stream.truncate(3 << 30)
    with pytest.raises(UsageError, match="it has 3221225472 bytes, and at most 2 GiB are read"):
        describe_file(path)


def heap_without_end() -> bytes:
    """Return a file whose names of free length lie behind an object of no size, which libhdf5 never gets past."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.attrs["layer_names"] = ["conv1"] * 3
    data = bytearray(stream.getvalue())
    first = data.index(b"GCOL") + 16
    data[first + 8 : first + 16] = bytes(8)  # its size: HDF5 File Format Specification, "Global Heap Object"
    return bytes(data)


ENDLESS = """
    import sys
    from mbench.models.networks.mobilenet_v1 import layers
    from mbench.models.weights import weight_groups
    from mbench.models.weights.weights import read_weights
    weight_groups.LONGEST_CPU_S = 0.5
    data = open(sys.argv[1], "rb").read()
    if sys.argv[2] == "weights":
        read_weights("x.h5", data, layers(0.25, 10))
    else:
        with weight_groups.bounded_cpu(data), __import__("h5py").File(sys.argv[1]) as file:
            list(file.attrs["layer_names"])
"""


def test_a_worker_is_ended_where_libhdf5_computes_without_end(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    path.write_bytes(heap_without_end())
    for how in ("weights", "plainly"):
        done = subprocess.run([sys.executable, "-c", textwrap.dedent(ENDLESS), str(path), how], check=False)
        assert done.returncode == -signal.SIGPROF


def test_the_bound_on_computing_is_lifted_behind_the_file() -> None:
    read("x.h5", legacy())
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


LOADING = """
    import resource, sys
    from pathlib import Path
    import h5py
    from mbench.core.errors import UsageError
    from mbench.models.networks.mobilenet_v1 import layers
    from mbench.models.weights.weights import describe_file, load_weights
    network = layers(0.25, 10)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + (64 << 20), resource.RLIM_INFINITY))
    for path in map(Path, sys.argv[1:]):
        try:
            load_weights(describe_file(path), network)
        except UsageError as error:
            sys.stdout.buffer.write(str(error).encode() + b"\\n")
"""


def write_bomb(path: Path, inner: str) -> Path:
    """Write half a megabyte that unpacks to 128 of zeros behind the head of an array."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(inner, "w", force_zip64=True) as file,
    ):
        file.write(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (33554432,), }\n"))
        for _ in range(128):
            file.write(bytes(1 << 20))
    return path


def test_bombs_are_refused_in_the_memory_of_their_files(tmp_path: Path) -> None:
    bombs = [write_bomb(tmp_path / "x.npz", KEY), write_bomb(tmp_path / "x.keras", "model.weights.h5")]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LOADING), *map(str, bombs)], capture_output=True, check=False
    )
    said = done.stdout.decode().splitlines()
    assert len(said) == 2, done.stderr.decode()
    assert "is 3×3×3×8 in the network and 33554432 in the file" in said[0]
    assert "model.weights.h5 unpacks to 134217803 bytes, and at most" in said[1]
