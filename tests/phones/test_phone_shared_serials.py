"""Two attached phones that have one serial, as cheap ones do: a session goes to the one that was named."""

from phone_lab import ONE_RUN, together

from mbench.emulator.phone.facts import SyntheticLaw, pixel4

SERIAL = "0123456789ABCDEF"


@together
def test_a_session_goes_to_the_phone_whose_address_was_named_and_to_no_other(lab):
    """And to none where the serial is all that is said, or where all phones of their profile are wanted."""
    phones = [lab.phone(pixel4(SERIAL, synthetic=SyntheticLaw())) for _ in range(2)]
    for code, refused in ((2, lab.run(device=SERIAL)), (3, lab.run("--every"))):
        assert (refused.returncode, all(phone.address in refused.last_line for phone in phones)) == (code, True)
    assert [phone.benchmarks for phone in phones] == [0, 0]
    for place, phone in enumerate(phones):
        begun = [one.benchmarks for one in phones]
        done = lab.run(*ONE_RUN, device=phone.address)
        assert (done.returncode, done.row["status"]) == (0, "ok"), done.err
        assert [one.benchmarks > before for one, before in zip(phones, begun, strict=True)] == [place == 0, place == 1]
