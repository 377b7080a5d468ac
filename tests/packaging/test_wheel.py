"""What a wheel of this checkout says of itself and holds; built by the real build backend, without a network."""

import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder))
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (path,) = folder.glob("mbench-*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture
def metadata(wheel: zipfile.ZipFile) -> Message:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return HeaderParser().parsestr(wheel.read(name).decode())


def test_every_data_set_in_it_has_its_licence_among_the_licence_files(
    wheel: zipfile.ZipFile, metadata: Message
) -> None:
    data = [Path(name) for name in wheel.namelist() if name.startswith("mbench/accuracy/datasets/data/")]
    sets = {path.stem for path in data if path.suffix == ".npz"}
    assert sets == {"digits", "fashion"}
    wanted = {"LICENSE", *(f"mbench/accuracy/datasets/data/LICENSE-{name}.txt" for name in sets)}
    assert set(metadata.get_all("License-File") or ()) == wanted
    (folder,) = {name.partition("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    texts = {name: wheel.read(f"{folder}/licenses/{name}").decode() for name in wanted}
    assert "Apache License" in texts["LICENSE"]
    assert "creativecommons.org/licenses/by/4.0" in texts["mbench/accuracy/datasets/data/LICENSE-digits.txt"]
    assert "Zalando SE" in texts["mbench/accuracy/datasets/data/LICENSE-fashion.txt"]
    assert set((metadata["License-Expression"] or "").split(" AND ")) == {
        "Apache-2.0",
        "BSD-3-Clause",
        "CC-BY-4.0",
        "MIT",
    }


def test_it_installs_where_its_tensorflow_does_and_nowhere_else(metadata: Message) -> None:
    assert set(metadata["Requires-Python"].split(",")) == {">=3.11", "<3.14"}
    versions = [line.rpartition(" ")[2] for line in metadata.get_all("Classifier") if "Python :: 3." in line]
    assert versions == ["3.11", "3.12", "3.13"]


def test_templates_scripts_and_styles_of_pages_are_in_it(wheel: zipfile.ZipFile) -> None:
    folder = ROOT / "mbench/report/pages/templates"
    names = {f"mbench/report/pages/templates/{path.name}" for path in folder.iterdir()}
    assert len(names) >= 5
    assert names <= set(wheel.namelist())
