"""Serials of phones that nobody named."""

from mbench.emulator.farm import PhoneFarm


def test_a_farm_gives_no_serial_that_one_of_its_phones_has(phone_farm: PhoneFarm) -> None:
    first, second = phone_farm.start_many(2)
    first.stop()
    others = phone_farm.start_many(2)
    serials = [phone.serial for phone in (second, *others)]
    for phone in (second, *others):
        phone.stop()
    assert serials == ["EMULATED02", "EMULATED01", "EMULATED03"]
