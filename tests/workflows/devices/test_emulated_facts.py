"""What emulated phones say of themselves: what their profile says, and never what another phone is."""

import pytest

from mbench.devices.adb.properties import parse_properties, soc
from mbench.devices.profiles.matching import Outcome, match_profile
from mbench.devices.profiles.profile import load_profile, load_profiles
from mbench.emulator.phone.android_files import format_properties
from mbench.workflows.devices.emulate import phone_facts

PHONES = [one for one in load_profiles() if one.transport == "adb" and not one.fallback]
NOT_PIXEL4 = [one for one in PHONES if one.name != "pixel4"]
PIXEL4S_OWN = ("Pixel 4", "flame", "TP1A.221005.002.B2", "9382335", "2022-10-05")
"""What no other phone may say; its chip, SM8150, is some others' too."""


def properties(profile):
    text = format_properties(phone_facts(profile, "EMULATED01", synthetic=True), boot_completed=True)
    return parse_properties("".join(f"[{name}]: [{value}]\n" for name, value in _pairs(text)))


def _pairs(text):
    return [line.split("=", 1) for line in text.splitlines()]


@pytest.mark.parametrize("profile", PHONES, ids=lambda one: one.name)
def test_an_emulated_phone_is_recognized_as_of_its_own_profile(profile):
    match = match_profile(properties(profile), PHONES)
    assert (match.outcome, [one.name for one in match.profiles]) == (Outcome.ONE, [profile.name])


@pytest.mark.parametrize("profile", NOT_PIXEL4, ids=lambda one: one.name)
def test_an_emulated_phone_says_nothing_that_only_a_pixel_4_says(profile):
    said = properties(profile)
    assert {name: value for name, value in said.items() for one in PIXEL4S_OWN if value.split("/")[-1] == one} == {}
    assert said["ro.build.fingerprint"].split("/")[0] == profile.title.split()[0].lower()


@pytest.mark.parametrize("profile", PHONES, ids=lambda one: one.name)
def test_an_emulated_phones_chip_is_one_that_its_profile_names(profile):
    said = properties(profile)
    assert said.get("ro.soc.model") in (profile.match.soc or (None,))
    assert soc(said) in (*profile.match.soc, *profile.match.platform)


@pytest.mark.parametrize(
    ("name", "chip", "maker"),
    [("galaxy_s10_exynos", "universal9820", "Samsung"), ("galaxy_s21_exynos", "exynos2100", "Samsung")],
)
def test_an_exynos_has_no_chip_of_another_maker(name, chip, maker):
    said = properties(load_profile(name))
    assert (soc(said), said["ro.soc.manufacturer"], "ro.soc.model" in said) == (chip, maker, False)


@pytest.mark.parametrize("profile", PHONES, ids=lambda one: one.name)
def test_an_emulated_phone_runs_no_older_android_than_it_was_launched_with(profile):
    said = properties(profile)
    assert int(said["ro.build.version.release"]) >= (profile.android or 0)
