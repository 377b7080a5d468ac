"""Users' own networks in a farm file, relative to it."""

import json
from pathlib import Path

import pytest
from linear_digits import linear_digits

from mbench.accuracy.pictures.scalings import SCALINGS
from mbench.core.builds.own_recipes import KeepFloat
from mbench.core.choices import Ends
from mbench.core.errors import UsageError
from mbench.core.ports import SilentProgress
from mbench.workflows.build.own_networks import OwnBuild
from mbench.workflows.build.own_recipes_of import inputs_of
from mbench.workflows.build.recipes import BuildInputs
from mbench.workflows.nightly.asked import expand_farm
from mbench.workflows.nightly.farm_file import read_farm_file

FARM = 'project = "p"\nbranch = "main"\n\n[window]\nuntil = "06:30"\n\n[phones.here]\ndevice = "host"\n\n[[measure]]\n'
TWICE = 'arch = "net.py:net"\n[[measure]]\n'
NET = "raise SystemExit('never run here')\ndef net(width: float = 1.0): pass\n"


def own_of(folder: Path, measure: str) -> list[OwnBuild]:
    """Return the users' networks of a farm file."""
    file = folder / "farm.toml"
    file.write_text(FARM + measure)
    asked = expand_farm(read_farm_file(file), command=("mbench",), progress=SilentProgress())
    return [one.own for one in asked.groups["here"].selected if one.own]


def candidates(folder: Path, measure: str) -> list[tuple[str, str]]:
    """Return the name and the source of each candidate."""
    return [(str(own.variant), own.source.said) for own in own_of(folder, measure)]


def test_a_builder_is_named_relative_to_the_farm_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "small.py").write_text(NET)
    monkeypatch.chdir("/")
    found = candidates(tmp_path, 'arch = "nets/small.py:net"\nsweep = ["width=0.5,1.0"]\nquantization = "fp32"\n')

    said = f"{tmp_path}/nets/small.py:net"
    assert found == [("net_width0.5_fp32", said), ("net_width1.0_fp32", said)]


def test_keras_files_and_saved_models_are_named_likewise(tmp_path: Path) -> None:
    (tmp_path / "a.keras").touch()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "saved_model.pb").touch()
    found = candidates(tmp_path, 'keras = ["a.keras"]\nsaved_models = ["b:serve"]\nquantization = "fp32"\n')

    assert found == [("a_fp32", f"{tmp_path}/a.keras"), ("b-serve_fp32", f"{tmp_path}/b:serve")]


def test_each_measure_says_what_its_networks_are_built_from(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET)
    entry = {"regex": ".*", "operation": "*", "algorithm_key": "min_max_uniform_quantize"}
    (tmp_path / "mixed.json").write_text(json.dumps([entry]))
    (tmp_path / "a.keras").touch()
    first, second = own_of(
        tmp_path,
        'keras = ["a.keras"]\ncustom_objects = "net.py:net"\nallow_lambda = true\ncalibration = "net.py:net"\n'
        'calibration_examples = 7\nio = "float"\ninput_shapes = ["x:1,8"]\nbuild_timeout = 9\n'
        '[[measure]]\narch = "net.py:net"\nrecipe = "mixed.json"\nweights = "builder"\n',
    )

    code = f"{tmp_path}/net.py:net"
    assert inputs_of(first.source, BuildInputs(weights="trained", seed=3)) == BuildInputs(
        weights="none",
        seed=3,
        calibration=Path(code),
        calibration_examples=7,
        ends=Ends.FLOAT,
        input_shapes=("x:1,8",),
        custom_objects=code,
        allow_lambda=True,
        build_timeout_s=9,
    )
    assert inputs_of(second.source, BuildInputs()) == BuildInputs(
        weights="builder", quantizer_recipe=tmp_path / "mixed.json"
    )
    assert str(second.variant) == "net_recipe=mixed_int8"


def test_what_int8_leaves_in_float_is_a_variant_of_its_own_under_the_name_that_lasts(tmp_path: Path) -> None:
    (tmp_path / "a.keras").touch()
    (tmp_path / "m.tflite").write_bytes(linear_digits(SCALINGS["unit"]))
    found = own_of(
        tmp_path,
        'models = [{ file = "m.tflite", as = "my/net" }]\nquantization = "fp32,int8"\nkeep_float = "auto"\n'
        '[[measure]]\nkeras = ["a.keras"]\nkeep_float = "SOFTMAX"\n',
    )

    assert [(str(one.variant), one.keep_float) for one in found] == [
        *(("my-net_fp32", None), ("my-net_int8", None), ("my-net_keep-float=auto_int8", KeepFloat())),
        *(("a_int8", None), ("a_keep-float=SOFTMAX_int8", KeepFloat(names=("SOFTMAX",)))),
    ]


