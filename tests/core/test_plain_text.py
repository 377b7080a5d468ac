import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbench.core.plain_text import (
    LONGEST_WORD,
    cut,
    ended,
    escaped_json,
    one_line,
    plain_lines,
    shown_command,
    without_name,
)

DIRECTIONS = {0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
UNSEEN = {0x200B, *range(0x2060, 0x2065), *range(0x206A, 0x2070), 0xFEFF, *range(0xFFF9, 0xFFFC)}
ANY_TEXT = st.text(st.characters(codec=None))


def obeyed(code: int) -> bool:
    return unicodedata.category(chr(code)) in {"Cc", "Zl", "Zp"} or code in DIRECTIONS | UNSEEN


def test_each_character_that_is_obeyed_becomes_a_blank_and_no_other_changes():
    for first in range(0, sys.maxunicode + 1, 1 << 12):
        codes = [code for code in range(first, first + (1 << 12)) if not 0xD800 <= code <= 0xDFFF]
        shown = [" " if obeyed(code) else chr(code) for code in codes]
        assert one_line(" ".join(map(chr, codes))) == " ".join(shown), hex(first)  # words of one: none is cut


@pytest.mark.parametrize(
    ("kept", "cleaned"),
    [
        (" ", "\x1f"),
        ("~", "\x7f"),
        ("\xa0", "\x9f"),
        ("\u2027", "\u2028"),
        ("\u202f", "\u202e"),
        ("\u2065", "\u2066"),
        ("\u061d", "\u061c"),
        ("\u200d", "\u200e"),
        ("\u2010", "\u200f"),
        ("\u200c", "\u200b"),
    ],
)
def test_the_bounds_from_both_sides(kept, cleaned):
    assert (one_line(f"a{kept}b"), one_line(f"a{cleaned}b")) == (f"a{kept}b", "a b")


def test_marks_that_join_letters_and_pictures_stay():
    assert one_line("می\u200cخواهم 👩\u200d🔬 e\u0301") == "می\u200cخواهم 👩\u200d🔬 e\u0301"


def test_a_byte_that_is_not_utf8_is_named():
    name = b"caf\xe9\x80\xff.tflite".decode("utf-8", "surrogateescape")
    assert one_line(name) == plain_lines(name) == r"caf\xe9\x80\xff.tflite"


@pytest.mark.parametrize("clean", [one_line, plain_lines])
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("caf\udce9", r"'caf\xe9'"),
        ("\udc80\udcff", r"'\x80\xff'"),
        ("\\\udce9", r"'\\\xe9'"),  # a backslash, which repr doubles, and the byte
        ("\\udce9", r"'\\udce9'"),  # the letters themselves
        ("\ud800", r"'\ud800'"),
        ("\udc7f", r"'\udc7f'"),
    ],
)
def test_a_byte_in_a_quoted_name_is_named_as_in_a_plain_one(clean, name, shown):
    assert clean(repr(name)) == shown


@pytest.mark.parametrize("half", [0xD800, 0xDBFF, 0xDC00, 0xDC7F, 0xDD00, 0xDFFF])
def test_half_a_character_is_named(half):
    assert one_line(f"a{chr(half)}b") == f"a\\u{half:x}b"


def test_a_word_loses_its_middle_only_where_it_is_longer_than_any_is_meant_to_be():
    word = "a" * 250 + "b" * 250
    assert len(word) == LONGEST_WORD
    assert one_line(f"{word} {word}") == f"{word} {word}"
    assert one_line(f"x {word[:250]}{word[250:]}c y") == f"x {'a' * 248} […] {'b' * 246}c y"
    assert len(one_line("9" * 5000)) == LONGEST_WORD


def test_what_is_cut_is_as_long_as_asked_for():
    assert cut("abcdefghij", 10) == "abcdefghij"
    assert cut("abcdefghijk", 10) == "abc […] jk"
    assert cut("abcdefghijk", 9) == "ab […] jk"


@given(ANY_TEXT)
def test_lines_stay_lines(text):
    assert plain_lines(text).split("\n") == [one_line(line) for line in text.split("\n")]


@given(ANY_TEXT)
def test_json_says_the_same_and_nothing_in_it_is_obeyed(text):
    for ensure_ascii in (False, True):
        escaped = escaped_json(json.dumps([text], ensure_ascii=ensure_ascii, indent=1))
        assert json.loads(escaped) == [text]
        assert not any(obeyed(ord(character)) for character in escaped if character != "\n")
        escaped.encode()


def test_json_of_honest_text_keeps_its_bytes():
    text = '{\n "a": "späte 電話 \\u001b"\n}'
    assert escaped_json(text) == text


@pytest.mark.parametrize(
    ("message", "sentence"),
    [("a", "a."), ("a.", "a."), ("a?", "a?"), ("a! ", "a!"), ("a…", "a…"), ("a)", "a)."), ("a. b", "a. b.")],
)
def test_a_sentence_ends_once(message, sentence):
    assert ended(message) == sentence


def test_a_device_is_named_once():
    assert without_name("PHX1: was lost.", "PHX1") == "was lost."
    assert without_name("PHX10: was lost.", "PHX1") == "PHX10: was lost."
    assert without_name("was lost: PHX1: x", "PHX1") == "was lost: PHX1: x"


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (("dumpsys", "battery"), "dumpsys"),
        (("sh", "-c", "dumpsys power"), "`dumpsys power`"),
        (("sh", "-c", "x" * 80), f"`{'x' * 80}`"),
        (("sh", "-c", "x" * 81), "a script of mbench's"),
        (("sh", "-c", "a\nb"), "a script of mbench's"),
        (("sh", "-c"), "sh"),
        (("sh", "x"), "sh"),
    ],
)
def test_a_shell_is_called_by_what_it_was_asked(argv, shown):
    assert shown_command(argv) == shown
