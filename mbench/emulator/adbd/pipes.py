"""Non-blocking reading and writing of pipes and terminals in the event loop."""

import asyncio
import errno
import os

_READ_BYTES = 1 << 16


async def read_some(descriptor: int) -> bytes:
    """Return what a non-blocking descriptor holds, waiting for it; empty at its end."""
    while True:
        try:
            return os.read(descriptor, _READ_BYTES)
        except BlockingIOError:
            await _ready(descriptor, for_writing=False)
        except OSError as error:
            if error.errno == errno.EIO:  # a terminal whose other side has closed
                return b""
            raise


async def write_all(descriptor: int, data: bytes) -> None:
    """Write everything to a non-blocking descriptor.

    Raises:
        OSError: nobody reads it any more.
    """
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            await _ready(descriptor, for_writing=True)


async def _ready(descriptor: int, *, for_writing: bool) -> None:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not future.done():
            future.set_result(None)

    add, remove = (loop.add_writer, loop.remove_writer) if for_writing else (loop.add_reader, loop.remove_reader)
    add(descriptor, wake)
    try:
        await future
    finally:
        remove(descriptor)