@pytest.mark.parametrize("bytes_", [b"a", b"b"])
def test_a_network_keeps_its_name_whatever_it_holds(tmp_path: Path, bytes_: bytes) -> None:
    (tmp_path / "a.keras").write_bytes(bytes_)
    assert [name for name, _ in candidates(tmp_path, 'keras = ["a.keras"]\n')] == ["a_int8"]


def test_a_float_file_is_quantized_under_the_name_that_lasts(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(linear_digits(SCALINGS["unit"]))
    found = candidates(tmp_path, 'models = [{ file = "m.tflite", as = "my/net" }]\nquantization = "fp32,drq"\n')

    assert found == [("my-net_fp32", f"{tmp_path}/m.tflite"), ("my-net_drq", f"{tmp_path}/m.tflite")]


@pytest.mark.parametrize(
    ("measure", "reason"),
    [
        ('keras = ["a.keras"]\nvariants = ["mobilenet_v1_0.50_160_int8"]\n', "into a \\[\\[measure\\]\\] of their own"),
        ('keras = ["a.keras"]\nsuite = "mobilenets/table-6"\n', "a suite stands alone"),
        ('arch = "gone.py:net"\n', r"farm\.toml:\d+: measure\.1\.arch: --arch .*gone\.py: no such file"),
        ('keras = ["gone.keras"]\n', r"farm\.toml:11: measure\.1\.keras\.1: .*gone\.keras: no such file"),
        (
            'saved_models = ["gone:serve"]\n',
            r"measure\.1\.saved_models\.1: .*gone: no such folder",
        ),
        ('arch = "net.py:net"\nsweep = ["widht=1"]\n', r"farm\.toml:12: measure\.1\.sweep\.1: .*no parameter 'widht'"),
        ('arch = "net.py:net"\nquantization = "int9"\n', r"farm\.toml:12: measure\.1\.quantization: .*int9"),
        ('arch = "net.py:net"\ncalibration = "x.npz"\n', r"farm\.toml:12: measure\.1\.calibration: .*x\.npz: no such"),
        ('arch = "net.py:net"\nrecipe = "r.json"\n', r"farm\.toml:12: measure\.1\.recipe: .*r\.json cannot be read"),
        ('arch = "net.py:net"\nweights = "w.h5"\n', r"farm\.toml:12: measure\.1\.weights: .*w\.h5: no such file"),
        (
            'keras = ["a.keras"]\ncustom_objects = "net.py:Gone"\n',
            r"farm\.toml:12: measure\.1\.custom_objects: .*defines no Gone",
        ),
        (
            'models = [{ file = "m.tflite", as = "m" }]\nquantization = "int8"\n',
            r"farm\.toml:11: measure\.1\.models\.1: .*m\.tflite",
        ),
        ('variants = ["mobilenet_v1_0.50_160_int8"]\nio = "float"\n', "io is for your own networks"),
        (
            'arch = "net.py:net"\nkeep_float = "auto:0"\n',
            r"farm\.toml:12: measure\.1\.keep_float: --keep-float auto:0: write auto, or auto:DB",
        ),
        (
            'arch = "net.py:net"\nquantization = "fp32"\nkeep_float = "auto"\n',
            r"farm\.toml:13: measure\.1\.keep_float: --keep-float says what int8 leaves in float; add int8",
        ),
        (
            'arch = "net.py:net"\nkeep_float = "auto"\nsweep = ["widht=1"]\n',
            r"farm\.toml:13: measure\.1\.sweep\.1: .*no parameter 'widht'",
        ),
        ('variants = ["mobilenet_v1_0.50_160_int8"]\nkeep_float = "auto"\n', "keep_float is for your own networks"),
        ('models = [{ file = "m.tflite", as = "m" }]\nkeep_float = "auto"\n', "keep_float is for your own networks"),
        ('arch = "net.py:net"\nio = "int4"\n', r"farm\.toml:12: measure\.1\.io"),
        (
            'arch = "net.py:net"\n[[measure]]\narch = "other/net.py:net"\n',
            r"farm\.toml:12: measure\.2: .*is named as .*net\.py:net, too",
        ),
        (
            'arch = "net.py:net"\n[[measure]]\narch = "net.py:net"\nio = "float"\n',
            "named twice, built from different things",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(tmp_path: Path, measure: str, reason: str) -> None:
    (tmp_path / "m.tflite").touch()
    (tmp_path / "a.keras").touch()
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "net.py").write_text(NET)
    with pytest.raises(UsageError, match=reason):
        candidates(tmp_path, measure)
