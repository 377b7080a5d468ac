import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbench.core.plain_text import LONGEST_WORD, one_line
from mbench.report.pages.shell_words import shell_text


@pytest.mark.parametrize("argv", [("mbench", "run", "--model", "a b.tflite"), ("mbench", "it's;rm -rf ~"), ("",)])
def test_a_command_comes_back_word_for_word(argv):
    assert tuple(shlex.split(shell_text(argv))) == argv


@pytest.mark.parametrize("length", [78, 79, 80, 81, LONGEST_WORD - 1, LONGEST_WORD, LONGEST_WORD + 1, 5000])
@pytest.mark.parametrize("letter", ["'", "a", "'a", ";'"])
def test_a_long_word_stays_one_word_however_it_is_shortened(length, letter):
    text = shell_text(("mbench", letter * length + ";touch${IFS}evil;", "end"))
    found = shlex.split(one_line(text))
    assert (len(found), found[0], found[2]) == (3, "mbench", "end")


@given(st.lists(st.text(alphabet=st.sampled_from("ab'\"\\;$ \u202e\n\x00"), max_size=700), min_size=1, max_size=4))
def test_a_command_has_as_many_words_as_there_are(argv):
    text = shell_text(argv)
    assert one_line(text) == text
    assert len(shlex.split(text)) == len(argv)
