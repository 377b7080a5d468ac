"""One emulated phone: its port, its services, and what is wrong with it. Lives in the farm's event loop."""

import asyncio
import json
import logging
import os
import socket
import sys
import uuid
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from mbench.emulator.adbd.callers import may_call
from mbench.emulator.adbd.connection import Connection, LinkLost, Service, Stream
from mbench.emulator.adbd.pushes import PushFaults
from mbench.emulator.adbd.shell_service import parse_shell, serve_shell
from mbench.emulator.adbd.sync_service import SyncService
from mbench.emulator.phone import android_files, faults
from mbench.emulator.phone.android_files import Conditions
from mbench.emulator.phone.benchmark_plans import BenchmarkPlans
from mbench.emulator.phone.binaries import emulated_binary
from mbench.emulator.phone.facts import PhoneFacts
from mbench.emulator.phone.faults import Fault, FaultKind
from mbench.emulator.phone.folder import PhoneFolder
from mbench.emulator.processes.processes import COMMAND_LIMIT_BYTES, Command, Nursery, Processes

_LOG = logging.getLogger(__name__)

_STREAM_LIMIT_BYTES = 4 << 20
_REBOOT_S = 1.0
_BOOT_COMPLETED_S = 0.2
"""After adbd is back, until sys.boot_completed."""

_INTO_RUN_S = 0.3
"""After a benchmark's start, until a fault breaks it off."""

_STOP_S = 10.0

_MID_RUN = {FaultKind.DROP, FaultKind.FREEZE}

RIVAL = "/data/local/tmp/rival/benchmark_model"
_PACKAGE_PARENT = str(Path(__file__).resolve().parents[3])


