"""What decides a build, read without building."""

import subprocess
import sys

from mbench.models.tflite.toolchain import toolchain

IMPORT_ALL = """
import sys
import mbench.models.networks.architectures, mbench.models.tflite.build, mbench.models.tflite.calibration
import mbench.models.weights.imagenet_weights, mbench.models.weights.weights, mbench.models.tflite.toolchain
mbench.models.tflite.toolchain.toolchain()
print([name for name in ("tensorflow", "keras", "litert_quantizer", "ai_edge_litert") if name in sys.modules])
"""


def test_the_toolchain_names_what_converts_and_what_quantizes() -> None:
    assert [name for name, _ in toolchain()] == [
        "ai-edge-litert",
        "keras",
        "litert-quantizer",
        "mbench-builder",
        "numpy",
        "tensorflow",
    ]


def test_planning_a_build_loads_no_tensorflow() -> None:
    loaded = subprocess.run([sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"
