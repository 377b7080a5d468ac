"""Words of a farm file that nothing is called by: each is refused with its line before a phone is asked."""

import pytest

from mbench.core.errors import UsageError
from mbench.core.ports import SilentProgress
from mbench.workflows.nightly.asked import expand_farm
from mbench.workflows.nightly.farm_file import read_farm_file

WHOLE = """\
project = "lab"

[window]
hours = 1

[phones.pixels]
profile = "pixel4"
every = true

[[measure]]
variants = ["mobilenet_v1_0.25_128_digits10_fp32",
            "mobilenet_v1_0.50_128_digits10_fp32"]
models = [{ file = "mine.tflite", as = "mine" }]

[[measure]]
# a sweep
sweep = ["alpha=0.25,0.5"]
arch = "mobilenet_v1"
quantization = "fp32"
threads = "1"
delegates = ["cpu"]
"""

MORE = '\n[accuracy]\ndataset = "digits"\n'


@pytest.fixture
def said(tmp_path, monkeypatch):
    monkeypatch.setenv("MBENCH_HOME", str(tmp_path / "home"))
    (tmp_path / "mine.tflite").write_bytes(b"looked at when it is built")

    def expand(text):
        path = tmp_path / "farm.toml"
        path.write_text(text, encoding="utf-8")
        try:
            expand_farm(read_farm_file(path), command=("mbench",), progress=SilentProgress())
        except UsageError as error:
            return str(error).removeprefix(f"{path}:")
        return None

    return expand


def test_what_is_right_is_expanded(said):
    assert said(WHOLE + MORE) is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('profile = "pixel4"', 'profile = "pixle4"', "7: phones.pixels.profile: "),
        ('profile = "pixel4"\nevery = true', 'device = "pixel4"', "7: phones.pixels.device: pixel4 is a profile"),
        ("mobilenet_v1_0.50_128_digits10_fp32", "mobilenet_v1_0.50_128_digits10_fp31", "11: measure.1.variants.2: "),
        (
            "mobilenet_v1_0.50_128_digits10_fp32",
            "mobilenet_v1_0.25_128_digits10_fp32",
            "10: measure.1: mobilenet_v1_0.25_128_digits10_fp32 is named",
        ),
        ('"mine.tflite"', '"mien.tflite"', "13: measure.1.models.1.file: "),
        ("alpha=0.25,0.5", "alhpa=0.25,0.5", "17: measure.2.sweep.1: "),
        ('arch = "mobilenet_v1"', 'arch = "mobilenet_v0"', "18: measure.2.arch: "),
        ('quantization = "fp32"', 'quantization = "fp31"', "19: measure.2.quantization: "),
        ('threads = "1"', 'threads = "one"', "20: measure.2.threads: "),
        ('delegates = ["cpu"]', 'delegates = ["cpo"]', "21: measure.2.delegates: "),
        (MORE, '\n[accuracy]\ndataset = "digit"\n', "24: accuracy.dataset: "),
        (MORE, '\n[accuracy]\ndataset = "digits"\npreprocessing = "nothing"\n', "25: accuracy.preprocessing: "),
        (MORE, '\n[[measure]]\nsuite = "mobilenets/table-99"\n', "24: measure.3.suite: "),
        (MORE, '\n[[measure]]\nsuite = "mine.toml"\n', "24: measure.3.suite: "),
        (MORE, '\n[program]\nbinary = "benchmark_model"\n', "24: program.binary: "),
        (MORE, '\n[hosts]\nscheduler = "tls://boss"\ntls = "certs/driver"\n', "25: hosts.tls: "),
    ],
)
def test_a_word_that_nothing_is_called_by_is_named_with_its_line(said, old, new, words):
    text = WHOLE + MORE
    assert old in text
    found = said(text.replace(old, new, 1))
    assert found is not None
    assert found.startswith(words)
