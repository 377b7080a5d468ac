"""What cells are called: the workload's name that lasts, and the device's, out of documents."""

from collections.abc import Mapping

from mbench.core.nights.cells import Cell
from mbench.core.results import DeviceFacts, JobResult, PlannedJob

HOST: str = "host"
"""The profile of a host, which has no serial that could be mistaken for a phone's."""


def lasting_name(job: PlannedJob | JobResult, names: Mapping[str, str]) -> str:
    """Return the name under which a workload is followed, which has no hash: a variant's own, or that of a file.

    Args:
        job: planned, or its result.
        names: the names that last, of users' own files, by job.
    """
    name = names.get(job.id if isinstance(job, PlannedJob) else job.job, job.workload.artifact.bare_name)
    signature = job.workload.signature
    return name if signature is None else f"{name}#{signature}"


def serial_of(device: DeviceFacts) -> str:
    """Return a device's serial as cells name it: `host:NAME` of a host."""
    return f"{HOST}:{device.serial}" if device.profile == HOST else device.serial


def cell_of(result: JobResult, *, project: str, branch: str, names: Mapping[str, str]) -> Cell:
    """Return the cell of a result; `names` as for `lasting_name`."""
    return Cell(
        project=project,
        branch=branch,
        workload=lasting_name(result, names),
        delegate=str(result.workload.delegate),
        threads=result.workload.threads,
        serial=serial_of(result.device),
    )
