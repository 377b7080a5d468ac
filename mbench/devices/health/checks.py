"""Health as named checks: pure functions of what was read of a phone, with figure, limit and remedy.

A check that fails makes a phone unfit for a night; a warning is said and lets it measure. What a phone does not show is
unknown, which is neither. Limits are the profile's where it has them, else the constants here.
"""

from collections.abc import Callable
from typing import Final

from mbench.core.clocks import caps
from mbench.devices.health.check import UNKNOWN, Check, CheckName, CheckState, Judged, failing, named, ok, warning
from mbench.devices.health.readings import PhoneReadings
from mbench.devices.limits import Limits
from mbench.devices.profiles.profile import PHONE_LIMITS, Profile
from mbench.files.regular import GIB, MIB, format_limit

WARM_BATTERY_C: Final = 37.0
"""Where phones in laboratories were seen to throttle (WebPageTest issue 180, browsertime pull request 1250)."""

HOT_BATTERY_C: Final = 45.0
"""Above which chargers take back what they give a lithium-ion cell (JEITA's guide to their safe use)."""

LEAST_FREE_BYTES: Final = 512 * MIB
"""For a night's models and programs, and for Android, which warns at some 500 MB
(android.os.storage.StorageManager.DEFAULT_THRESHOLD_MAX_BYTES)."""

LITTLE_FREE_BYTES: Final = 2 * GIB

LARGEST_OFFSET_S: Final = 2.0
"""Of the phone's clock. Nothing is ordered by it: it shows that a phone has lost its time, and with it what else."""

SETTLED_S: Final = 120.0
"""After a start, during which Android still works for itself."""

LIMITED_CHARGE_PERCENT: Final = 60.0
"""From here on a battery may rest, as its owner's charge limit lets it. A choice: such limits are mostly 80 %."""

_EMERGENCY: Final = 5
"""Android's thermal status from which on a phone switches things off, at last itself (android.os.PowerManager)."""


def check_phone(readings: PhoneReadings, profile: Profile | None) -> tuple[Check, ...]:
    """Return the checks of one reading: of a phone that was not asked fewer.

    Of one that does not answer that alone, and of one that a session uses, so that it was left in peace, who does.

    Args:
        readings: of the phone.
        profile: says its limits; None: those of a phone without a profile.
    """
    if not readings.answers:
        why = readings.refusal or "Look at its cable and its screen, then run mbench devices."
        return (Check(name=CheckName.ANSWER, state=CheckState.FAILED, figure="no answer", remedy=why),)
    limits = PHONE_LIMITS if profile is None else profile.limits
    answered = Check(name=CheckName.ANSWER, state=CheckState.OK)
    if readings.used_by and readings.conditions is None:
        return (answered, named(CheckName.IN_USE, _in_use(readings, limits)))
    judged = ((name, judge(readings, limits)) for name, judge in _CHECKS.items())
    return (answered, *(named(name, found) for name, found in judged if found is not None))


def _started(readings: PhoneReadings, _: Limits) -> Judged:
    if readings.booted is None:
        return UNKNOWN
    if not readings.booted:
        return failing("Android is still starting", None, "Wait until it has come up.")
    up_s = readings.uptime_s
    if up_s is None or readings.emulated:  # whose uptime is this machine's
        return ok("started")
    figure, limit = f"{up_s:.0f} s ago", f"at least {SETTLED_S:g} s"
    if up_s < SETTLED_S:
        return warning(figure, limit, "Wait: Android still works for itself.")
    return ok(figure, limit)


def _lock(readings: PhoneReadings, _: Limits) -> Judged:
    state = readings.user_state
    limit = "RUNNING_UNLOCKED"
    if state is None:
        return Judged(CheckState.UNKNOWN, limit=limit)
    if state == limit:
        return ok(state, limit)
    if state in {"BOOTING", "RUNNING_UNLOCKING"}:
        return warning(state, limit, "Wait: it is being unlocked.")
    return failing(
        state, limit, "Unlock it by hand, once after each start; phones of a laboratory are best without a PIN."
    )


def _battery_level(readings: PhoneReadings, limits: Limits) -> Judged | None:
    seen, least = readings.conditions, limits.battery_percent_min
    if least is None:
        return None
    limit = f"at least {least:g} %"
    if readings.battery_faked:
        return failing("set by hand", limit, "Let it tell the truth again: adb shell dumpsys battery reset.")
    if seen is None or seen.battery_percent is None:
        return Judged(CheckState.UNKNOWN, limit=limit)
    figure = f"{seen.battery_percent:.0f} %"
    if seen.battery_percent >= least:
        return ok(figure, limit)
    charges = seen.charging == "charging"
    return failing(figure, limit, "Wait: it charges." if charges else "Plug it in, and see that it charges.")


