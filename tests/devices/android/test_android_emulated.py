"""Facts, conditions and settings of emulated phones, over a real adb server."""

import itertools

import pytest

from mbench.core.errors import TransportError
from mbench.devices.adb.transport import open_device
from mbench.devices.android.conditions import AndroidConditions
from mbench.devices.android.facts import read_hardware, to_device_facts
from mbench.devices.android.journal import Change, Journal, read_journals, write_journal
from mbench.devices.android.readiness import Decision, verdict
from mbench.devices.android.settings import Wanted, borrowed, foreseen_refusals, restore_left_behind
from mbench.devices.profiles.draft import draft_profile
from mbench.devices.profiles.matching import match_profile, refuse_contradictions
from mbench.devices.profiles.profile import load_profile, load_profiles, parse_profile
from mbench.emulator.phone.facts import pixel4
from mbench.emulator.phone.faults import Fault, FaultKind

_SERIALS = (f"SET{number:04d}" for number in itertools.count(1))
_STAY_ON = "settings get global stay_on_while_plugged_in"
_GOVERNORS = "cat /sys/devices/system/cpu/cpufreq/policy*/scaling_governor"


@pytest.fixture
def start(farm, private_adb, adb):
    """Start a phone with other facts; return it and its transport."""
    phones = []

    def begin(**changes):
        phone = farm.start(pixel4(next(_SERIALS), **changes))
        phones.append(phone)
        private_adb.connect(phone.address)
        return phone, open_device(adb, phone.address)

    yield begin
    for phone in phones:
        private_adb.run("disconnect", phone.address)
        phone.stop()


def said(transport, command):
    return transport.run(("sh", "-c", command), deadline_s=10).stdout.decode().split()


def test_facts_are_read_in_words_of_the_result(over_adb):
    facts = to_device_facts(read_hardware(over_adb), "pixel4", emulated=over_adb.emulated)
    assert (facts.serial, facts.profile, facts.emulated) == (over_adb.serial, "pixel4", True)
    assert (facts.model, facts.soc, facts.os, facts.abi) == ("Pixel 4", "SM8150", "Android 13 (API 33)", "arm64-v8a")
    assert (facts.cores, facts.memory_kib) == (8, 5_730_124)


def test_the_phone_is_the_one_that_its_profile_declares(over_adb):
    hardware = read_hardware(over_adb)
    match = match_profile(hardware.properties, load_profiles())
    assert [profile.name for profile in match.profiles] == ["pixel4"]
    refuse_contradictions(match.profiles[0], hardware)


def test_a_draft_of_the_phone_has_its_clusters(over_adb):
    assert parse_profile(draft_profile(over_adb), source="draft").clusters == load_profile("pixel4").clusters


def test_a_cool_phone_tells_all_its_conditions(over_adb):
    conditions = AndroidConditions(over_adb).read()
    unknown = {name for name, value in conditions.model_dump().items() if value is None}
    assert unknown == {"pinned_busy_share"}  # a host's alone
    assert (conditions.thermal_status, conditions.other_benchmarks, conditions.doze) == (0, 0, False)
    assert (conditions.power, conditions.powered_by, conditions.charging) == ("mains", "usb", "charging")
    assert conditions.frequency_max_khz == (1785600,) * 4 + (2419200,) * 3 + (2841600,)


def test_a_hot_phone_is_waited_for(phone, over_adb):
    phone.arm(Fault(kind=FaultKind.HEAT, level=3))
    conditions = AndroidConditions(over_adb).read()
    assert conditions.thermal_status == 3
    assert conditions.frequency_max_khz[-1] < 2841600
    assert verdict(conditions, load_profile("pixel4").limits).decision is Decision.WAIT


def test_an_empty_battery_without_cable_is_given_up(phone, over_adb):
    phone.arm(Fault(kind=FaultKind.BATTERY, level=7, powered=False))
    found = verdict(AndroidConditions(over_adb).read(), load_profile("pixel4").limits)
    assert found.decision is Decision.GIVE_UP


def test_faked_battery_values_are_unknown(over_adb):
    said(over_adb, "dumpsys battery set level 100")
    conditions = AndroidConditions(over_adb).read()
    assert (conditions.battery_percent, conditions.power, conditions.charging) == (None, None, None)


