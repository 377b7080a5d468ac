"""From a network with an operator that no quantizer has in integers to the foot of the table."""

import json
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from mbench.core.builds.recipes import Calibration, Weights
from mbench.core.builds.variants import Head, Quantization, Size
from mbench.core.choices import Quantizer
from mbench.models.tflite.build import BuildRequest, BuiltFile, build_files

pytestmark = pytest.mark.tensorflow

ROOT = Path(__file__).parents[3]
SHORT = ("--num-runs", "5", "--min-secs", "0", "--warmup-secs", "0", "--runs", "1", "--max-runs", "1")


@pytest.fixture
def googlenet(tensorflow_worker: ProcessPoolExecutor, tmp_path: Path) -> Path:
    request = BuildRequest(
        architecture="googlenet",
        size=Size(resolution=32),
        head=Head(name="classes", classes=10),
        quantizations=(Quantization.INT8,),
        weights=Weights(),
        calibration=Calibration(examples=2),
        quantizer=Quantizer.LITERT,
        folder=tmp_path,
    )
    (built,) = tensorflow_worker.submit(build_files, request).result()
    assert isinstance(built, BuiltFile)
    return built.path.rename(tmp_path / "googlenet.tflite")


@pytest.mark.slow
def test_the_foot_of_a_table_says_which_operators_of_an_int8_file_stay_float(googlenet: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        (sys.executable, "-m", "mbench", "run", "--model", googlenet, *SHORT, "--memory-runs", "0", "--quiet"),
        cwd=tmp_path,
        env=os.environ | {"MBENCH_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (document,) = (tmp_path / "results").glob("*/jobs/*.json")
    facts = json.loads(document.read_text())["workload"]["artifact"]
    assert facts["float_operators"] == ["LOCAL_RESPONSE_NORMALIZATION", "LOCAL_RESPONSE_NORMALIZATION", "SOFTMAX"]
    assert f"- {facts['name']}: 2 operators stay float: LOCAL_RESPONSE_NORMALIZATION ×2.\n" in done.stdout
