"""A first profile of a phone that nobody has described: what can be read off it, as TOML to be looked over."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from mbench.core.ports import Transport
from mbench.devices.adb.properties import abis, named
from mbench.devices.android.facts import Hardware, best_cores, read_hardware
from mbench.devices.android.kernel import Policy

_CLUSTER_NAMES: Final[Mapping[int, tuple[str, ...]]] = {
    1: ("all",),
    2: ("little", "big"),
    3: ("little", "big", "prime"),
}
"""By the number of clusters, slowest first."""

_MATCHED: Final = (
    ("model", "ro.product.model"),
    ("device", "ro.product.device"),
    ("board", "ro.product.board"),
    ("soc", "ro.soc.model"),
    ("platform", "ro.board.platform"),
)


def draft_profile(transport: Transport) -> str:
    """Return a TOML text that `parse_profile` takes, of what an attached phone says; what it does not say is left out.

    Args:
        transport: the way to the phone.

    Raises:
        TransportError: it cannot be asked.
    """
    return format_draft(read_hardware(transport))


def format_draft(hardware: Hardware) -> str:
    """Return the draft of a phone whose facts are known."""
    return "\n".join([*_head(hardware), *_match(hardware), *_cores(hardware.policies), *_sources(hardware)]) + "\n"


def slug(model: str) -> str:
    """Return a profile's name from a model's: `SM-G973F` becomes `sm_g973f`."""
    name = re.sub(r"[^a-z0-9]+", "_", model.lower()).strip("_")
    return name if re.match(r"[a-z]", name) else f"phone_{name}".rstrip("_")


def _head(hardware: Hardware) -> Iterator[str]:
    properties = hardware.properties
    model = named(properties, "ro.product.model") or "phone"
    maker = named(properties, "ro.product.manufacturer")
    title = model if maker is None or model.lower().startswith(maker.lower()) else f"{maker} {model}"
    yield "# Drafted from an attached phone. Look it over: delegates, limits and the title are guesses."
    yield f"name = {_text(slug(model))}"
    yield f"title = {_text(title)}"
    yield 'transport = "adb"'
    if soc := named(properties, "ro.soc.model"):
        soc_maker = named(properties, "ro.soc.manufacturer")
        yield f"soc = {_text(f'{soc_maker} {soc}' if soc_maker else soc)}"
    if runs := abis(properties):
        yield f"abi = {_text(runs[0])}"
    yield 'delegates = ["cpu", "xnnpack", "builtin"]'
    yield "threads = 1"


def _match(hardware: Hardware) -> Iterator[str]:
    found = [(key, value) for key, name in _MATCHED if (value := named(hardware.properties, name))]
    yield ""
    yield "[match]"
    if found:
        yield from (f"{key} = [{_text(value)}]" for key, value in found)
    else:
        yield 'device = ["unknown"]  # the phone names neither model nor device'


def _cores(policies: tuple[Policy, ...]) -> Iterator[str]:
    best = best_cores(policies)
    if best is not None:
        yield ""
        yield "[affinity]           # fastest first, of equals the last first"
        yield f"one = [{best[0]}]"
        yield f"several = {_list(best)}"
    numbers = range(len(policies))
    names = (None if best is None else _CLUSTER_NAMES.get(len(policies))) or tuple(f"cluster{one}" for one in numbers)
    slowest_first = sorted(numbers, key=lambda number: policies[number].max_khz or 0)
    for number, policy in enumerate(policies):
        yield ""
        yield "[[clusters]]"
        yield f"name = {_text(names[slowest_first.index(number)])}"
        yield f"cores = {_list(policy.cores)}"
        if policy.max_khz is not None:
            yield f"max_khz = {policy.max_khz}"


def _sources(hardware: Hardware) -> Iterator[str]:
    build = named(hardware.properties, "ro.build.fingerprint") or "a phone that names no build"
    yield ""
    yield "[sources]"
    yield f"match = {_text(f'getprop of {build}')}"
    if hardware.policies:
        yield f"clusters = {_text(f'/sys/devices/system/cpu/cpufreq of {build}')}"


def _list(cores: Sequence[int]) -> str:
    return f"[{', '.join(str(core) for core in cores)}]"


def _text(value: str) -> str:
    """Return a TOML string: JSON's, with the one character that JSON lets through and TOML does not."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
