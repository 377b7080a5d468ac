"""Training processes: as many at once as serve, each with a pipe of its own, ended with whoever started them."""

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from mbench.core.choices import Distribution
from mbench.core.processes.workers import spawning, why_ended
from mbench.devices.host.facts import HostConditions
from mbench.models.training.loading import GO_ON
from mbench.models.training.process import Failure, Message, TrainingTask, serve
from mbench.models.training.records import Machine, TrainingRecord

MEMORY_PER_TRAINING_KIB: Final = 2 << 20
"""Tensorflow, one network of α = 1 and small pictures."""

ONE_THREAD_BELOW: Final = 2_000_000_000
"""Multiply-adds of a step up to which more threads gain nothing: 371 million (α 1.0, 32 px, batches of 32) took 2.06 s
an epoch with one thread and 1.85 s with two; 27 million (α 0.25) took 0.45 s and 0.64 s.
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A task and the threads that it is given."""

    task: TrainingTask
    threads: int

    @property
    def replicas(self) -> int:
        """Devices that the CPU is to be divided into."""
        recipe = self.task.recipe
        return recipe.workers or 1 if recipe.distribution is Distribution.MIRRORED else 1


def this_machine(threads: int) -> Machine:
    """Return what computes here."""
    return Machine(system=platform.platform(), processor=_processor(), cores=usable_cores(), threads=threads)


def processes_for(trainings: int, asked: int | None) -> int:
    """Return how many trainings go on at once: as asked, or as cores and memory allow."""
    available = HostConditions().read().memory_available_kib
    by_memory = trainings if available is None else available // MEMORY_PER_TRAINING_KIB
    return max(1, min(asked or usable_cores(), trainings, by_memory if asked is None else trainings))


def threads_for(mult_adds: int | None, batch: int, *, processes: int) -> int:
    """Return the threads of a training: one where steps are short, else its share of the cores.

    Small networks want one: trainings side by side keep the other cores busy, and one thread adds up in one order, so
    that the weights are the same however many cores there are.
    """
    if mult_adds is None or mult_adds * batch < ONE_THREAD_BELOW:
        return 1
    return max(1, usable_cores() // processes)


def run_jobs(jobs: Sequence[Job], processes: int) -> Iterator[tuple[TrainingTask, Message]]:
    """Yield what happens to each task, as it happens; the last message of each is its record or its failure.

    Whoever stops listening, by an error or by Ctrl-C, ends all processes; each training keeps its last checkpoint.
    """
    waiting = list(jobs)
    workers: list[_Worker] = []
    try:
        while waiting or any(worker.job for worker in workers):
            while waiting and sum(worker.job is not None for worker in workers) < processes:
                _give(waiting.pop(0), workers)
            for connection in wait([worker.connection for worker in workers if worker.job]):
                worker = next(worker for worker in workers if worker.connection is connection)
                task, message = worker.receive()
                yield task, message
    finally:
        for worker in workers:
            worker.end()


def _give(job: Job, workers: "list[_Worker]") -> None:
    """Give a job to an idle process with as many threads, or to a new one in the place of an idle one."""
    idle = [worker for worker in workers if worker.job is None]
    fitting = next((worker for worker in idle if worker.serves(job)), None)
    if fitting is None:
        for worker in idle:
            worker.end()
            workers.remove(worker)
        fitting = _Worker(job)
        workers.append(fitting)
    fitting.take(job)


class _Worker:
    """One training process and its pipe."""

    def __init__(self, first: Job) -> None:
        context = spawning()
        self.connection: Connection
        self.connection, other = context.Pipe()
        self._way = (first.threads, first.replicas)
        self.job: Job | None = None
        self._process: BaseProcess = context.Process(
            target=serve, args=(other, this_machine(first.threads), first.replicas)
        )
        self._process.start()
        other.close()

    def serves(self, job: Job) -> bool:
        """Whether it computes as the job wants; tensorflow cannot change that once it has begun."""
        return self._way == (job.threads, job.replicas) and self._process.is_alive()

    def take(self, job: Job) -> None:
        self.job = job
        self.connection.send(job.task)

    def receive(self) -> tuple[TrainingTask, Message]:
        if self.job is None:
            raise RuntimeError("nothing was asked of this process")
        task = self.job.task
        try:
            message: Message = self.connection.recv()
        except (EOFError, ConnectionResetError):
            self._process.join()
            why = why_ended([self._process], more_memory=GO_ON)
            message = Failure(f"training {task.recipe.network}: its process {why}.")
        if isinstance(message, TrainingRecord | Failure):
            self.job = None
        return task, message

    def end(self) -> None:
        if self.job is not None:
            self._process.terminate()
        self.connection.close()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
