"""The nights before: what they tell of tonight's cells and devices."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mbench.core.nights.nights import Night
from mbench.core.results import JobResult, Plan, PlannedJob
from mbench.store.nights import StoredNight, list_nights
from mbench.store.session import open_session
from mbench.workflows.nightly.budget import Cell, Past, cell_of, past_of
from mbench.workflows.nightly.farm_file import FarmFile

LOOKED_AT: Final = 10
"""Nights, the last ones: what is older says little of the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierNights:
    """What the nights before of one farm file tell.

    Attributes:
        nights: all of them, in order.
        cells: by their lasting names.
        device_of: the device of each cell (without one: workload, delegate, threads) in the last night that had it.
        measured_at: when each device last measured anything: the beginning of that night.
    """

    nights: tuple[StoredNight, ...]
    cells: Mapping[Cell, Past]
    device_of: Mapping[tuple[str, str, int], str]
    measured_at: Mapping[str, datetime]

    @property
    def last(self) -> Night | None:
        """The night before, however it ended."""
        return self.nights[-1].night if self.nights else None

    @property
    def beginnings(self) -> tuple[datetime, ...]:
        """When they began, in order."""
        return tuple(one.night.begun_at for one in self.nights)


def earlier_nights(file: FarmFile) -> EarlierNights:
    """Return what the nights before of a farm file's project and branch tell; nothing where there were none.

    Raises:
        StoreError: one cannot be read.
    """
    same = (file.farm.project, file.farm.branch)
    nights = [one for one in list_nights(file.results, file.name) if (one.night.project, one.night.branch) == same]
    by_night: list[tuple[datetime, list[tuple[Cell, JobResult]]]] = []
    device_of: dict[tuple[str, str, int], str] = {}
    for one in nights[-LOOKED_AT:]:
        store = open_session(one.path)
        results = store.results()
        by_night.append((one.night.begun_at, [(_cell(one.night, result), result) for result in results]))
        device_of |= _devices(one.night, store.plan)
    cells = past_of(by_night)
    measured_at: dict[str, datetime] = {}
    for cell, past in cells.items():
        if past.measured_at is not None:
            measured_at[cell.serial] = max(past.measured_at, measured_at.get(cell.serial, past.measured_at))
    return EarlierNights(nights=tuple(nights), cells=cells, device_of=device_of, measured_at=measured_at)


def lasting_name(job: PlannedJob | JobResult, names: Mapping[str, str]) -> str:
    """Return the name under which a workload is followed: a variant's own, or, by job, that of a user's file."""
    return names.get(job.id if isinstance(job, PlannedJob) else job.job, job.workload.artifact.name)


def _cell(night: Night, result: JobResult) -> Cell:
    return cell_of(lasting_name(result, night.names), result, result.device.serial)


def _devices(night: Night, plan: Plan) -> dict[tuple[str, str, int], str]:
    cells = (
        cell_of(lasting_name(job, night.names), job, part.device.serial) for part in plan.devices for job in part.jobs
    )
    return {(cell.workload, cell.delegate, cell.threads): cell.serial for cell in cells}
