"""Serials of emulated phones: no two that run have one."""

import pytest

from mbench.core.errors import StoreError, UsageError
from mbench.workflows.devices.emulated_serials import held_serials


def test_the_first_ones_are_numbered_from_one(tmp_path):
    with held_serials(2, [], attached=[], folder=tmp_path) as serials:
        assert serials == ("EMULATED01", "EMULATED02")


def test_numbers_that_others_hold_or_attached_phones_have_are_passed_over(tmp_path):
    others = held_serials(1, [], attached=[], folder=tmp_path)
    with others, held_serials(3, ["MINE"], attached=["EMULATED03"], folder=tmp_path) as serials:
        assert serials == ("MINE", "EMULATED02", "EMULATED04")


def test_numbers_are_free_again_when_their_holder_has_ended(tmp_path):
    with held_serials(2, [], attached=[], folder=tmp_path):
        pass
    with held_serials(1, [], attached=[], folder=tmp_path) as serials:
        assert serials == ("EMULATED01",)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (["A", "A"], "--serial A: a running mbench emulate has it already; choose another one."),
        (["USED"], "--serial USED: an attached phone has it already; choose another one."),
        (["two words"], "--serial 'two words' is no serial"),
        ([""], "is no serial"),
        (["../up"], "is no serial"),
    ],
)
def test_a_serial_that_cannot_be_had_is_reported_in_one_line(tmp_path, wanted, said):
    with pytest.raises(UsageError) as refused, held_serials(3, wanted, attached=["USED"], folder=tmp_path):
        pass
    assert said in str(refused.value)


def test_what_was_taken_before_a_refusal_is_free_again(tmp_path):
    with pytest.raises(UsageError), held_serials(2, ["A", "USED"], attached=["USED"], folder=tmp_path):
        pass
    with held_serials(1, ["A"], attached=[], folder=tmp_path) as serials:
        assert serials == ("A",)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="let MBENCH_HOME"), held_serials(1, [], attached=[], folder=tmp_path / "file"):
        pass
