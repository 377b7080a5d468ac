"""Names of files for what others have named."""

import pytest

from mbench.files.names import file_name


@pytest.mark.parametrize("serial", ["9A1BFFAZ", "EMULATED01", "a_b-c"])
def test_a_plain_name_stays(serial):
    assert file_name(serial) == serial


def test_what_is_not_plain_keeps_what_is_and_a_hash():
    assert file_name("127.0.0.1:5555") == "127_0_0_1_5555-6460677a"


@pytest.mark.parametrize("text", ["", ".", "..", "../x", "/etc/passwd", "a\0b", "ü" * 300, "x" * 300, "\udce9", "a b"])
def test_no_name_leads_elsewhere_or_is_too_long(text):
    found = file_name(text)
    assert found.replace("-", "").replace("_", "").isalnum()
    assert len(found) <= 80


def test_names_that_look_alike_are_different_files():
    alike = ["a:b", "a/b", "a_b", "a b", "x" * 64, "x" * 65, "x" * 66]
    assert len({file_name(one) for one in alike}) == len(alike)


def test_half_a_character_of_a_json_text_gives_a_name_too():
    assert file_name("\ud800") != file_name("\ud801")
