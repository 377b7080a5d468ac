"""Users' own networks in a farm file, relative to it."""

from pathlib import Path

import pytest

from mbench.core.errors import UsageError
from mbench.core.ports import SilentProgress
from mbench.workflows.nightly.asked import expand_farm
from mbench.workflows.nightly.farm_file import read_farm_file

FARM = 'project = "p"\nbranch = "main"\n\n[window]\nuntil = "06:30"\n\n[phones.here]\ndevice = "host"\n\n[[measure]]\n'
NET = "raise SystemExit('never run here')\ndef net(width: float = 1.0): pass\n"


def candidates(folder: Path, measure: str) -> list[tuple[str, str]]:
    """Return the name and the source of each candidate."""
    file = folder / "farm.toml"
    file.write_text(FARM + measure)
    asked = expand_farm(read_farm_file(file), command=("mbench",), progress=SilentProgress())
    return [(str(one.own.variant), one.own.source.said) for one in asked.groups["here"].selected if one.own]


def test_a_builder_is_named_relative_to_the_farm_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "small.py").write_text(NET)
    monkeypatch.chdir("/")
    found = candidates(tmp_path, 'arch = "nets/small.py:net"\nsweep = ["width=0.5,1.0"]\nquantization = "fp32"\n')

    said = f"{tmp_path}/nets/small.py:net"
    assert found == [("net_width0.5_fp32", said), ("net_width1.0_fp32", said)]


def test_keras_files_and_saved_models_are_named_likewise(tmp_path: Path) -> None:
    found = candidates(tmp_path, 'keras = ["a.keras"]\nsaved_models = ["b:serve"]\nquantization = "fp32"\n')

    assert found == [("a_fp32", f"{tmp_path}/a.keras"), ("b-serve_fp32", f"{tmp_path}/b:serve")]


@pytest.mark.parametrize(
    ("measure", "reason"),
    [
        ('keras = ["a.keras"]\nvariants = ["mobilenet_v1_0.50_160_int8"]\n', "into a \\[\\[measure\\]\\] of their own"),
        ('keras = ["a.keras"]\nsuite = "mobilenets/table-6"\n', "a suite stands alone"),
        ('arch = "gone.py:net"\n', r"farm\.toml:\d+: measure\.1\.arch: --arch .*gone\.py: no such file"),
        ('models = [{ file = "m.tflite", as = "m" }]\nquantization = "int8"\n', "m.tflite is measured as it is"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(tmp_path: Path, measure: str, reason: str) -> None:
    (tmp_path / "m.tflite").touch()
    with pytest.raises(UsageError, match=reason):
        candidates(tmp_path, measure)
