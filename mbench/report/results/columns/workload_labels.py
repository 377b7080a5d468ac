"""Short names of workloads above the columns of a grid: what distinguishes them; what they share is said once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mbench.report.render.number_format import SHORT_SHA

ANY: Final = "…"
"""What stands in a common name where the workloads differ."""

Workload = tuple[str, str | None, str, int]
"""Variant, SHA-256 of its file, delegate, threads."""


ABSENT_FILE: Final = "not built"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadLabels:
    """Labels in the order of the workloads, all different; `common` is None where they have no common name."""

    labels: tuple[str, ...]
    common: str | None


def workload_labels(workloads: Sequence[Workload]) -> WorkloadLabels:
    """Return labels as short as the workloads allow: `1.00` and `0.50`, both of `mobilenet_v1_…_224_int8`."""
    names, common = _short_names([variant for variant, *_ in workloads])
    delegates = len({delegate for _, _, delegate, _ in workloads}) > 1
    threads = len({count for *_, count in workloads}) > 1
    labels = [
        " ".join(filter(None, (name, delegate if delegates else "", f"×{count}" if threads else "")))
        for name, (_, _, delegate, count) in zip(names, workloads, strict=True)
    ]
    if not all(labels):
        labels, common = [variant for variant, *_ in workloads], None
    if len(set(labels)) < len(labels):
        labels = [
            f"{label} {(sha256 or ABSENT_FILE)[:SHORT_SHA]}"
            for label, (_, sha256, _, _) in zip(labels, workloads, strict=True)
        ]
    return WorkloadLabels(labels=tuple(labels), common=common)


def _short_names(variants: Sequence[str]) -> tuple[list[str], str | None]:
    """Return the parts of names that are not the same in all, and the name without them."""
    parts = [variant.split("_") for variant in variants]
    if len({len(each) for each in parts}) > 1 or any(":" in variant for variant in variants):
        return [*variants], None
    differ = [len(set(column)) > 1 for column in zip(*parts, strict=True)]
    short = ["_".join(part for part, other in zip(each, differ, strict=True) if other) for each in parts]
    kept = [ANY if other else part for part, other in zip(parts[0], differ, strict=True)]
    if all(differ):
        return [*variants], None
    common = [part for place, part in enumerate(kept) if not (place and part == kept[place - 1] == ANY)]
    return short, "_".join(common)
