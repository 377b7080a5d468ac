from pathlib import Path

import pytest

from mbench.core.errors import NoDevice
from mbench.devices.adb.properties import parse_properties
from mbench.devices.android.facts import Hardware
from mbench.devices.profiles.matching import Outcome, contradictions, match_profile, refuse_contradictions
from mbench.devices.profiles.profile import load_profile, load_profiles, parse_profile

DATA = Path(__file__).parents[2] / "data" / "android"
PROFILES = load_profiles()


def properties(name):
    return parse_properties((DATA / f"getprop-{name}.txt").read_text(encoding="utf-8"))


def profile(name, **match):
    lines = "\n".join(f"{key} = {value!r}" for key, value in match.items())
    return parse_profile(
        f"name = '{name}'\ntitle = '{name}'\ntransport = 'adb'\ndelegates = ['cpu']\nthreads = 1\n"
        f"[match]\n{lines}\n[sources]\nmatch = 'a test'\n",
        source=name,
    )


def hardware(said, *, cores=8):
    return Hardware(serial="R38M0000000", properties=said, policies=(), cores=cores, memory_kib=None)


@pytest.mark.parametrize(
    ("phone", "name"),
    [
        ("pixel4", "pixel4"),
        ("galaxy-s10-exynos", "galaxy_s10_exynos"),
        ("galaxy-s10-snapdragon", "galaxy_s10_snapdragon"),
    ],
)
def test_a_known_phone_has_its_profile(phone, name):
    match = match_profile(properties(phone), PROFILES)
    assert (match.outcome, [one.name for one in match.profiles]) == (Outcome.ONE, [name])


@pytest.mark.parametrize("name", [one.name for one in PROFILES if one.match.device and one.transport == "adb"])
def test_every_shipped_profile_recognises_each_device_that_it_names(name):
    declared = load_profile(name).match
    for device in declared.device:
        match = match_profile({"ro.product.device": device}, PROFILES)
        assert (match.outcome, match.profiles[0].name) == (Outcome.ONE, name)


def test_an_unknown_phone_gets_the_generic_profile_of_its_abi_and_a_reason_that_says_so():
    match = match_profile(properties("unknown-arm32"), PROFILES)
    assert match.outcome is Outcome.FALLBACK
    assert match.reason == (
        "no profile knows Nobody 1 (nobody, mt6580); generic_arm32 stands in, by its ABI armeabi-v7a."
    )


def test_a_phone_of_no_known_abi_has_no_profile():
    match = match_profile({"ro.product.model": "Odd", "ro.product.cpu.abilist": "riscv64"}, PROFILES)
    assert match.outcome is Outcome.NONE
    assert "riscv64" in match.reason


def test_phones_of_one_name_are_told_apart_by_their_chip():
    both = (profile("exynos", model=["S10"], platform=["exynos9820"]), profile("qcom", model=["S10"], soc=["SM8150"]))
    found = match_profile({"ro.product.model": "S10", "ro.soc.model": "sm8150", "ro.board.platform": "msmnile"}, both)
    assert [one.name for one in found.profiles] == ["qcom"]


def test_several_that_fit_are_all_named():
    both = (profile("b", model=["S10"]), profile("a", model=["S10"]))
    found = match_profile({"ro.product.model": "S10"}, both)
    assert (found.outcome, found.reason) == (
        Outcome.SEVERAL,
        "S10 fits several profiles: a, b. Name one of them with --device.",
    )


def test_a_profile_without_a_name_fits_by_its_chip_if_no_other_fits():
    both = (profile("any_855", soc=["SM8150"]), profile("pixel", device=["flame"]))
    assert match_profile({"ro.soc.model": "SM8150"}, both).profiles[0].name == "any_855"
    assert match_profile(properties("pixel4"), both).profiles[0].name == "pixel"


def test_a_phone_that_is_what_its_profile_says_is_accepted():
    refuse_contradictions(load_profile("pixel4"), hardware(properties("pixel4")))


@pytest.mark.parametrize(
    ("changes", "cores", "fault"),
    [
        ({}, 6, "8 cores, and the phone has 6"),
        (
            {"ro.soc.model": "SM8550", "ro.board.platform": "kalama"},
            8,
            "platform msmnile, and the phone says kalama",
        ),
        ({"ro.product.cpu.abilist": "armeabi-v7a"}, 8, "ABI arm64-v8a, and the phone runs armeabi-v7a"),
    ],
)
def test_a_contradiction_is_refused_with_both_sides(changes, cores, fault):
    with pytest.raises(NoDevice, match=f"R38M0000000: profile pixel4 declares {fault}"):
        refuse_contradictions(load_profile("pixel4"), hardware({**properties("pixel4"), **changes}, cores=cores))


def test_what_neither_side_says_contradicts_nothing():
    assert contradictions(load_profile("pixel4"), hardware({}, cores=None)) == ()


