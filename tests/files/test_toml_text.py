"""TOML that no honest file holds is a ValueError of one line."""

import pytest

from mbench.files.texts import parse_toml

MANY = "9" * 5000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"a = {MANY}", "out of range"),
        (f"a = -{MANY}", "out of range"),
        (f"a = {'[' * 100_000}", "nested too deeply"),
        (f"a = {'[' * 20_000}{']' * 20_000}", "nested too deeply"),
        (f"a = {MANY}-01-01T00:00:00Z", "out of range"),
        ("a = 2026-02-30", "line 1"),
        ("a = ", "end of document"),
    ],
)
def test_what_is_not_toml_is_a_value_error_of_one_line(text, said):
    with pytest.raises(ValueError, match=said) as caught:
        parse_toml(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200
