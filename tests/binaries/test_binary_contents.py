import shutil
from pathlib import Path

import pytest

from mbench.binaries.contents import flavour_of
from mbench.core.errors import UsageError


@pytest.mark.parametrize(
    ("text", "flavour"),
    [
        (b"\0warmup_min_secs\0input_layer_value_files\0", "tflite"),
        (b"\0warmup_min_secs\0dispatch_library_path\0", "litert"),
        (b"\0warmup_min_secs\0", None),
        (b"\0warmup_min_secs\0input_layer_value_files\0dispatch_library_path\0", None),
    ],
)
def test_the_flags_in_a_binary_tell_its_flavour(tmp_path, text, flavour):
    (tmp_path / "b").write_bytes(b"\x7fELF" + text)
    assert flavour_of(tmp_path / "b") == flavour


def test_another_program_is_refused():
    with pytest.raises(UsageError, match="is no benchmark_model"):
        flavour_of(Path(shutil.which("sh")))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match="could not read"):
        flavour_of(tmp_path / "missing")
