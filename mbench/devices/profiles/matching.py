"""Which profile a phone has, and whether the phone is what the profile says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mbench.core.errors import NoDevice
from mbench.devices.adb.properties import abis
from mbench.devices.android.facts import Hardware
from mbench.devices.profiles.profile import Profile

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "model": ("ro.product.model", "ro.product.vendor.model"),
    "device": ("ro.product.device", "ro.product.vendor.device"),
}
_HARDWARE: Final[Mapping[str, tuple[str, ...]]] = {
    "board": ("ro.product.board",),
    "soc": ("ro.soc.model",),
    "platform": ("ro.board.platform",),
}
_ALSO_SAID: Final[Mapping[str, tuple[str, ...]]] = {
    "soc": ("ro.hardware.chipname", "ro.chipname", "ro.mediatek.platform"),
}
"""Where makers name the chip before Android 12, which brought ro.soc.model: such a name may agree, never contradict."""


class Outcome(StrEnum):
    """How a search for a phone's profile ended."""

    ONE = "one"
    SEVERAL = "several"
    FALLBACK = "fallback"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The profiles that a phone may have.

    Attributes:
        outcome: `one`; `several`, all of which fit; `fallback`, the generic profile of its ABI; `none`.
        profiles: by name.
        reason: the outcome as a sentence.
    """

    outcome: Outcome
    profiles: tuple[Profile, ...]
    reason: str


def match_profile(properties: Mapping[str, str], profiles: Sequence[Profile]) -> Match:
    """Return the profile of a phone by its properties.

    A profile fits by the phone's model or device name. Of several that fit, those whose hardware (board, SoC, platform)
    is the phone's remain. A profile without any name fits by its hardware alone, if no other fits by name. A single
    profile that fits by name is the phone's even if its hardware is not: `refuse_contradictions` tells that apart.
    """
    phones = [profile for profile in profiles if profile.transport == "adb" and not profile.fallback]
    fitting = [profile for profile in phones if _agrees(profile, properties, _NAMES) is True]
    if len(fitting) > 1:
        fitting = [one for one in fitting if _agrees(one, properties, _HARDWARE) is not False] or fitting
    if len(fitting) > 1:
        fitting = [one for one in fitting if _agrees(one, properties, _HARDWARE) is True] or fitting
    if not fitting:
        nameless = [profile for profile in phones if not profile.match.model and not profile.match.device]
        fitting = [profile for profile in nameless if _agrees(profile, properties, _HARDWARE) is True]
    if not fitting:
        return _fallback(properties, profiles)
    fitting.sort(key=lambda profile: profile.name)
    if len(fitting) == 1:
        reason = f"{_described(properties)} is {fitting[0].title}: profile {fitting[0].name}."
        return Match(outcome=Outcome.ONE, profiles=tuple(fitting), reason=reason)
    names = ", ".join(profile.name for profile in fitting)
    return Match(
        outcome=Outcome.SEVERAL,
        profiles=tuple(fitting),
        reason=f"{_described(properties)} fits several profiles: {names}. Name one of them with --device.",
    )


def contradictions(profile: Profile, hardware: Hardware) -> tuple[str, ...]:
    """Return where the phone is not what the profile declares: cores, SoC, ABI. What either does not say is none.

    The kernel's clusters and frequencies are no reason: they are read off the phone and win.
    """
    found = []
    counted = profile.clusters and not {"clusters", "clusters.cores"} & set(profile.unverified)
    if counted and hardware.cores is not None and hardware.cores != len(profile.cores):
        found.append(f"{len(profile.cores)} cores, and the phone has {hardware.cores}")
    found += filter(None, [_other_chip(profile, hardware.properties)])
    runs = abis(hardware.properties)
    if profile.abi is not None and runs and profile.abi not in runs:
        found.append(f"ABI {profile.abi}, and the phone runs {', '.join(runs)}")
    return tuple(found)


def refuse_contradictions(profile: Profile, hardware: Hardware) -> None:
    """Raise where the phone is not what its profile declares.

    Raises:
        NoDevice: it is not; both sides are named.
    """
    if found := contradictions(profile, hardware):
        raise NoDevice(
            f"{hardware.serial}: profile {profile.name} declares {'; '.join(found)}. "
            "Choose another profile with --device, or describe this phone in one of your own."
        )


def _other_chip(profile: Profile, properties: Mapping[str, str]) -> str | None:
    """Return how the phone's chip is not the declared one, None where it is, or where nothing can be compared.

    Like is compared with like: names of SoCs (SM8150) with each other, and names of platforms (msmnile), which several
    SoCs share. A SoC that agrees settles it; what is unverified may agree, and not contradict.
    """
    for kind, what in (("soc", "SoC"), ("platform", "platform")):
        declared, said = getattr(profile.match, kind), _said(properties, _HARDWARE[kind])
        if _alike(declared, (*said, *_said(properties, _ALSO_SAID.get(kind, ())))):
            return None
        if declared and said and not {"match", f"match.{kind}"} & set(profile.unverified):
            return f"{what} {' or '.join(declared)}, and the phone says {' / '.join(said)}"
    return None


def _said(properties: Mapping[str, str], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(value for name in names if (value := properties.get(name, "").strip()))


def _alike(declared: Sequence[str], said: Sequence[str]) -> bool:
    return bool({each.casefold() for each in declared} & {each.casefold() for each in said})


def _agrees(profile: Profile, properties: Mapping[str, str], kinds: Mapping[str, tuple[str, ...]]) -> bool | None:
    """Return whether any declared value is the phone's; None where profile or phone says nothing of these kinds."""
    compared = False
    for kind, names in kinds.items():
        declared, said = getattr(profile.match, kind), _said(properties, names)
        if _alike(declared, (*said, *_said(properties, _ALSO_SAID.get(kind, ())))):
            return True
        compared = compared or bool(declared and said)
    return False if compared else None


def _fallback(properties: Mapping[str, str], profiles: Sequence[Profile]) -> Match:
    runs = abis(properties)
    for abi in runs:
        for profile in profiles:
            if profile.fallback and profile.transport == "adb" and profile.abi == abi:
                reason = f"no profile knows {_described(properties)}; {profile.name} stands in, by its ABI {abi}."
                return Match(outcome=Outcome.FALLBACK, profiles=(profile,), reason=reason)
    shown = f"its ABIs ({', '.join(runs)})" if runs else "an ABI that it does not tell"
    reason = f"no profile knows {_described(properties)}, and none stands in for {shown}."
    return Match(outcome=Outcome.NONE, profiles=(), reason=reason)


def _described(properties: Mapping[str, str]) -> str:
    model = properties.get("ro.product.model") or "a phone that names no model"
    soc = _said(properties, ("ro.soc.model", "ro.board.platform"))
    more = ", ".join(filter(None, (properties.get("ro.product.device"), *soc)))
    return f"{model} ({more})" if more else model
