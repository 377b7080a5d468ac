"""Users' own networks in suites: relative to the file, with their lines, and no code without leave."""

from dataclasses import replace
from pathlib import Path

import pytest
from linear_digits import linear_digits

from mbench.accuracy.pictures.scalings import SCALINGS
from mbench.core.builds.own_recipes import KeepFloat, OwnForm
from mbench.core.builds.sweeps import Axis
from mbench.core.choices import Ends
from mbench.core.errors import UsageError
from mbench.workflows.build.own_networks import OwnSource, parse_keep_float
from mbench.workflows.build.recipes import BuildInputs
from mbench.workflows.build.selection import Candidate, Selection, select
from mbench.workflows.paper.suites import find_suite, listed, shown, suite_request
from mbench.workflows.run.request import RunRequest

NET = "raise SystemExit('never run here')\ndef net(width: float = 1.0, classes: int = 9): pass\n"
BUILDER = '[[own]]\narch = "nets/small.py:net"\n'
REQUEST = RunRequest(
    devices=("host",), selection=Selection(), build_inputs=BuildInputs(), results=Path("results"), command=("mbench",)
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "small.py").write_text(NET)
    (tmp_path / "a.keras").touch()
    (tmp_path / "f.tflite").write_bytes(linear_digits(SCALINGS["unit"]))
    (tmp_path / "q.tflite").write_bytes(linear_digits(SCALINGS["unit"], int8_body=True))
    monkeypatch.setenv("MBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir("/")
    return tmp_path


def selected(folder: Path, text: str, chosen: Selection | None = None, *, trusted: bool = True) -> list[Candidate]:
    """Return what a suite runs."""
    path = folder / "mine.toml"
    path.write_text(f'title = "mine"\n{text}')
    request = replace(REQUEST, selection=chosen or Selection())
    return list(select(suite_request(request, find_suite(str(path)), str(path), trusted=trusted)[0].selection))


def test_builders_files_and_variants_stand_in_one_suite_relative_to_it(folder: Path) -> None:
    found = selected(
        folder,
        'variants = ["mobilenet_v1_0.50_160_fp32"]\n'
        f'{BUILDER}sweep = ["width=0.5,1.0"]\nquantization = "fp32"\nclasses = 3\n'
        '[[own]]\nkeras = ["a.keras"]\nio = "float"\n'
        '[[own]]\nmodels = ["f.tflite"]\nquantization = "drq"\n[[own]]\nmodels = ["q.tflite"]\n',
    )

    assert [one.thing for one in found] == [
        "mobilenet_v1_0.50_160_fp32",
        "net_width0.5_classes3_fp32",
        "net_width1.0_classes3_fp32",
        "a_int8",
        "f_drq",
        f"{folder}/q.tflite",
    ]
    assert [one.own.source.said for one in found if one.own] == [
        *[f"{folder}/nets/small.py:net"] * 2,
        f"{folder}/a.keras",
        f"{folder}/f.tflite",
    ]
    assert [one.own.source.asked.ends for one in found if one.own] == [None, None, Ends.FLOAT, None]


def test_what_is_typed_of_quantization_and_threads_holds_for_own_networks_too(folder: Path) -> None:
    chosen = Selection(sweeps=("quantization=fp16",), lists={Axis.THREADS: "1,2"})
    found = selected(folder, f'{BUILDER}quantization = "fp32"\n[[own]]\nmodels = ["f.tflite"]\n', chosen)

    assert [(one.thing, one.threads) for one in found] == [
        *[("net_fp16", 1), ("net_fp16", 2)],
        *[("f_fp16", 1), ("f_fp16", 2)],
    ]


@pytest.mark.parametrize(
    "text",
    [
        BUILDER,
        '[[own]]\nkeras = ["a.keras"]\ncustom_objects = "nets/small.py:net"\n',
        '[[own]]\nkeras = ["a.keras"]\nallow_lambda = true\n',
        '[[own]]\nkeras = ["a.keras"]\ncalibration = "nets/small.py:net"\n',
        '[[own]]\nsaved_models = ["saved"]\n',
    ],
)
def test_code_that_a_suite_names_is_run_where_it_is_allowed_alone(folder: Path, text: str) -> None:
    (folder / "saved").mkdir()
    (folder / "saved" / "saved_model.pb").touch()
    with pytest.raises(UsageError, match=r"mine\.toml:2: own\.1: .* is code.*--allow-suite-code"):
        selected(folder, text, trusted=False)
    assert len(selected(folder, text)) == 1


def test_files_that_hold_no_code_need_no_leave(folder: Path) -> None:
    assert len(selected(folder, '[[own]]\nkeras = ["a.keras"]\n', trusted=False)) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[[own]]\narch = "gone.py:net"\n', r"mine\.toml:3: own\.1\.arch: --arch .*gone\.py: no such file"),
        (f'{BUILDER}sweep = ["width=1", "height=2"]\n', r"mine\.toml:4: own\.1\.sweep\.2: .*no parameter"),
        (f'{BUILDER}sweep = ["height=2"]\n', r"mine\.toml:4: own\.1\.sweep\.1: .*no parameter 'height'"),
        (f"{BUILDER}allow_lambda = true\n", r"mine\.toml:2: own\.1: --allow-lambda has no meaning with"),
        (f"{BUILDER}widht = 1\n", r"mine\.toml:4: own\.1\.widht"),
        (
            '[[own]]\nkeras = ["a.keras", "gone.keras"]\n',
            r"mine\.toml:3: own\.1\.keras\.2: .*gone\.keras: no such file",
        ),
        ('[[own]]\nmodels = ["q.tflite"]\nquantization = "int8"\n', r"own\.1\.models\.1: .*is quantized already"),
        ('[[own]]\narch = "vgg16"\n', r"mine\.toml:2: own\.1: vgg16 is a network of mbench's"),
        ('[[own]]\nquantization = "int8"\n', r"mine\.toml:2: own\.1: say which: arch, keras"),
        ('[[own]]\nkeras = ["~nobody-at-all/a.keras"]\n', "nobody's home is known as ~nobody-at-all"),
        (f'{BUILDER}keep_float = "auto:0"\n', r"mine\.toml:4: own\.1\.keep_float: --keep-float auto:0: write auto, or"),
        (
            f'{BUILDER}quantization = "fp32"\nkeep_float = "auto"\n',
            r"mine\.toml:5: own\.1\.keep_float: --keep-float says what int8 leaves in float; add int8",
        ),
        (
            '[[own]]\nmodels = ["f.tflite"]\nkeep_float = "auto"\n',
            r"mine\.toml:4: own\.1\.keep_float: --keep-float has no meaning with .*f\.tflite, which is built already",
        ),
        (f'{BUILDER}keep_float = "auto"\nsweep = ["height=2"]\n', r"mine\.toml:5: own\.1\.sweep\.1: .*no parameter"),
        ("", "name variants, or \\[\\[own\\]\\] networks"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line(folder: Path, text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        selected(folder, text)


def test_what_int8_leaves_in_float_is_a_variant_named_and_built_as_the_command_has_it(folder: Path) -> None:
    said = 'quantization = "fp32,int8"\nkeep_float = "auto:25"\n'
    found = selected(folder, f'{BUILDER}{said}[[own]]\nkeras = ["a.keras"]\nkeep_float = "SOFTMAX,out_1"\n')
    typed = Selection(
        own=(OwnSource(form=OwnForm.BUILDER, said=f"{folder}/nets/small.py:net"),),
        lists={Axis.QUANTIZATION: "fp32,int8"},
        keep_float=parse_keep_float("auto:25"),
    )

    assert [one.thing for one in found] == [
        *("net_fp32", "net_int8", "net_keep-float=auto25_int8"),
        *("a_int8", "a_keep-float=SOFTMAX+out-1_int8"),
    ]
    assert [one.thing for one in select(typed)] == [one.thing for one in found[:3]]
    assert [one.own.keep_float for one in select(typed) if one.own] == [None, None, KeepFloat(least_db=25)]
    assert [one.own.keep_float for one in found if one.own] == [
        *(None, None, KeepFloat(least_db=25)),
        *(None, KeepFloat(names=("SOFTMAX", "out_1"))),
    ]


def test_options_of_own_networks_beside_a_suite_that_says_them_are_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="--io stands beside a suite"):
        selected(folder, BUILDER, Selection(typed=("--io",)))


def test_a_suite_of_own_networks_is_listed_and_shown_with_the_leave_that_it_needs(folder: Path) -> None:
    selected(folder, f'{BUILDER}sweep = ["width=1,2"]\n[[own]]\nkeras = ["a.keras"]\nkeep_float = "auto"\n')
    text = list(shown(str(folder / "mine.toml")))
    (folder / "home" / "suites").mkdir(parents=True)
    (folder / "mine.toml").rename(folder / "home" / "suites" / "mine.toml")

    assert "  nets/small.py:net  width=1,2  (code: --allow-suite-code)" in text
    assert "  a.keras  keep_float=auto" in text
    assert any(line.endswith("mine.toml --device host --allow-suite-code") for line in text)
    assert [row[2].text for row in listed().rows if row[0].text == "mine"] == ["2"]