def _battery_health(readings: PhoneReadings, _: Limits) -> Judged:
    word, limit = readings.battery_health, "good"
    if word is None:
        return Judged(CheckState.UNKNOWN, limit=limit)
    if word == "good":
        return ok(word, limit)
    if word in {"cold", "overheat"}:
        return failing(word, limit, "Bring it to room temperature.")
    remedy = "Take it off the charger and replace its battery; look whether that has swollen."
    return failing(word.replace("_", " "), limit, remedy)


def _battery_temperature(readings: PhoneReadings, limits: Limits) -> Judged:
    seen, declared = readings.conditions, limits.battery_temperature_c
    most = HOT_BATTERY_C if declared is None else declared
    warm = WARM_BATTERY_C if declared is None else declared
    limit = f"at most {warm:g} °C"
    if seen is None or seen.battery_temperature_c is None:
        return Judged(CheckState.UNKNOWN, limit=limit)
    celsius = seen.battery_temperature_c
    figure, remedy = f"{celsius:.1f} °C", "Let it cool; see that air reaches it."
    if celsius > most:
        return failing(figure, f"at most {most:g} °C", remedy)
    return warning(figure, limit, remedy) if celsius > warm else ok(figure, limit)


def _charging(readings: PhoneReadings, _: Limits) -> Judged:
    seen = readings.conditions
    if seen is None or seen.powered_by is None:
        return UNKNOWN
    if seen.powered_by == "none":
        return warning("on battery", "on a cable", "Plug it in; if it is, change cable, port or supply.")
    if seen.charging is None:
        return UNKNOWN
    figure = f"{seen.charging.replace('_', ' ')} ({seen.powered_by})"
    may_rest = seen.battery_percent is not None and seen.battery_percent >= LIMITED_CHARGE_PERCENT
    if seen.charging in {"charging", "full", *(("not_charging",) if may_rest else ())}:
        return ok(figure, "charging")
    return warning(figure, "charging", "Change cable, port or supply: this one does not feed it.")


def _storage(readings: PhoneReadings, _: Limits) -> Judged:
    free = readings.storage_free_bytes
    limit = f"at least {format_limit(LITTLE_FREE_BYTES)} free"
    if free is None:
        return Judged(CheckState.UNKNOWN, limit=limit)
    figure = f"{free / GIB:.1f} GiB free" if free >= GIB else f"{free / MIB:.0f} MiB free"
    remedy = f"Free space on it; mbench devices clean {readings.serial} removes what is mbench's."
    if free < LEAST_FREE_BYTES:
        return failing(figure, f"at least {format_limit(LEAST_FREE_BYTES)} free", remedy)
    return warning(figure, limit, remedy) if free < LITTLE_FREE_BYTES else ok(figure, limit)


def _thermal_status(readings: PhoneReadings, limits: Limits) -> Judged | None:
    seen, most = readings.conditions, limits.thermal_status_max
    if most is None:
        return None
    limit = f"at most {most}"
    if seen is None or seen.thermal_status is None:
        return Judged(CheckState.UNKNOWN, limit=limit)
    status = seen.thermal_status
    if status <= most:
        return ok(str(status), limit)
    hot = status >= _EMERGENCY
    return failing(str(status), limit, "Take it off now: it is about to switch itself off." if hot else "Let it cool.")


def _skin_temperature(readings: PhoneReadings, limits: Limits) -> Judged | None:
    seen = readings.conditions
    return _below(None if seen is None else seen.skin_temperature_c, limits.skin_temperature_c)


def _zone_temperature(readings: PhoneReadings, limits: Limits) -> Judged | None:
    seen = readings.conditions
    return _below(None if seen is None else seen.temperature_c, limits.temperature_c)


def _below(celsius: float | None, most: float | None) -> Judged | None:
    """Return a temperature judged by a profile's limit; None where that has none."""
    if most is None:
        return None
    limit = f"at most {most:g} °C"
    if celsius is None:
        return Judged(CheckState.UNKNOWN, limit=limit)
    figure = f"{celsius:.1f} °C"
    return failing(figure, limit, "Let it cool; see that air reaches it.") if celsius > most else ok(figure, limit)


