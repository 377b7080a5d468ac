"""Which operators stay float in files of integers."""

import numpy as np
from emit_mobilenet import Emitter, emit_mobilenet

from mbench.artifacts.inspection import inspect_bytes


def chain(*steps: tuple[str, str], first: str = "int8") -> bytes:
    """Return a file of a chain of operators of one input each, and what type each gives; integers have a scale."""
    emitter = Emitter()

    def tensor(name: str, dtype: str) -> int:
        return emitter.tensor(name, (1, 4), dtype, scale=None if dtype == "float32" else 0.5)

    places = [tensor("x", first)]
    for number, (operator, dtype) in enumerate(steps):
        places.append(tensor(f"y{number}", dtype))
        emitter.operator(operator, [places[-2]], [places[-1]])
    return emitter.finish([places[0]], [places[-1]])


def floats(data: bytes) -> tuple[str, ...] | None:
    return inspect_bytes(data, name="x").facts().float_operators


def test_float_operators_among_integers_are_named_as_often_as_they_occur() -> None:
    island = (("DEQUANTIZE", "float32"), ("SQRT", "float32"), ("SQRT", "float32"), ("QUANTIZE", "int8"))
    assert floats(chain(("RELU", "int8"), *island, ("RELU6", "int8"))) == ("SQRT", "SQRT")


def test_a_file_of_integers_alone_has_none() -> None:
    assert floats(chain(("RELU", "int8"), ("LOGISTIC", "int8"))) == ()


def test_a_float_file_has_none_whatever_its_ends_take() -> None:
    assert floats(emit_mobilenet(0.25, 32)) == ()
    assert floats(chain(("DEQUANTIZE", "float32"), ("SQRT", "float32"), ("QUANTIZE", "int8"))) == ()


def test_constants_do_not_say_what_an_operator_computes_in() -> None:
    emitter = Emitter()
    first, last = (emitter.tensor(name, (1, 4), "int8", scale=0.5) for name in "xy")
    emitter.operator("ADD", [emitter.constant("one", np.ones((1, 4), np.float32)), first], [last])
    assert floats(emitter.finish([first], [last])) == ()
