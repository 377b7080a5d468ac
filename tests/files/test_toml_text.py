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


DOTTED = ".".join("a" * 20_000)


@pytest.mark.parametrize(
    "text",
    [
        f"{DOTTED} = 1",
        f"x = 1\n[{DOTTED}]",
        f"x = 1\n[[ {DOTTED.replace('.', ' . ')} ]]",
        f"x = {{{DOTTED} = 1}}",
        f"x = [{{y = {{{DOTTED} = 1}}}}]",
        '"".' * 20_000 + "a = 1",
        "'a.b'.\t" * 20_000 + "a = 1",
        r'"\"". ' * 20_000 + "a = 1",
        f"x = '\\' # it's\n{DOTTED} = 1",
        f"x = '''it's''''\n{DOTTED} = 1",
        f'x = """\\""" "" \\\\""""\n{DOTTED} = 1',
        f'x = "#"\n{DOTTED} = 1',
    ],
)
def test_a_name_of_many_parts_is_refused_before_it_is_parsed(text, monkeypatch):
    monkeypatch.setattr("tomllib.loads", lambda _: pytest.fail("it was parsed"))
    with pytest.raises(ValueError, match=r"^a name has more than 4 parts \(at line [12], column 1\)$"):
        parse_toml(text)


def test_four_parts_are_a_name_and_five_are_not():
    assert parse_toml("a.\"b.b\".'c'. d = 1") == {"a": {"b.b": {"c": {"d": 1}}}}
    assert parse_toml("[a.b.c.d]\n[[a.b.c.e]]") == {"a": {"b": {"c": {"d": {}, "e": [{}]}}}}
    for text in ("a.b.c.d.e = 1", "[a.b.c.d.e]", "[[a.b.c.d.e]]", "x = {a.b.c.d.e = 1}"):
        with pytest.raises(ValueError, match="more than 4 parts"):
            parse_toml(text)


def test_dots_in_texts_and_comments_are_no_parts_of_a_name():
    dots = "a.b.c.d.e.f"
    for text in (f'x = "{dots}"', f"x = '{dots}'", f'x = """\n{dots}"""', f"x = '''\n{dots}'''", f'x = "\\"{dots}"'):
        assert parse_toml(f"{text} # {dots}")["x"].strip().strip('"') == dots


@pytest.mark.parametrize(
    "text", ['"' + '\\"' * 250_000, '"""\\' * 250_000, "'" * 500_000, "a" * 500_000, "a " * 250_000]
)
def test_texts_that_never_end_take_no_square_of_time(text):
    with pytest.raises(ValueError):
        parse_toml(f"x = {text}")
