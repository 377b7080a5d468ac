"""Names of examples in a list that is written and read again."""

import pytest

from mbench.accuracy.datasets.picked import _unquoted
from mbench.store.files import list_text


@pytest.mark.parametrize(
    "name",
    [
        "cat/1.jpg",
        "a b.png",
        "a\nb.png",
        "a\r.png",
        ' "x".png',
        '"x".png',
        "caf\udce9.png",
        "\xe4\u2028.png",
        " a ",
        '"',
    ],
)
def test_a_name_is_the_same_when_it_was_written_and_read(name):
    text = list_text([name, "next"]).decode("utf-8", "surrogateescape")
    first, second = text.split("\n")[:2]
    assert (_unquoted(first), second) == (name, "next")
