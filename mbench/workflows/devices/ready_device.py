"""Stations: a device made ready to measure on: the way to it, the program on it, what is known of it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mbench.core.errors import NoDevice
from mbench.core.ports import Transport
from mbench.core.results import BinaryFacts, Conditions, DeviceFacts, Run
from mbench.devices.host.facts import HostConditions, allowed_cpus, read_facts
from mbench.devices.host.folders import remove_stale, work_folder
from mbench.devices.host.transport import HostTransport
from mbench.devices.profiles.profile import Profile, load_profile
from mbench.runner.instrument import Instrument
from mbench.workflows.devices.benchmark_program import host_instrument
from mbench.workflows.home import home

HOST = "host"
ALIVE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """One device, open.

    Attributes:
        cpus: cores that runs may be pinned to, best first; None where nothing is pinned.
        work_folder: makes the folder that a session works in on the device, and removes it, whatever happens.
        state: as it was found fit for measuring, if that was looked at; it need not be read again at once.
        read_after: reads the state after a run, whose own CPU time is none of the others' load; by default
            `read_conditions`.
        models: where models are kept on the device between sessions; None for within the work folder.
        recover: waits for a device that was lost and says how it came back; None where a device cannot be lost.
        ready: waits, where the state that was read is not fit for measuring, until it is, and returns the state then;
            None where nothing is waited for.
    """

    transport: Transport
    instrument: Instrument
    binary: BinaryFacts
    facts: DeviceFacts
    profile: Profile
    cpus: tuple[int, ...] | None
    read_conditions: Callable[[], Conditions]
    work_folder: Callable[[str], AbstractContextManager[str]]
    state: Conditions | None = None
    read_after: Callable[[Run], Conditions] | None = None
    models: str | None = None
    recover: Callable[[], str] | None = None
    ready: Callable[[Conditions], Conditions] | None = None


def user_profile(name: str) -> Profile:
    """Return a profile, the user's own before the shipped one.

    Raises:
        UsageError: no such profile, or one that is damaged.
    """
    return load_profile(name, user_folder=home() / "device_profiles")


@contextmanager
def host_station(binary: Path | None, *, sha256: str | None = None) -> Iterator[Station]:
    """Yield this machine, ready.

    Args:
        binary: the user's own benchmark_model; None: hostbench.
        sha256: what the user's own must be, before it is started; None: it may be any.

    Raises:
        NoDevice: it does not run a command in time, or the program does not start.
        UsageError: `binary` is no benchmark_model, or not the one that it must be.
    """
    root = (home() / "host").absolute()  # marks of processes name it, and a later session may be started elsewhere
    remove_stale(root)
    transport = HostTransport(root)
    if not transport.alive(timeout_s=ALIVE_S):
        raise NoDevice(f"{transport.serial} does not run a shell command within {ALIVE_S:g} s; look at its load.")
    instrument, facts = host_instrument(transport, binary, sha256=sha256)
    yield Station(
        transport=transport,
        instrument=instrument,
        binary=facts,
        facts=read_facts(),
        profile=user_profile(HOST),
        cpus=allowed_cpus(),
        read_conditions=HostConditions().read,
        work_folder=partial(work_folder, root),
    )
