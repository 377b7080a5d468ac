"""Lines about the devices of a table: what all of a model's have in common once, and by serial what differs."""

from collections.abc import Iterator, Sequence
from typing import Final

from mbench.core.results import DeviceFacts, JobResult
from mbench.report.render.number_format import UNKNOWN
from mbench.report.results.footnotes import MOST_NAMED, first_few
from mbench.report.results.phone_medians import by_model

MOST_VALUES: Final = 3
"""Values of one fact that a line names; of the devices with others it says how many."""


def device_lines(results: Sequence[JobResult]) -> Iterator[str]:
    """Yield a line for each model of device, and one about emulation where it is emulated."""
    for (profile, _), devices in by_model(results).items():
        yield _model_line(profile, devices)
    first = results[0]
    several = len({result.device.serial for result in results}) > 1
    phones = "Emulated phones" if several else "Emulated phone"
    if first.device.invented:
        yield f"{phones} with synthetic latencies: no model ran and nothing was measured."
    elif first.device.emulated:
        they, their = ("them", "their") if several else ("it", "its")
        yield (
            f"{phones}: the timings are those of the host that emulates {they} ({first.provenance.host}), not a "
            f"phone's; {their} cores, pinning and clocks did not act on them."
        )


def _model_line(profile: str, devices: Sequence[DeviceFacts]) -> str:
    serials = [device.serial for device in devices]
    facts = {
        "model": [device.model or UNKNOWN for device in devices],
        "SoC": [device.soc or UNKNOWN for device in devices],
        "OS": [device.os or UNKNOWN for device in devices],
        "build": [device.build or UNKNOWN for device in devices],
        "ABI": [device.abi or UNKNOWN for device in devices],
    }
    cores = [UNKNOWN if device.cores is None else str(device.cores) for device in devices]
    said = [f"{name} {values[0]}" for name, values in facts.items() if len(set(values)) == 1]
    said += [f"cores {cores[0]}"] if len(set(cores)) == 1 else []
    differing = [
        _differing(name, serials, values) for name, values in {**facts, "cores": cores}.items() if len(set(values)) > 1
    ]
    who = f"Device: {serials[0]}" if len(serials) == 1 else f"Devices: {_who(serials)}"
    common = ", ".join(said)
    return f"{'; '.join((f'{who} (profile {profile}): {common}', *differing))}."


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