def test_another_benchmark_on_the_phone_is_seen(farm, over_adb):
    if not farm.namespace:
        pytest.skip("without namespaces a script on the emulated phone cannot bear its own name as a process")
    rival = f"{over_adb.root}/benchmark_model"
    over_adb.write(rival, b"#!/system/bin/sh\nsleep 60\n", executable=True)
    said(over_adb, f"{rival} </dev/null >/dev/null 2>&1 &")
    assert AndroidConditions(over_adb).read().other_benchmarks == 1


def test_a_phone_before_android_10_has_no_thermal_status(start):
    _, transport = start(release="9", sdk=28)
    conditions = AndroidConditions(transport).read()
    assert conditions.thermal_status is None
    assert "thermal_status_max" in verdict(conditions, load_profile("pixel4").limits).unknown


def test_a_lost_phone_is_an_error_and_no_unknown(phone, over_adb):
    phone.stop()
    with pytest.raises(TransportError):
        AndroidConditions(over_adb).read()


def test_settings_are_ours_while_borrowed_and_as_before_afterwards(over_adb, tmp_path):
    with borrowed(over_adb, host_folder=tmp_path):
        assert said(over_adb, _STAY_ON) == ["7"]
    assert said(over_adb, _STAY_ON) == ["0"]
    assert list(tmp_path.iterdir()) == []
    assert read_journals(over_adb, tmp_path) == ()


def test_settings_are_put_back_on_an_error(over_adb, tmp_path):
    with pytest.raises(KeyboardInterrupt), borrowed(over_adb, host_folder=tmp_path):
        raise KeyboardInterrupt
    assert said(over_adb, _STAY_ON) == ["0"]


def test_a_setting_that_was_never_set_is_removed_again(over_adb, tmp_path):
    said(over_adb, "settings delete global stay_on_while_plugged_in")
    with borrowed(over_adb, host_folder=tmp_path):
        pass
    assert said(over_adb, _STAY_ON) == ["null"]


def test_a_sleeping_phone_is_woken_and_sleeps_again(over_adb, tmp_path):
    said(over_adb, "input keyevent 223")
    with borrowed(over_adb, host_folder=tmp_path):
        assert AndroidConditions(over_adb).read().screen_on is True
    assert AndroidConditions(over_adb).read().screen_on is False


def test_the_journal_is_written_before_the_change_to_phone_and_host(over_adb, tmp_path):
    with borrowed(over_adb, host_folder=tmp_path):
        (journal,) = read_journals(over_adb, tmp_path)
        (host_copy,) = tmp_path.iterdir()
        assert Journal.model_validate_json(host_copy.read_bytes()) == journal
    assert journal.changes == (Change(knob="stay_on", before="0", ours="7"),)


@pytest.mark.parametrize("cleared", ["phone", "host"])
def test_what_a_killed_session_left_is_put_back_from_either_copy(over_adb, tmp_path, cleared):
    journal = Journal(serial=over_adb.serial, changes=(Change(knob="stay_on", before="3", ours="7"),))
    write_journal(over_adb, tmp_path, journal)
    said(over_adb, "settings put global stay_on_while_plugged_in 7")
    if cleared == "phone":
        over_adb.remove(f"{over_adb.root}/borrowed-settings.json")
    else:
        next(tmp_path.iterdir()).unlink()
    assert restore_left_behind(over_adb, tmp_path).restored == ("stay_on",)
    assert said(over_adb, _STAY_ON) == ["3"]


def test_putting_back_twice_changes_nothing_more(over_adb, tmp_path):
    write_journal(
        over_adb,
        tmp_path,
        Journal(serial=over_adb.serial, changes=(Change(knob="stay_on", before="3", ours="7"),)),
    )
    restore_left_behind(over_adb, tmp_path)
    assert restore_left_behind(over_adb, tmp_path).restored == ()
    assert said(over_adb, _STAY_ON) == ["0"]


def test_what_somebody_else_has_changed_meanwhile_is_left(over_adb, tmp_path):
    with borrowed(over_adb, host_folder=tmp_path):
        said(over_adb, "settings put global stay_on_while_plugged_in 2")
    assert said(over_adb, _STAY_ON) == ["2"]


