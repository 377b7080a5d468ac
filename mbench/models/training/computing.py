"""What tensorflow computes with in this process: threads, accelerators, precision; set before its first operation."""

import os
from importlib import import_module
from typing import Final

from mbench.core.errors import TrainingFailed
from mbench.models.training.records import Machine

FLOAT32: Final = "float32"
MIXED: Final = "mixed_bfloat16"
"""Products in bfloat16, weights and sums in float32: half the memory traffic, and no scaling of the loss."""


def prepare_tensorflow(machine: Machine, *, replicas: int = 1) -> Machine:
    """Load tensorflow for `machine.threads` threads and return the machine with its accelerators and its precision.

    With equal threads, sums are taken in equal order, so weights repeat to the bit. A GPU is used where tensorflow
    finds one, and then in mixed precision.

    Args:
        machine: with the threads that operations may use.
        replicas: devices that the CPU is divided into, for a mirrored training without accelerators.

    Raises:
        TrainingFailed: tensorflow is not installed.
    """
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    try:
        tf, keras = import_module("tensorflow"), import_module("keras")
    except ImportError as error:
        raise TrainingFailed(
            f"tensorflow cannot be loaded: {error}. Install mbench again, with all it needs."
        ) from error
    tf.config.threading.set_intra_op_parallelism_threads(machine.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    accelerators = tf.config.list_physical_devices("GPU")
    if replicas > 1 and not accelerators:
        parts = [tf.config.LogicalDeviceConfiguration() for _ in range(replicas)]
        tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], parts)
    for accelerator in accelerators:
        tf.config.experimental.set_memory_growth(accelerator, True)
    precision = MIXED if accelerators else FLOAT32
    keras.config.set_dtype_policy(precision)
    return machine.model_copy(
        update={"accelerators": tuple(accelerator.name for accelerator in accelerators), "precision": precision}
    )


def begin(seed: int) -> None:
    """Forget earlier networks of this process, and seed what its libraries draw by themselves."""
    import keras

    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