def test_what_is_unverified_stops_no_job():
    said = properties("galaxy-s10-exynos") | {"ro.board.platform": "exynos5"}
    assert contradictions(load_profile("galaxy_s10_exynos"), hardware(said)) == ()


BEFORE_12 = {"ro.product.model": "SM-G973U", "ro.product.device": "beyond1q", "ro.board.platform": "msmnile"}


def test_a_phone_before_android_12_names_no_soc_and_has_its_profile():
    """Its platform's name is none of a SoC's."""
    match = match_profile(BEFORE_12, PROFILES)
    assert [one.name for one in match.profiles] == ["galaxy_s10_snapdragon"]
    assert contradictions(match.profiles[0], hardware(BEFORE_12)) == ()


def declares(*, soc=(), platform=(), unverified=()):
    return profile("one", soc=list(soc), platform=list(platform)).model_copy(update={"unverified": unverified})


@pytest.mark.parametrize(
    ("declared", "said", "fault"),
    [
        ({"soc": ["SM8150"]}, {"platform": "msmnile"}, None),
        ({"platform": ["msmnile"]}, {"soc": "SM8150"}, None),
        ({"soc": ["SM8150"]}, {"soc": "sm8150", "platform": "odd"}, None),
        ({"soc": ["SM8150"]}, {"soc": "SM8250"}, "SoC SM8150, and the phone says SM8250"),
        ({"soc": ["SM6150"], "platform": ["sm6150"]}, {"soc": "SM7150", "platform": "sm6150"}, "SoC SM6150"),
        ({"soc": ["SM8150"], "platform": ["msmnile"]}, {"soc": "SM8150", "platform": "kona"}, None),
        ({"soc": ["SM8150"], "platform": ["msmnile"]}, {"platform": "kona"}, "platform msmnile"),
        ({"soc": ["SM8150"], "unverified": ("match.soc",)}, {"soc": "SM8250"}, None),
        ({"soc": ["A"], "platform": ["b"], "unverified": ("match.soc",)}, {"soc": "C", "platform": "b"}, None),
        ({"soc": ["A"], "platform": ["b"], "unverified": ("match.soc",)}, {"soc": "A", "platform": "d"}, None),
        ({"soc": ["A"], "platform": ["b"], "unverified": ("match.soc",)}, {"soc": "C", "platform": "d"}, "platform b"),
        ({"soc": ["A"], "platform": ["b"], "unverified": ("match",)}, {"soc": "C", "platform": "d"}, None),
    ],
)
def test_like_is_compared_with_like(declared, said, fault):
    names = {"soc": "ro.soc.model", "platform": "ro.board.platform"}
    found = contradictions(declares(**declared), hardware({names[kind]: value for kind, value in said.items()}))
    assert [each.startswith(fault or "-") for each in found] == ([True] if fault else [])


@pytest.mark.parametrize("name", ["ro.hardware.chipname", "ro.chipname", "ro.mediatek.platform"])
def test_a_profile_with_a_soc_alone_fits_phones_before_android_12_by_their_makers_names(name):
    (one,) = match_profile({name: "MT6785", "ro.board.platform": "mt6785"}, [profile("any", soc=["mt6785"])]).profiles
    assert one.name == "any"
    assert contradictions(one, hardware({name: "MT6785"})) == ()
    assert contradictions(one, hardware({name: "another"})) == ()


@pytest.mark.parametrize(
    ("name", "clocks"),
    [
        ("pixel8", [1704000, 2367000, 2914000]),
        ("redmi_note10", [1708800, 2208000]),
        ("pixel5", [1804800, 2208000, 2400000]),
        ("moto_g_power", [1804800, 2016000]),
    ],
)
def test_known_clocks_are_declared(name, clocks):
    assert sorted(set(load_profile(name).declared_khz.values())) == clocks


@pytest.mark.parametrize("model", ["M2101K7AG", "M2101K7AI"])
def test_a_stock_redmi_note_10_is_recognized_by_its_model(model):
    assert match_profile({"ro.product.model": model}, PROFILES).profiles[0].name == "redmi_note10"


@pytest.mark.parametrize(("name", "cores"), [("pixel3", 4), ("galaxy_s10_snapdragon", 6)])
def test_verified_cores_refuse_a_phone_with_others(name, cores):
    (fault,) = contradictions(load_profile(name), hardware({}, cores=cores))
    assert fault == f"8 cores, and the phone has {cores}"


@pytest.mark.parametrize("one", PROFILES, ids=lambda one: one.name)
def test_every_declared_fact_of_a_shipped_profile_has_a_source_or_says_that_it_has_none(one):
    facts = {
        name for name in ("match", "soc", "abi", "android", "clusters", "affinity", "quirks") if getattr(one, name)
    }
    facts = {name for name in facts if getattr(one, name) != type(one).model_fields[name].default}
    assert facts <= {*one.sources, *one.unverified}