class PhoneCore:
    """An emulated phone; all methods belong to the event loop, `Phone` in farm.py is what others hold."""

    def __init__(
        self, facts: PhoneFacts, folder: Path, commands: Path, nursery: Nursery, *, number: int = 0, port: int = 0
    ) -> None:
        self.facts = facts
        self.banner = android_files.format_banner(facts)
        self.mute = False
        self.authorized, self.thawed = asyncio.Event(), asyncio.Event()
        self.authorized.set()
        self.thawed.set()
        self.conditions = Conditions(battery_level=facts.battery.level, powered=True)
        self.pushes = PushFaults()
        self.plans = BenchmarkPlans()
        self.services = 0
        self._id = uuid.uuid4().hex
        self._number = number
        self._nursery, self._bytes_per_s = nursery, 0
        self._link_free_at = 0.0
        self._connections: set[Connection] = set()
        self._callers: set[asyncio.Task[Any]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._off = False
        self._rival: Command | None = None
        self.folder = PhoneFolder(folder, facts, commands, namespace=nursery.namespace, phone_id=self._id)
        self._socket = _bound(port)
        self.port: int = self._socket.getsockname()[1]
        self._server: asyncio.Server | None = None
        self._hook: asyncio.Server | None = None
        self._processes: Processes

    @property
    def serial(self) -> str:
        """The phone's own serial, which is not its address."""
        return self.facts.serial

    @property
    def _storage_bytes(self) -> int | None:
        return self.facts.storage_bytes if self.facts.own_storage and self._nursery.namespace else None

    async def start(self) -> None:
        """Make the folder, start the first process, listen."""
        self.folder.build(self.conditions)
        view = self.folder.view
        self._processes = self._nursery.boot(
            root=str(self.folder.root),
            steps=view.steps(storage_bytes=self._storage_bytes),
            storage_bytes=self._storage_bytes,
            state=view.state,
            cwd=view.cwd,
            prefix=view.prefix,
            number=self._number,
            drop=not self.facts.rooted,
            invents=self.facts.synthetic is not None,
        )
        if self._storage_bytes is not None:
            self.folder.storage_moved()
        self._processes.attach(lambda question, argv: self._keep(self._tell_plan(question, argv)))
        self._hook = await asyncio.start_unix_server(self._answer_hook, sock=_hook_socket(self.folder.state))
        await self._listen()

    async def stop(self) -> None:
        """Break the link, end all processes, remove the folder."""
        self._off = True
        self.thawed.set()  # what waits for a frozen phone to move sees that its link is gone
        await self._hang_up()
        self._socket.close()
        for task in list(self._tasks):
            task.cancel()
        if self._callers:
            await asyncio.wait(self._callers, timeout=_STOP_S)
        if self._hook is not None:
            self._hook.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._processes.end(), _STOP_S)
        self._processes.close()
        self.folder.remove()

    # --- what connections ask ---

    def service_of(self, name: str) -> Service | None:
        """Return what serves a name; adbd's other services are closed as unknown."""
        self.services += 1
        if (fault := self.plans.of_command(name)) is not None:
            if fault.kind in {FaultKind.HANG, FaultKind.KILL} and (hung := parse_shell(name)) is not None:
                text = "exec sleep 100000" if fault.kind is FaultKind.HANG else "kill -KILL $$"
                return lambda stream: serve_shell(stream, replace(hung, command=text), self._launch)
            self._keep(self._happen(fault))
        if (request := parse_shell(name)) is not None:
            return lambda stream: serve_shell(stream, request, self._launch)
        if name == "sync:":
            return lambda stream: SyncService(stream, self.folder, self.pushes).run()
        if name.startswith("reboot:"):
            return self._serve_reboot
        if name in {"root:", "unroot:", "remount:"}:
            return partial(_say, self._about_root(name))
        return None

    async def carry(self, size_bytes: int) -> None:
        """Wait until the cable has carried so many bytes."""
        if self._bytes_per_s <= 0 or not size_bytes:
            return
        loop = asyncio.get_running_loop()
        self._link_free_at = max(self._link_free_at, loop.time()) + size_bytes / self._bytes_per_s
        await asyncio.sleep(self._link_free_at - loop.time())

    # --- faults ---

    async def arm(self, fault: Fault) -> None:
        """Let a fault happen, now or when its time comes."""
        _LOG.info("%s: armed %s", self.serial, faults.format_fault(fault))
        if not self.plans.waits(fault):
            await self._happen(fault)

    async def disarm(self) -> None:
        """Forget every fault that has not happened yet."""
        self.plans.clear()
        self.pushes.clear()

    async def _happen(self, fault: Fault) -> None:
        match fault.kind:
            case FaultKind.DROP:
                self._drop(fault)
            case FaultKind.FREEZE:
                self.thawed.clear()
            case FaultKind.THAW:
                self.thawed.set()
            case FaultKind.MUTE | FaultKind.UNMUTE:
                self.mute = fault.kind is FaultKind.MUTE
                self._drop_all()
            case FaultKind.UNAUTHORIZE:
                self.authorized.clear()
                self._drop_all()
            case FaultKind.AUTHORIZE:
                self.authorized.set()
            case FaultKind.FULL | FaultKind.FREE:
                left = (fault.size_bytes or 0) if fault.kind is FaultKind.FULL else None
                self.folder.write_storage(left)
                if self._storage_bytes is None:
                    self.pushes.free_bytes = left
                else:
                    self._processes.tell({"op": "limit", "bytes": left})
            case FaultKind.KILL_HELP:
                self.plans.helps_to_kill = 1 if fault.level is None else fault.level
            case FaultKind.CLOCK:
                self.folder.write_clock(86_400 if fault.seconds is None else round(fault.seconds))
            case FaultKind.CORRUPT:
                self.pushes.corrupt_left = 1 if fault.level is None else fault.level
            case FaultKind.REPLACE:
                self._replace(fault)
            case FaultKind.REBOOT:
                self._keep(self.reboot(_REBOOT_S if fault.seconds is None else fault.seconds))
            case FaultKind.HEAT | FaultKind.COOL:
                hot = fault.kind is FaultKind.HEAT
                self.conditions.heat = (3 if fault.level is None else fault.level) if hot else 0
                self.conditions.slowdown = fault.factor if hot else 1.0
                self.folder.write_conditions(self.conditions)
            case FaultKind.CAP | FaultKind.UNCAP:
                self.conditions.cap = fault.factor if fault.kind is FaultKind.CAP else 1.0
                self.folder.write_conditions(self.conditions)
            case FaultKind.GOVERNOR:
                self.folder.write_governors(fault.value or "schedutil")
            case FaultKind.HIDE | FaultKind.SHOW:
                self.folder.hide(fault.value or "thermalservice", hidden=fault.kind is FaultKind.HIDE)
            case FaultKind.BATTERY:
                self.conditions.battery_level = 5 if fault.level is None else fault.level
                self.conditions.powered, self.conditions.status = fault.powered, fault.number
                self.folder.write_conditions(self.conditions)
            case FaultKind.HEALTH:
                self.conditions.health = fault.number
                self.folder.write_conditions(self.conditions)
            case FaultKind.LOCK | FaultKind.UNLOCK:
                self.folder.write_lock(locked=fault.kind is FaultKind.LOCK)
            case FaultKind.SAVER | FaultKind.SAVER_OFF:
                self.folder.write_setting("global", "low_power", "1" if fault.kind is FaultKind.SAVER else "0")
            case FaultKind.UPDATE:
                self.facts = replace(self.facts, incremental=fault.value or f"{self.facts.incremental}1")
                self.folder.facts = self.facts
                self._keep(self.reboot(_REBOOT_S if fault.seconds is None else fault.seconds))
            case FaultKind.RIVAL:
                self._start_rival()
            case FaultKind.LEAVE:
                if self._rival is not None:
                    self._rival.kill()
            case FaultKind.SLOW_LINK:
                self._bytes_per_s = fault.size_bytes or 0

    def _drop(self, fault: Fault) -> None:
        if fault.size_bytes is None:
            self._drop_all()
        else:
            self.pushes.drop_after_bytes = fault.size_bytes

    def _drop_all(self) -> None:
        for connection in list(self._connections):
            connection.drop()

    def _replace(self, fault: Fault) -> None:
        path = self.folder.locate(fault.path or "/data/local/tmp/benchmark_model")
        mode = path.stat().st_mode & 0o7777
        data = path.read_bytes()
        path.unlink()  # a program that runs from it keeps the old one
        path.write_bytes(data[:-1] + bytes([(data[-1] if data else 0) ^ 1]))
        path.chmod(mode)

    def _start_rival(self) -> None:
        path = self.folder.locate(RIVAL)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(emulated_binary(self.facts.abis[0]))
        path.chmod(0o755)
        self._rival = self._launch(f"exec {RIVAL} --rival", [_null(), _null(), _null()], False, None)

    async def reboot(self, seconds: float) -> None:
        """Go down at once and be back after so many seconds."""
        if self._off:
            return
        self._off = True
        await self._hang_up()
        await self._processes.kill_all()
        self.folder.start_anew()
        self.folder.write_property_files(boot_completed=False)
        await asyncio.sleep(seconds)
        self._off = False
        await self._listen()
        await asyncio.sleep(_BOOT_COMPLETED_S)
        self.folder.write_property_files(boot_completed=True)

    # --- the benchmark's questions ---

    async def _answer_hook(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, ValueError):
            request = json.loads(await reader.readline())
            if request["op"] == "reboot":
                self._keep(self.reboot(_REBOOT_S))
            elif request["op"] == "benchmark":
                plan = await self._plan(request["argv"])
                writer.write(json.dumps(plan).encode() + b"\n")
                await writer.drain()
        writer.close()

    async def _tell_plan(self, question: int, argv: list[str]) -> None:
        self._processes.plan(question, await self._plan(argv))

    async def _plan(self, argv: list[str]) -> dict[str, Any]:
        """Count a benchmark, let what is due happen, and say how it is to run."""
        if argv == ["--rival"]:
            return {"end": "idle"}
        if argv == ["--help"]:
            return {"sys_path": _search_path(), "end": self.plans.begin_help()}
        end, due = self.plans.begin()
        for fault in due:
            if fault.kind is FaultKind.REBOOT or (fault.kind in _MID_RUN and fault.seconds is None):
                self._keep(self._happen_after(_INTO_RUN_S, fault))
            elif fault.seconds is not None:
                self._keep(self._happen_after(fault.seconds, fault))
            else:
                await self._happen(fault)
        law = self.facts.synthetic
        return {
            "sys_path": [] if law is not None else _search_path(),
            "end": end,
            "slowdown": self.conditions.slowdown * self.conditions.cap,
            "law": None if law is None else asdict(law),
            "seed": f"{law.seed if law else 0}:{self.serial}:{self.plans.count}",
        }

    async def _happen_after(self, seconds: float, fault: Fault) -> None:
        await asyncio.sleep(seconds)
        await self._happen(fault)

    # --- the link ---

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._welcome, sock=self._socket, limit=_STREAM_LIMIT_BYTES)

    async def _hang_up(self) -> None:
        """Stop listening and break every connection; the port stays ours, and refuses."""
        if self._server is not None:
            self._server.close()
        self._drop_all()
        self._socket = _bound(self.port)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link: socket.socket = writer.get_extra_info("socket")
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not may_call(link):
            _LOG.warning("%s: a call of another user of this machine is refused", self.serial)
            writer.close()
            return
        connection = Connection(self, reader, writer)
        caller = asyncio.current_task()
        assert caller is not None
        self._connections.add(connection)
        self._callers.add(caller)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)
            self._callers.discard(caller)

    # --- services ---

    def _launch(self, text: str, descriptors: list[int], terminal: bool, term: str | None) -> Command:
        view = self.folder.view
        if len(os.fsencode(text)) > COMMAND_LIMIT_BYTES:
            text = "echo '/system/bin/sh: Argument list too long' >&2; exit 126"
        return self._processes.spawn(
            view.argv(text),
            environment=view.environment(self._id, term=term),
            descriptors=descriptors,
            pty=terminal,
        )

    async def _serve_reboot(self, stream: Stream) -> None:
        self._keep(self.reboot(_REBOOT_S))
        await stream.gone.wait()

    def _about_root(self, name: str) -> str:
        if name == "root:":
            allowed = "adbd is already running as root\n"
            return allowed if self.facts.rooted else "adbd cannot run as root in production builds\n"
        return 'Not running as root. Try "adb root" first.\n' if name == "remount:" else "adbd not running as root\n"

    def _keep(self, work: "Awaitable[None]") -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _say(text: str, stream: Stream) -> None:
    with suppress(LinkLost):
        await stream.write(text.encode())


def _bound(port: int) -> socket.socket:
    """Return a socket that holds a port of the loopback interface and does not listen, so connections are refused."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("127.0.0.1", port))
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"port {port}: {os.strerror(error.errno or 0)}") from error
    return sock


def _hook_socket(folder: Path) -> socket.socket:
    """Return a Unix socket, ours alone, in a folder whose own name may be too long for one: by /proc/self/fd."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        sock.bind(f"/proc/self/fd/{descriptor}/hook")
        Path(f"/proc/self/fd/{descriptor}/hook").chmod(0o600)  # nobody can connect yet: it does not listen
    finally:
        os.close(descriptor)
    return sock


def _null() -> int:
    return os.open(os.devnull, os.O_RDWR)


def _search_path() -> list[str]:
    """Return where the benchmark finds mbench and the runtime: where this process does."""
    return [_PACKAGE_PARENT, *(str(Path(entry).resolve()) for entry in sys.path if entry)]
