import pytest

from mbench.core.errors import UsageError
from mbench.devices.profiles.profile import SHIPPED, load_profile, parse_profile


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_profile_is_valid_and_bears_its_file_name(path):
    assert parse_profile(path.read_text(encoding="utf-8"), source=path.name).name == path.stem


def test_an_unknown_device_suggests_the_nearest():
    with pytest.raises(UsageError, match="Did you mean 'host'"):
        load_profile("hots")


def test_the_users_own_profile_comes_first(tmp_path):
    text = (SHIPPED / "host.toml").read_text(encoding="utf-8").replace("this machine", "mine")
    (tmp_path / "host.toml").write_text(text, encoding="utf-8")
    assert load_profile("host", user_folder=tmp_path).title == "mine"


@pytest.mark.parametrize(
    ("text", "reason"),
    [("name = ", "Invalid value"), ('name = "x"', "title: Field required"), ("threads = 0", "name: Field required")],
)
def test_a_damaged_profile_is_named_with_the_reason(text, reason):
    with pytest.raises(UsageError, match=rf"mine.toml: {reason}"):
        parse_profile(text, source="mine.toml")


PHONE = """
name = "mine"
title = "Mine"
transport = "adb"
delegates = ["cpu", "gpu"]
threads = 1
[match]
device = ["mine"]
[sources]
"""


def test_a_phone_that_says_nothing_else_gets_a_phones_settings_and_limits():
    profile = parse_profile(PHONE, source="mine.toml")
    assert (profile.settings.warmup_min_secs, profile.settings.min_secs) == (1.0, 2.0)
    assert (profile.limits.thermal_status_max, profile.limits.battery_percent_min) == (0, 25)


def test_a_phones_own_words_come_before_the_defaults_one_by_one():
    profile = parse_profile(PHONE + "[limits]\nthermal_status_max = 2\n", source="mine.toml")
    assert (profile.limits.thermal_status_max, profile.limits.battery_percent_min) == (2, 25)


def test_the_hosts_settings_are_not_a_phones():
    assert load_profile("host").limits.thermal_status_max is None


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[match]\ndevice", "[match]\n# device", "match: a phone's profile says how the phone is recognised"),
        ("threads = 1", "threads = 1\nfallback = true", "abi: a fallback stands for the phones of one ABI"),
        ("threads = 1", 'threads = 1\nunverified = ["cluster"]', "unverified: 'cluster' is no field of a profile"),
        (
            "[sources]",
            "[affinity]\none = [9]\nseveral = [0]\n[[clusters]]\nname = 'a'\ncores = [0]\n[sources]",
            "affinity: core 9 is in no cluster",
        ),
    ],
)
def test_a_profile_that_contradicts_itself_is_refused(old, new, reason):
    with pytest.raises(UsageError, match=f"mine.toml: {reason}"):
        parse_profile(PHONE.replace(old, new), source="mine.toml")


def test_declared_clocks_are_those_with_a_source():
    clocks = load_profile("pixel4").declared_khz
    assert clocks == {**dict.fromkeys(range(4), 1785600), **dict.fromkeys((4, 5, 6), 2419200), 7: 2841600}
    for field in ("clusters", "clusters.max_khz"):
        assert load_profile("pixel4").model_copy(update={"unverified": (field,)}).declared_khz == {}
    assert load_profile("pixel4").model_copy(update={"unverified": ("clusters.cores",)}).declared_khz == clocks
    assert load_profile("host").declared_khz == {}