def test_a_journal_of_another_phone_is_not_ours(over_adb, tmp_path):
    journal = Journal(serial="ANOTHER", changes=(Change(knob="stay_on", before="3", ours="0"),))
    over_adb.write(f"{over_adb.root}/borrowed-settings.json", journal.model_dump_json().encode())
    assert restore_left_behind(over_adb, tmp_path).restored == ()


@pytest.mark.parametrize(
    "data", [b"", b"{", b'{"serial": "x", "changes": [{"knob": "rm -rf", "before": "", "ours": ""}]}']
)
def test_a_damaged_journal_changes_nothing(over_adb, tmp_path, data):
    over_adb.write(f"{over_adb.root}/borrowed-settings.json", data)
    assert restore_left_behind(over_adb, tmp_path).restored == ()


def test_a_phone_that_is_lost_keeps_its_journal_for_the_next_session(phone, over_adb, tmp_path):
    with pytest.raises(TransportError), borrowed(over_adb, host_folder=tmp_path):
        phone.stop()
    assert len(list(tmp_path.iterdir())) == 1


def test_the_error_under_way_is_not_replaced_by_that_of_putting_back(phone, over_adb, tmp_path):
    def fail():
        phone.stop()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), borrowed(over_adb, host_folder=tmp_path):
        fail()


def test_governors_are_borrowed_on_a_rooted_phone(start, tmp_path):
    _, transport = start(rooted=True)
    with borrowed(transport, host_folder=tmp_path, wanted=Wanted(governor="performance")):
        assert set(said(transport, _GOVERNORS)) == {"performance"}
    assert set(said(transport, _GOVERNORS)) == {"schedutil"}


def test_a_governor_that_is_not_ours_to_set_is_refused_in_the_phones_words(over_adb, tmp_path):
    with borrowed(over_adb, host_folder=tmp_path, wanted=Wanted(governor="performance")) as state:
        assert [refusal.knob for refusal in state.refused] == [f"governor:policy{first}" for first in (0, 4, 7)]
        assert all("Permission denied" in refusal.words for refusal in state.refused)


@pytest.mark.parametrize(("rooted", "governor", "words"), [(False, "performance", "rooted"), (True, "turbo", "it has")])
def test_a_governor_that_cannot_be_had_is_foreseen_and_nothing_is_changed(start, rooted, governor, words):
    _, transport = start(rooted=rooted)
    before = said(transport, _GOVERNORS)
    refusals = foreseen_refusals(transport, Wanted(governor=governor))
    assert [words in refusal.words for refusal in refusals] == [True] * 3
    assert said(transport, _GOVERNORS) == before


def test_clocks_that_can_be_had_are_not_refused_beforehand(start):
    _, transport = start(rooted=True)
    assert foreseen_refusals(transport, Wanted(governor="performance", fixed_performance=True)) == ()


def test_fixed_performance_is_switched_on_and_off(over_adb, tmp_path):
    switched = "dumpsys power | grep mFixedPerformanceModeEnabled"
    with borrowed(over_adb, host_folder=tmp_path, wanted=Wanted(fixed_performance=True)):
        assert said(over_adb, switched) == ["mFixedPerformanceModeEnabled=true"]
    assert said(over_adb, switched) == ["mFixedPerformanceModeEnabled=false"]


def test_fixed_performance_is_refused_before_android_11_and_owed_to_nobody(start, tmp_path):
    _, transport = start(release="10", sdk=29)
    with borrowed(transport, host_folder=tmp_path, wanted=Wanted(fixed_performance=True)) as state:
        assert [refusal.knob for refusal in state.refused] == ["fixed_performance"]
    assert list(tmp_path.iterdir()) == []


def test_a_value_that_cannot_be_put_back_stays_in_the_journal(start, tmp_path):
    _, transport = start()
    change = Change(knob="governor:policy0", before="powersave", ours="schedutil")
    write_journal(transport, tmp_path, Journal(serial=transport.serial, changes=(change,)))
    assert [refusal.knob for refusal in restore_left_behind(transport, tmp_path).refused] == ["governor:policy0"]
    with borrowed(transport, host_folder=tmp_path):
        assert change in read_journals(transport, tmp_path)[0].changes
    assert read_journals(transport, tmp_path)[0].changes == (change,)
