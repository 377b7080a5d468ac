"""Rules: when a job on a device has been measured enough, by its profile and by what the user asked for instead."""

import re
from typing import Protocol

from mbench.core.errors import UsageError
from mbench.core.results import MeasuringRules
from mbench.devices.android.settings import Wanted
from mbench.devices.host.facts import parse_cpus
from mbench.workflows.devices.device import Device

UNPINNED = "none"
"""What `--cpus` takes where nothing is to be pinned, or cannot be."""

_GOVERNOR = re.compile(r"[A-Za-z0-9_-]{1,40}")


class Asked(Protocol):
    """What rules need of a request."""

    @property
    def rules(self) -> dict[str, float]:
        """Rules by name that replace the profile's."""

    @property
    def memory_runs(self) -> int:
        """Runs of the memory pass."""

    @property
    def profile_ops(self) -> bool:
        """Whether there is an operator-profile pass."""

    @property
    def seed(self) -> int:
        """Of order and bootstrap."""

    @property
    def cpus(self) -> str | None:
        """Cores as the user typed them."""

    @property
    def fixed_performance(self) -> bool:
        """Whether a phone's clocks are to be held."""

    @property
    def governor(self) -> str | None:
        """The governor that a phone's clusters are to have."""


def measuring_rules(asked: Asked, device: Device) -> MeasuringRules:
    """Return the rules of one device.

    Raises:
        UsageError: a bound below the least number of runs, cores that are not there, or a governor that cannot be one.
    """
    if asked.governor is not None and not _GOVERNOR.fullmatch(asked.governor):
        raise UsageError(f"--governor {asked.governor!r} is no governor's name; one is performance.")
    rules = device.profile.rules.model_dump() | asked.rules
    if "max_runs" not in asked.rules:
        rules["max_runs"] = max(rules["max_runs"], rules["min_runs"])
    if rules["max_runs"] < rules["min_runs"]:
        raise UsageError(f"--max-runs {rules['max_runs']} is less than the least number of runs, {rules['min_runs']}.")
    return MeasuringRules(
        **rules,
        memory_runs=asked.memory_runs,
        profile_ops=asked.profile_ops,
        seed=asked.seed,
        cpus=pinned_cores(asked.cpus, device),
        fixed_performance=asked.fixed_performance,
        governor=asked.governor,
    )


def pinned_cores(typed: str | None, device: Device) -> tuple[int, ...] | None:
    """Return the cores to pin to: as typed, else the device's own choice; None leaves them to the system.

    Whether a device that could not be asked has the typed ones is not known: it says itself that it cannot be used.

    Raises:
        UsageError: what was typed is no list of cores, or the device does not have them.
    """
    if typed is None:
        return device.cpus
    if typed == UNPINNED or (device.cpus is None and device.known.build is None):
        return None
    return parse_cpus(typed, allowed=device.cpus)


def wanted_settings(rules: MeasuringRules) -> Wanted:
    """Return how a phone is to be set while it is measured by these rules."""
    return Wanted(fixed_performance=rules.fixed_performance, governor=rules.governor)
