"""One adb server's connection to an emulated phone: handshake, packets, streams and their flow control."""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Protocol

from mbench.emulator.adbd import packets
from mbench.emulator.adbd.packets import BadPacket, Header

_LOG = logging.getLogger(__name__)

FEATURES: Final = (
    "shell_v2",
    "cmd",
    "stat_v2",
    "ls_v2",
    "fixed_push_mkdir",
    "fixed_push_symlink_timestamp",
    "sendrecv_v2",
    "sendrecv_v2_dry_run_send",
)
"""Only what is there: no compression, and no delayed_ack, so one WRTE is under way in each direction of a stream."""

_TOKEN_BYTES = 20


class LinkLost(Exception):
    """The connection, or the stream on it, is gone."""


class Endpoint(Protocol):
    """What a connection asks of its phone."""

    @property
    def serial(self) -> str:
        """The phone's own serial, for the log."""

    @property
    def banner(self) -> str:
        """`device::ro.product.name=…;…`, without the features."""

    @property
    def mute(self) -> bool:
        """Whether it never answers a handshake."""

    @property
    def authorized(self) -> asyncio.Event:
        """Set while the phone trusts every key."""

    @property
    def thawed(self) -> asyncio.Event:
        """Cleared while adbd is frozen: the link is up and nothing moves."""

    async def carry(self, size_bytes: int) -> None:
        """Wait as long as the cable takes for so many bytes."""

    def service_of(self, name: str) -> "Service | None":
        """Return what serves `name`, None for an unknown service."""


class Stream:
    """One service's two-way stream of bytes."""

    def __init__(self, connection: "Connection", local: int, remote: int) -> None:
        self._connection, self.local, self.remote = connection, local, remote
        self._incoming: deque[bytes] = deque()
        self._arrived = asyncio.Event()
        self._acknowledged = asyncio.Event()
        self._owed = False
        self.gone = asyncio.Event()
        """Set when the other side has closed the stream or the link is lost."""

    async def write(self, data: bytes) -> None:
        """Send bytes and wait until the other side has taken them.

        Raises:
            LinkLost: nobody is there to take them.
        """
        limit = self._connection.peer_payload
        for start in range(0, len(data), limit):
            if self.gone.is_set():
                raise LinkLost
            self._acknowledged.clear()
            await self._connection.send(packets.WRTE, self.local, self.remote, data[start : start + limit])
            await self._acknowledged.wait()
        if self.gone.is_set():
            raise LinkLost

    async def receive(self) -> bytes | None:
        """Return the next bytes, None at their end; the other side may send more only after `consumed`."""
        while not self._incoming:
            if self.gone.is_set():
                return None
            self._arrived.clear()
            await self._arrived.wait()
        return self._incoming.popleft()

    async def consumed(self) -> None:
        """Say that what was received has gone where it belongs: only now may the next come."""
        if self._owed and not self.gone.is_set():
            self._owed = False
            await self._connection.send(packets.OKAY, self.local, self.remote)

    def feed(self, data: bytes) -> None:
        """Take a WRTE's payload."""
        self._incoming.append(data)
        self._owed = True
        self._arrived.set()

    def acknowledge(self) -> None:
        """Take an OKAY."""
        self._acknowledged.set()

    def close(self) -> None:
        """Take a CLSE, or the loss of the link."""
        self.gone.set()
        self._arrived.set()
        self._acknowledged.set()

    def drop_link(self) -> None:
        """Break the connection that carries the stream."""
        self._connection.drop()


Service = Callable[[Stream], Awaitable[None]]


