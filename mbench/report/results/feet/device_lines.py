"""Lines about the devices of a table: what all of a model's have in common once, and by serial what differs."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from mbench.core.results import DeviceFacts, JobResult
from mbench.report.render.number_format import UNKNOWN
from mbench.report.results.feet.footnotes import MOST_NAMED, first_few
from mbench.report.results.rows.phone_medians import by_model

MOST_VALUES: Final = 3
"""Values of one fact that a line names; of the devices with others it says how many."""


def device_lines(results: Sequence[JobResult]) -> Iterator[str]:
    """Yield a line for each model of device, and one about emulation where it is emulated."""
    for (profile, _), devices in by_model(results).items():
        yield f"Device{'s' if len(devices) > 1 else ''}: {_model_text(profile, devices)}."
    yield from _emulation_line(results)


def grid_device_lines(results: Sequence[JobResult]) -> Iterator[str]:
    """Yield the same of many devices: one line for all models, which says what they have in common at its end."""
    models = by_model(results)
    facts = _facts([device for devices in models.values() for device in devices])
    common = frozenset(name for name, values in facts.items() if len(set(values)) == 1) if len(models) > 1 else set()
    said = [_model_text(profile, devices, without=common) for (profile, _), devices in models.items()]
    said += [f"all: {', '.join(f'{name} {facts[name][0]}' for name in facts if name in common)}"] if common else []
    yield f"Devices: {'; '.join(said)}."
    yield from _emulation_line(results)


def _emulation_line(results: Sequence[JobResult]) -> Iterator[str]:
    first = results[0]
    several = len({result.device.serial for result in results}) > 1
    phones = "Emulated phones" if several else "Emulated phone"
    if first.device.invented:
        yield f"{phones} with synthetic latencies: no model ran and nothing was measured."
    elif first.device.emulated:
        their = "their" if several else "its"
        yield (
            f"{phones}: the timings are the host's ({first.provenance.host}), not a phone's; {their} cores, "
            "pinning and clocks had no effect."
        )


def _facts(devices: Sequence[DeviceFacts]) -> dict[str, list[str]]:
    """Return each fact's values, one a device."""
    return {
        "model": [device.model or UNKNOWN for device in devices],
        "SoC": [device.soc or UNKNOWN for device in devices],
        "OS": [device.os or UNKNOWN for device in devices],
        "build": [device.build or UNKNOWN for device in devices],
        "ABI": [device.abi or UNKNOWN for device in devices],
        "cores": [UNKNOWN if device.cores is None else str(device.cores) for device in devices],
    }


def _model_text(profile: str, devices: Sequence[DeviceFacts], *, without: Collection[str] = ()) -> str:
    """Return what is known of one model's devices but for the facts `without`, which are said elsewhere."""
    serials = [device.serial for device in devices]
    facts = {name: values for name, values in _facts(devices).items() if name not in without}
    said = ", ".join(f"{name} {values[0]}" for name, values in facts.items() if len(set(values)) == 1)
    differing = [_differing(name, serials, values) for name, values in facts.items() if len(set(values)) > 1]
    return "; ".join((f"{_who(serials)} (profile {profile}): {said}", *differing))


def _who(serials: Sequence[str]) -> str:
    return ", ".join(serials) if len(serials) <= MOST_NAMED else f"{len(serials)} phones"


def _differing(name: str, serials: Sequence[str], values: Sequence[str]) -> str:
    """Return `build X, but Y on A, B`: the most frequent value, and the serials of those that have another."""
    owners: dict[str, list[str]] = {}
    for serial, value in zip(serials, values, strict=True):
        owners.setdefault(value, []).append(serial)
    common, *others = sorted(owners, key=lambda value: -len(owners[value]))
    said = [f"{value} on {first_few(owners[value])}" for value in others[:MOST_VALUES]]
    unsaid = sum(len(owners[value]) for value in others[MOST_VALUES:])
    more = [f"others on {unsaid} more"] if unsaid else []
    return f"{name} {common}, but {', '.join((*said, *more))}"
