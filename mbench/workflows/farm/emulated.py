"""`mbench emulate --hosts`: a farm of many hosts on one machine, of emulated phones, until Ctrl-C.

Each host is an adb server of its own, a home of its own and a process of `mbench farm host`; their scheduler listens on
loopback alone. A farm file that names them is written where there is none.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mbench.core.errors import NoDevice, UsageError
from mbench.emulator.adb_server import AdbServer
from mbench.emulator.farm import Phone
from mbench.emulator.phone.facts import PhoneFacts, numbered_serial
from mbench.emulator.phone.faults import Fault
from mbench.emulator.seeded_faults import seeded_faults
from mbench.emulator.serving import Serving, serve
from mbench.files.disk import disk_errors
from mbench.files.whole import write_new
from mbench.workflows.devices.emulate import phone_facts
from mbench.workflows.devices.user_profile import user_profile

FARM_FILE: Final = "farm.toml"

_LISTENS: Final = "listening at "
_END_S: Final = 30.0
_DRAFT: Final = """\
# A night on the phones that `mbench emulate --hosts` lends.

project = "{project}"
retry_minutes = 1

[window]
hours = 1

[phones.emulated]
profile = "{profile}"
count = {count}

[[measure]]
variants = ["mobilenet_v1_0.25_128_int8"]

[settings]
quick = true

[hosts]
scheduler = "{scheduler}"
store = "store"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatedFarm:
    """What runs, for whoever announces it.

    Attributes:
        hosts: phones by their host's name.
        faults: those that are armed, by serial.
        file: the farm file.
        written: whether it was written now.
    """

    serving: Serving
    hosts: Mapping[str, tuple[Phone, ...]]
    faults: Mapping[str, Fault]
    scheduler: str
    file: Path
    written: bool


def emulate_farm(
    profile_name: str,
    *,
    hosts: int,
    count: int,
    synthetic: bool,
    faults: int | None,
    folder: Path,
    port: int,
    announce: Callable[[EmulatedFarm], None],
) -> None:
    """Run hosts that lend emulated phones of a profile, until they are interrupted.

    Args:
        profile_name: what the phones are.
        hosts: how many.
        count: phones of each.
        synthetic: whether their latencies are synthetic.
        faults: seed of faults; None: all are well.
        folder: of the farm: its file, the hosts' homes, the store.
        port: of the scheduler; 0: a free one.
        announce: is called once all hosts are started.

    Raises:
        UsageError: the profile is not a phone's.
        NoDevice: an adb server, or a host, does not start.
        DiskError: the folder could not be written to.
    """
    profile = user_profile(profile_name)
    if profile.transport != "adb" or profile.fallback:
        raise UsageError(f"{profile_name} is no phone; emulate one of the phones, such as pixel4.")
    serials = [numbered_serial(number) for number in range(1, hosts * count + 1)]

    def make(serial: str) -> PhoneFacts:
        return phone_facts(profile, serial, synthetic=synthetic)

    with ExitStack() as stack:

        def lend(serving: Serving) -> None:
            armed = {} if faults is None else seeded_faults(faults, serials)
            scheduler = _scheduler(stack, folder, port)
            lent = {}
            for number in range(hosts):
                phones = serving.phones[number * count : (number + 1) * count]
                lent[f"lab-{number + 1}"] = phones
                _host(stack, folder, f"lab-{number + 1}", scheduler, phones)
            for phone in serving.phones:
                if phone.serial in armed:
                    phone.arm(armed[phone.serial])
            text = _DRAFT.format(
                project=folder.resolve().name, profile=profile.name, count=hosts * count, scheduler=scheduler
            )
            written = _write(folder / FARM_FILE, text)
            announce(
                EmulatedFarm(
                    serving=serving,
                    hosts=lent,
                    faults=armed,
                    scheduler=scheduler,
                    file=folder / FARM_FILE,
                    written=written,
                )
            )

        with disk_errors("make", folder):
            folder.mkdir(parents=True, exist_ok=True)
        serve(make, serials, announce=lend)


def _scheduler(stack: ExitStack, folder: Path, port: int) -> str:
    """Start a scheduler that ends with the stack, and return its address."""
    process = _start(stack, folder, "scheduler", ("scheduler", "--port", str(port)), os.environ)
    assert process.stdout is not None
    said = process.stdout.readline().strip()
    if not said.startswith(_LISTENS):
        raise NoDevice(f"the scheduler does not start; see {folder / 'scheduler.log'}.")
    return said.removeprefix(_LISTENS)


def _host(stack: ExitStack, folder: Path, name: str, scheduler: str, phones: tuple[Phone, ...]) -> None:
    """Start a host that ends with the stack, with an adb server and a home of its own."""
    server = stack.enter_context(AdbServer())
    for phone in phones:
        server.connect(phone.address)
    environment = {**server.environment, "HOME": os.environ.get("HOME", str(folder)), "MBENCH_HOME": str(folder / name)}
    command = ("host", scheduler, "--name", name, "--store", str((folder / "store").resolve()))
    _start(stack, folder, name, command, environment)


def _start(
    stack: ExitStack, folder: Path, name: str, command: tuple[str, ...], environment: Mapping[str, str]
) -> "subprocess.Popen[str]":
    log = stack.enter_context((folder / f"{name}.log").open("ab"))
    process = subprocess.Popen(
        (sys.executable, "-P", "-m", "mbench", "farm", *command),
        env={**environment, "MBENCH_HOME": str((folder / name).resolve())},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        start_new_session=True,
    )
    stack.callback(_end, process)
    return process


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _write(path: Path, text: str) -> bool:
    """Write a farm file where there is none; one that is there is left as it is. Return whether it was written."""
    with disk_errors("write", path):
        return write_new(path, text.encode(), fsync=False)
