"""Parts: what travels to a device's thread or to another host."""

import math

import pytest

from mbench.core.parts import Part


def test_a_part_finds_its_function_by_its_import_path():
    assert Part(device="x", function="os.path:join").resolve()("a", "b") == "a/b"


@pytest.mark.parametrize("function", ["", "no.such.module:f", "os.path:nothing", "os.path", ":join", "os:sep"])
def test_a_path_that_leads_to_no_function_is_refused(function):
    with pytest.raises(TypeError, match=r"leads nowhere|cannot be called"):
        Part(device="x", function=function)


@pytest.mark.parametrize("argument", [object(), (1, 2), {1: 2}, math.nan, b"bytes"])
def test_an_argument_that_is_not_a_json_value_is_refused(argument):
    with pytest.raises(TypeError, match="JSON"):
        Part(device="x", function="os.path:join", arguments=(argument,))
