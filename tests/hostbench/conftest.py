"""Runs hostbench as a process, on models of a few operators."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from forked_hostbench import ForkedHostbench
from hostbench_runs import ROOT, Outcome, Runner, environment
from tiny_models import add, model_bytes, sandwich


@pytest.fixture(scope="session")
def hostbench() -> Iterator[Runner]:
    shared = ForkedHostbench()

    def run(*flags: str | bytes, cwd: Path | None = None) -> Outcome:
        status, out, err = shared.run(flags, folder=cwd, environment=environment())
        return Outcome(status, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))

    yield run
    shared.close()


@pytest.fixture
def add_model(tmp_path: Path) -> Path:
    path = tmp_path / "add.tflite"
    path.write_bytes(model_bytes(add()))
    return path


@pytest.fixture
def sandwich_model(tmp_path: Path) -> Path:
    path = tmp_path / "sandwich.tflite"
    path.write_bytes(model_bytes(sandwich()))
    return path


@pytest.fixture(scope="session")
def mobilenet() -> Path:
    folder = os.environ.get("MBENCH_TEST_DATA")
    if not folder:
        pytest.skip("MBENCH_TEST_DATA names no folder with mobilenet_v1_0.25_128_quant.tflite")
    path = Path(folder) / "mobilenet_v1_0.25_128_quant.tflite"
    if not path.exists():
        pytest.skip(f"{path} does not exist")
    return path


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder of outputs recorded from the official android_aarch64 benchmark_model (TF >= 2.19)."""
    return ROOT / "tests" / "data" / "benchmark_model"


@pytest.fixture(scope="session")
def cases() -> Path:
    """Small public model files, beside the folder of the test data."""
    folder = os.environ.get("MBENCH_TEST_DATA")
    path = Path(folder).parent / "cases" if folder else None
    if path is None or not path.is_dir():
        pytest.skip("there is no folder `cases` beside the one that MBENCH_TEST_DATA names")
    return path
