from pathlib import Path

from mbench.devices.adb.properties import parse_properties
from mbench.devices.android.facts import Hardware
from mbench.devices.android.kernel import parse_policies
from mbench.devices.profiles.check import check_profile
from mbench.devices.profiles.draft import format_draft, slug
from mbench.devices.profiles.profile import load_profile, parse_profile

DATA = Path(__file__).parents[2] / "data" / "android"


def draft(properties, cpufreq=""):
    hardware = Hardware(
        serial="X", properties=properties, policies=parse_policies(cpufreq), cores=None, memory_kib=None
    )
    return format_draft(hardware)


def pixel4():
    said = parse_properties((DATA / "getprop-pixel4.txt").read_text(encoding="utf-8"))
    return draft(said, (DATA / "cpufreq-pixel4.txt").read_text(encoding="utf-8"))


def test_a_draft_is_a_profile():
    assert check_profile(pixel4(), source="draft.toml") == ()


def test_a_draft_of_a_pixel_4_says_what_its_shipped_profile_says():
    drafted, shipped = parse_profile(pixel4(), source="draft"), load_profile("pixel4")
    assert drafted.clusters == shipped.clusters
    assert drafted.affinity == shipped.affinity
    assert drafted.abi == shipped.abi
    assert drafted.match.device == shipped.match.device


def test_what_the_phone_does_not_say_is_left_out():
    drafted = parse_profile(draft({}), source="draft")
    assert (drafted.soc, drafted.abi, drafted.clusters, drafted.affinity) == (None, None, (), None)


def test_odd_names_do_not_break_the_text():
    drafted = parse_profile(draft({"ro.product.model": 'Pho"ne\\ 5\n"" Ü'}), source="draft")
    assert drafted.match.model == ('Pho"ne\\ 5\n"" Ü',)


def test_a_model_becomes_a_name():
    assert [slug(model) for model in ("SM-G973F", "2201116SG", "Pixel 4", "Ü")] == [
        "sm_g973f",
        "phone_2201116sg",
        "pixel_4",
        "phone",
    ]