def _clocks(readings: PhoneReadings, _: Limits) -> Judged:
    seen = readings.conditions
    if seen is None or not (seen.frequency_max_khz and seen.frequency_hardware_khz):
        return UNKNOWN
    found = caps(seen, None)
    if not found:
        return ok("none is capped")
    remedy = "See what caps them: heat, battery saver, a gaming or power setting of its maker."
    lowest = min(cap.allowed_khz / cap.hardware_khz for cap in found)
    return warning(f"{len(found)} cores capped, to {lowest:.0%} at worst", "as its hardware", remedy)


def _battery_saver(readings: PhoneReadings, _: Limits) -> Judged:
    if readings.battery_saver is None:
        return Judged(CheckState.UNKNOWN, limit="off")
    if not readings.battery_saver:
        return ok("off", "off")
    return failing("on", "off", "Switch it off, and its schedule with it: adb shell settings put global low_power 0.")


def _screen(readings: PhoneReadings, _: Limits) -> Judged:
    seen, word = readings.conditions, readings.wakefulness
    if word is None:
        return UNKNOWN
    if word == "Awake" or seen is None or not seen.stay_on:  # a phone may sleep until it is measured
        return ok(word)
    return warning(word, "Awake, as its setting says", "Switch the screen on; if it goes off again, restart the phone.")


def _time(readings: PhoneReadings, _: Limits) -> Judged:
    offset, doubt = readings.clock_offset_s, readings.clock_uncertainty_s
    limit = f"within {LARGEST_OFFSET_S:g} s of this host's"
    if offset is None or doubt is None:
        return Judged(CheckState.UNKNOWN, limit=limit)
    figure = f"{abs(offset):.1f} s {'ahead' if offset >= 0 else 'behind'} (±{doubt:.1f} s)"
    if abs(offset) - doubt > LARGEST_OFFSET_S:
        return warning(figure, limit, "Set its clock: switch on automatic time, and let it reach a network.")
    if abs(offset) + doubt > LARGEST_OFFSET_S:
        return Judged(CheckState.UNKNOWN, figure, limit)
    return ok(figure, limit)


def _connection(readings: PhoneReadings, _: Limits) -> Judged:
    if readings.connection is None:
        return UNKNOWN
    if readings.connection != "network":
        return ok(readings.connection)
    return warning(
        "network", "usb", "Use a cable: its radio works while it is measured, and the way gets lost at night."
    )


def _leftovers(readings: PhoneReadings, _: Limits) -> Judged | None:
    if readings.left is None:
        return None if readings.used_by else UNKNOWN
    if not readings.left:
        return ok("none")
    remedy = f"The next session puts it right; or mbench devices clean {readings.serial}."
    return warning(" and ".join(readings.left), "none", remedy)


def _other_benchmark(readings: PhoneReadings, _: Limits) -> Judged | None:
    seen = readings.conditions
    if readings.used_by:  # whose benchmarks they are
        return None
    if seen is None or seen.other_benchmarks is None:
        return UNKNOWN
    count = seen.other_benchmarks
    if not count:
        return ok("none")
    return failing(f"{count} running", "none", "End it: adb shell pidof benchmark_model shows its process.")


def _in_use(readings: PhoneReadings, _: Limits) -> Judged:
    if readings.used_by is None:
        return ok("no")
    return warning(f"by {readings.used_by}", "no", "Wait until that has ended.")


_CHECKS: Final[dict[CheckName, Callable[[PhoneReadings, Limits], Judged | None]]] = {
    CheckName.IN_USE: _in_use,
    CheckName.STARTED: _started,
    CheckName.LOCK: _lock,
    CheckName.BATTERY_LEVEL: _battery_level,
    CheckName.BATTERY_HEALTH: _battery_health,
    CheckName.BATTERY_TEMPERATURE: _battery_temperature,
    CheckName.CHARGING: _charging,
    CheckName.STORAGE: _storage,
    CheckName.THERMAL_STATUS: _thermal_status,
    CheckName.SKIN_TEMPERATURE: _skin_temperature,
    CheckName.ZONE_TEMPERATURE: _zone_temperature,
    CheckName.CLOCKS: _clocks,
    CheckName.BATTERY_SAVER: _battery_saver,
    CheckName.SCREEN: _screen,
    CheckName.TIME: _time,
    CheckName.CONNECTION: _connection,
    CheckName.LEFTOVERS: _leftovers,
    CheckName.OTHER_BENCHMARK: _other_benchmark,
}
"""In the order in which they are shown; one that returns None has nothing to say of this phone."""
