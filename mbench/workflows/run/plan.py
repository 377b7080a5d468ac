"""Planned jobs: what they are called, and which of them is the canary."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Final

from mbench.core.delegates import Delegate
from mbench.core.error_classes import BUILD, ErrorClass
from mbench.core.errors import UsageError
from mbench.core.results import PlannedJob
from mbench.core.workloads import ArtifactFacts, InputTensor, RunSettings, Workload

CANARY_SETTINGS = RunSettings(warmup_runs=3, warmup_min_secs=0.1, num_runs=20, min_secs=0.15, max_secs=20)
"""Short: it is there to be compared with itself."""

LONGEST_MODEL: Final = 100
"""Characters in a job's name. File systems take 255 bytes, delegate, serial and a suffix such as `.json` among them."""

LONGEST_SERIAL: Final = 40

_DIGEST_DIGITS: Final = 12


def planned_job(
    artifact: ArtifactFacts,
    build_error: str | None,
    delegate: Delegate,
    threads: int,
    settings: RunSettings,
    inputs: tuple[InputTensor, ...] = (),
    *,
    signature: str | None = None,
    error_class: ErrorClass = BUILD,
) -> PlannedJob:
    """Return one job; its id says what runs, and is fit for a file name: a long name of a model is cut in it.

    Raises:
        UsageError: the file has several signatures and none was chosen, or not the one that was.
    """
    chosen = chosen_signature(artifact, signature)
    if artifact.subgraph_of(chosen) != 0:
        artifact = artifact.model_copy(update=dict.fromkeys(OF_FIRST_GRAPH))
    workload = Workload(
        artifact=artifact, delegate=delegate, threads=threads, settings=settings, signature=chosen, inputs=inputs
    )
    return PlannedJob(
        id=job_name(workload),
        workload=workload,
        build_error=build_error,
        build_error_class=None if build_error is None else error_class,
    )


def job_name(workload: Workload) -> str:
    """Return what the job of a workload is called on one device."""
    return f"{_model_name(workload.artifact.name)}-{_file_name(workload.delegate)}-t{workload.threads}"


def refuse_shared_names(jobs: Iterable[tuple[str, str]]) -> None:
    """Refuse two jobs of one session that are called the same: their files would be, also where a disk ignores case.

    Args:
        jobs: the name of each, and what it runs: a variant's name, or a path.

    Raises:
        UsageError: the first name that is taken, and what by.
    """
    taken: dict[str, str] = {}
    for job, thing in jobs:
        if (other := taken.get(job.casefold())) is not None:
            what = f"{thing} is named twice" if other == thing else f"{other} and {thing} cannot be told apart"
            raise UsageError(f"{what}: both would be job {job}. Leave one of them out, or rename its file.")
        taken[job.casefold()] = thing


OF_FIRST_GRAPH: Final = (
    *("mult_adds", "parameters", "least_mult_adds", "least_parameters", "activation_bytes", "outputs"),
    "float_operators",
)
"""What is counted of subgraph 0, and says nothing of a signature's that runs another."""


def chosen_signature(artifact: ArtifactFacts, asked: str | None) -> str | None:
    """Return the signature that a program must be given; None where the file has no choice, and runs subgraph 0.

    Raises:
        UsageError: several and none asked for, or not the one that was.
    """
    known = artifact.signatures
    if asked is not None and artifact.sha256 is not None and asked not in known:
        raise UsageError(f"{artifact.name} has no signature {asked!r}; it has {', '.join(known) or 'none'}.")
    if len(known) > 1 and asked is None:
        raise UsageError(
            f"{artifact.name} has {len(known)} signatures: {', '.join(known)}; choose one: --signature NAME"
        )
    return asked if len(known) > 1 or artifact.subgraph_of(asked) not in {0, None} else None


def _model_name(name: str) -> str:
    """Return a model's name as a part of file names; of a long one the beginning, and a digest of all of it."""
    text = re.sub(r"[^A-Za-z0-9._@+-]+", "-", name)
    if len(text) <= LONGEST_MODEL:
        return text
    return f"{text[: LONGEST_MODEL - _DIGEST_DIGITS - 1]}-{_digest(name)}"


def _file_name(delegate: Delegate) -> str:
    """Return the delegate as a part of file names: its text, or its kind and a digest where that holds a path."""
    text = str(delegate)
    if delegate.path is None:
        return text.replace(":", "-")
    return f"{delegate.kind}-{_digest(text)}"


def serial_part(serial: str) -> str:
    """Return a serial as a part of job names; one with characters that files should not have gets a digest."""
    plain = re.sub(r"[^A-Za-z0-9._+-]", "-", serial)[:LONGEST_SERIAL]
    return plain if plain == serial else f"{plain}-{_digest(serial)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:_DIGEST_DIGITS]


def choose_canary(jobs: Sequence[PlannedJob]) -> Workload | None:
    """Return the cheapest workload with short settings: run in every block, it shows whether the device's speed moves.

    One of the session's own files, so that nothing has to be built or pushed for it, and on the CPU where the session
    has one there, so that it does not fail with an accelerator. What cannot be counted at all is behind what can, and
    is taken by its size.
    """
    able = [job.workload for job in jobs if job.build_error is None]
    if not able:
        return None
    cheapest = min(able, key=_cost)
    return cheapest.model_copy(update={"settings": CANARY_SETTINGS})


def _cost(workload: Workload) -> tuple[bool, bool, int, int, str, str]:
    """Return what orders workloads from the cheapest on, the same in every session."""
    file = workload.artifact
    counted = file.least_mult_adds if file.mult_adds is None else file.mult_adds
    accelerated = workload.delegate.accelerated
    return accelerated, counted is None, counted or 0, file.size_bytes or 0, file.name, workload.label
