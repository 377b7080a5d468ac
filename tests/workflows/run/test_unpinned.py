"""`--cpus none`: the way round for a device that cannot pin."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from mbench.core.errors import UsageError
from mbench.devices.profiles.profile import load_profile
from mbench.workflows.run.measuring_rules import measuring_rules


@dataclass
class Asked:
    cpus: str | None
    rules: dict[str, float] = field(default_factory=dict)
    memory_runs: int = 0
    profile_ops: bool = False
    seed: int = 0
    fixed_performance: bool = False
    governor: str | None = None


@dataclass
class Phone:
    cpus: tuple[int, ...] | None
    profile: Any = field(default_factory=lambda: load_profile("pixel4"))


@pytest.mark.parametrize(
    ("typed", "cores", "pinned"),
    [
        (None, (7, 6), (7, 6)),
        (None, None, None),
        ("6", (7, 6), (6,)),
        ("none", (7, 6), None),
        ("none", None, None),
    ],
)
def test_cores_are_as_typed_or_the_devices_own_or_none(
    typed: str | None, cores: tuple[int, ...] | None, pinned: tuple[int, ...] | None
) -> None:
    assert measuring_rules(Asked(typed), cast(Any, Phone(cores))).cpus == pinned


def test_other_words_are_no_cores() -> None:
    with pytest.raises(UsageError, match="is no list of cores"):
        measuring_rules(Asked("nothing"), cast(Any, Phone((7,))))