class Connection:
    """The device's end of one transport."""

    def __init__(self, endpoint: Endpoint, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._endpoint, self._reader, self._writer = endpoint, reader, writer
        self._streams: dict[int, Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_local = 0
        self._checksum = True
        self._online = False
        self._token = b""
        self._waiting: asyncio.Task[None] | None = None
        self.peer_payload = 4096

    async def run(self) -> None:
        """Serve until the other side goes or the link is dropped."""
        try:
            while True:
                header = packets.parse_header(await self._reader.readexactly(packets.HEADER.size))
                payload = await self._reader.readexactly(header.length) if header.length else b""
                await self._endpoint.thawed.wait()
                await self._endpoint.carry(len(payload))
                await self._take(header, payload)
        except (asyncio.IncompleteReadError, ConnectionError, LinkLost):
            pass
        except BadPacket as error:
            _LOG.warning("%s: %s", self._endpoint.serial, error)
        finally:
            self._end()

    async def send(self, command: int, arg0: int, arg1: int, payload: bytes = b"") -> None:
        """Send a packet.

        Raises:
            LinkLost: the connection is gone.
        """
        await self._endpoint.thawed.wait()
        await self._endpoint.carry(len(payload))
        if self._writer.is_closing():
            raise LinkLost
        checksum = self._checksum or command in {packets.CNXN, packets.AUTH}
        self._writer.write(packets.format_packet(command, arg0, arg1, payload, checksum=checksum))
        try:
            await self._writer.drain()
        except ConnectionError as error:
            raise LinkLost from error

    def drop(self) -> None:
        """Break the link at once, as a pulled cable does."""
        self._writer.transport.abort()

    async def _take(self, header: Header, payload: bytes) -> None:
        if header.command == packets.CNXN:
            await self._greet(header)
        elif header.command == packets.AUTH:
            await self._authenticate(header)
        elif not self._online:
            return
        elif header.command == packets.OPEN:
            await self._open(header.arg0, payload)
        else:
            await self._pass_on(header, payload)

    async def _greet(self, header: Header) -> None:
        if self._endpoint.mute:
            return
        self._checksum = header.arg0 < packets.VERSION_SKIP_CHECKSUM
        self.peer_payload = max(4096, min(header.arg1, packets.MAX_PAYLOAD))
        if self._endpoint.authorized.is_set():
            await self._connect()
        else:
            await self._challenge()

    async def _challenge(self) -> None:
        self._token = secrets.token_bytes(_TOKEN_BYTES)
        await self.send(packets.AUTH, packets.AUTH_TOKEN, 0, self._token)

    async def _authenticate(self, header: Header) -> None:
        """Refuse every signature; a public key is what the dialog on the screen asks about, for as long as it takes."""
        if header.arg0 == packets.AUTH_SIGNATURE:
            await self._challenge()
        elif header.arg0 == packets.AUTH_RSA_PUBLIC_KEY and self._waiting is None:
            self._waiting = self._start(self._connect_when_trusted())

    async def _connect_when_trusted(self) -> None:
        await self._endpoint.authorized.wait()
        await self._connect()

    async def _connect(self) -> None:
        self._online = True
        banner = f"{self._endpoint.banner};features={','.join(FEATURES)}"
        await self.send(packets.CNXN, packets.VERSION_SKIP_CHECKSUM, packets.MAX_PAYLOAD, banner.encode())

    async def _open(self, remote: int, payload: bytes) -> None:
        name = payload.rstrip(b"\0").decode("utf-8", "surrogateescape")
        service = self._endpoint.service_of(name)
        if service is None:
            await self.send(packets.CLSE, 0, remote)
            return
        self._last_local += 1
        stream = self._streams[self._last_local] = Stream(self, self._last_local, remote)
        await self.send(packets.OKAY, stream.local, remote)
        self._start(self._serve(stream, service))

    async def _serve(self, stream: Stream, service: Service) -> None:
        try:
            with suppress(LinkLost):
                await service(stream)
            if not stream.gone.is_set():
                await self.send(packets.CLSE, stream.local, stream.remote)
        except LinkLost:
            pass
        finally:
            stream.close()
            self._streams.pop(stream.local, None)

    async def _pass_on(self, header: Header, payload: bytes) -> None:
        stream = self._streams.get(header.arg1)
        if stream is None:
            if header.command == packets.WRTE:
                await self.send(packets.CLSE, 0, header.arg0)
        elif header.command == packets.WRTE:
            stream.feed(payload)
        elif header.command == packets.OKAY:
            stream.acknowledge()
        elif header.command == packets.CLSE:
            stream.close()

    def _start(self, work: "Awaitable[None]") -> "asyncio.Task[None]":
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, LinkLost):
            _LOG.error("%s: a service failed: %r", self._endpoint.serial, error, exc_info=error)

    def _end(self) -> None:
        self._writer.transport.abort()
        for stream in list(self._streams.values()):
            stream.close()
        if self._waiting is not None:
            self._waiting.cancel()
