"""Two attached phones that have one serial, as cheap ones do: a session goes to the one that was named."""

from phone_lab import together

from mbench.emulator.phone.facts import SyntheticLaw, pixel4

SERIAL = "0123456789ABCDEF"


def two_phones(lab):
    return [lab.phone(pixel4(SERIAL, synthetic=SyntheticLaw())) for _ in range(2)]


@together
def test_a_session_goes_to_the_phone_whose_address_was_named_and_to_no_other(lab):
    phones = two_phones(lab)
    refused = lab.run(device=SERIAL)
    assert (refused.returncode, all(phone.address in refused.last_line for phone in phones)) == (2, True)
    for place, phone in enumerate(phones):
        begun = [one.benchmarks for one in phones]
        done = lab.run(device=phone.address)
        assert (done.returncode, done.row["status"]) == (0, "ok"), done.err
        assert [one.benchmarks > before for one, before in zip(phones, begun, strict=True)] == [place == 0, place == 1]


@together
def test_where_all_phones_of_a_profile_share_a_serial_none_can_be_used(lab):
    phones = two_phones(lab)
    refused = lab.run("--every")
    assert (refused.returncode, all(phone.address in refused.last_line for phone in phones)) == (3, True)
    assert [phone.benchmarks for phone in phones] == [0, 0]
