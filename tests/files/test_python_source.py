"""Users' Python files: read, hashed with what they import from beside them, and never run."""

import sys
from pathlib import Path

import pytest

from mbench.core.errors import UsageError
from mbench.files.python_source import Parameter, ParameterType, find_python, read_parameters

NET = """
import os, helper
from package.inner import thing
raise SystemExit("this file is never run here")
DEFAULT = 3
def net(width: float = 0.5, depth=2, *, act: "str" = "relu", wide: bool | None = None, size: int = DEFAULT, free=None,
        must: int):
    pass
alias = net
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "net.py"


def digest(file: Path) -> str:
    return find_python(f"{file}:net", option="--arch").sha256


def test_parameters_come_from_annotations_and_defaults(tmp_path: Path) -> None:
    named = find_python(f"{write(tmp_path, net=NET)}:net", option="--arch")

    assert read_parameters(named, option="--arch") == (
        Parameter(name="width", type_=ParameterType.FLOAT, default=0.5, required=False),
        Parameter(name="depth", type_=ParameterType.INT, default=2, required=False),
        Parameter(name="act", type_=ParameterType.STR, default="relu", required=False),
        Parameter(name="wide", type_=ParameterType.BOOL, default=None, required=False),
        Parameter(name="size", type_=ParameterType.INT, default=None, required=False),
        Parameter(name="free", type_=None, default=None, required=False),
        Parameter(name="must", type_=ParameterType.INT, default=None, required=True),
    )


def test_what_a_file_imports_from_beside_it_is_part_of_its_hash(tmp_path: Path) -> None:
    file = write(tmp_path, net=NET, helper="import deep", deep="a = 1", package__inner="thing = 1", other="x = 1")
    first = digest(file)

    write(tmp_path, other="x = 2")
    assert digest(file) == first
    changed = []
    for name in ("deep", "package__inner"):
        write(tmp_path, **{name: "b = 2"})
        changed.append(digest(file))
    assert len({first, *changed}) == 3


def test_a_module_called_as_one_of_pythons_is_not_what_is_imported(tmp_path: Path) -> None:
    file = write(tmp_path, net=NET, os="x = 1")
    first = digest(file)

    write(tmp_path, os="x = 2")

    assert digest(file) == first


def test_the_same_file_elsewhere_has_the_same_hash(tmp_path: Path) -> None:
    one, other = (write(tmp_path / place, net=NET, helper="") for place in "ab")

    assert digest(one) == digest(other)


def test_a_module_is_found_on_the_path_and_hashed_within_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, nets____init__="", nets__small="from . import parts\ndef net(): pass", nets__parts="a = 1", out="")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    named = find_python("nets.small:net", option="--arch")

    write(tmp_path, nets__parts="a = 2")

    assert (named.module, Path(named.folder)) == ("nets.small", tmp_path)
    assert find_python("nets.small:net", option="--arch").sha256 != named.sha256
    assert "nets" not in sys.modules


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("net.py", "write FILE.py:NAME"),
        ("gone.py:net", "no such file"),
        ("no_such_package.net:net", "no such module"),
        ("{file}:missing", "defines no missing at its top level"),
        ("{bad}:net", r"not Python: .* \(line 1\)"),
        ("{file}:1", "write FILE.py:NAME"),
    ],
)
def test_what_is_not_there_is_a_wrong_command_line(tmp_path: Path, said: str, reason: str) -> None:
    file, bad = write(tmp_path, net=NET), tmp_path / "bad.py"
    bad.write_text("def net(:\n")

    with pytest.raises(UsageError, match=reason):
        find_python(said.format(file=file, bad=bad), option="--arch")


def test_parameters_that_only_running_would_tell_are_refused(tmp_path: Path) -> None:
    named = find_python(f"{write(tmp_path, net=NET)}:alias", option="--arch")

    with pytest.raises(UsageError, match="not known without running it; define it by def"):
        read_parameters(named, option="--arch")


def test_parameters_without_a_name_are_refused(tmp_path: Path) -> None:
    named = find_python(f"{write(tmp_path, net='def net(a, /): pass')}:net", option="--arch")

    with pytest.raises(UsageError, match="a cannot be given by name"):
        read_parameters(named, option="--arch")
