"""Rules: when a job on a device has been measured enough, by its profile and by what the user asked for instead."""

from typing import Protocol

from mbench.core.errors import UsageError
from mbench.core.results import MeasuringRules
from mbench.devices.host_facts import parse_cpus
from mbench.workflows.targets import Target


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


def measuring_rules(asked: Asked, target: Target) -> MeasuringRules:
    """Return the rules of one device.

    Raises:
        UsageError: a bound below the least number of runs, or cores that are not there.
    """
    rules = target.profile.rules.model_dump() | asked.rules
    if "max_runs" not in asked.rules:
        rules["max_runs"] = max(rules["max_runs"], rules["min_runs"])
    if rules["max_runs"] < rules["min_runs"]:
        raise UsageError(f"--max-runs {rules['max_runs']} is less than the least number of runs, {rules['min_runs']}.")
    return MeasuringRules(
        **rules,
        memory_runs=asked.memory_runs,
        profile_ops=asked.profile_ops,
        seed=asked.seed,
        cpus=target.cpus if asked.cpus is None else parse_cpus(asked.cpus, allowed=target.cpus),
    )
