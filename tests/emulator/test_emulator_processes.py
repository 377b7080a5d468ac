"""What the emulator holds of a phone's processes is let go of when they end, whatever has not been said to them yet."""

import asyncio
import os
import socket
from pathlib import Path

from mbench.emulator.adbd.pipes import read_some
from mbench.emulator.processes.processes import Processes

MORE_THAN_A_SOCKET_HOLDS = 5000


def test_a_phone_that_dies_deaf_ends_its_commands_and_frees_its_descriptors() -> None:
    async def outcome() -> tuple[set[int], set[int], bytes]:
        reader, writer = os.pipe()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        number = ours.fileno()
        processes = Processes(ours)
        processes.attach(lambda *_: None)
        passed = [os.dup(theirs.fileno()) for _ in range(3)]
        commands = [processes.spawn(("true",), environment={}, descriptors=()) for _ in range(MORE_THAN_A_SOCKET_HOLDS)]
        commands.append(processes.spawn(("true",), environment={}, descriptors=passed))
        processes.close()
        theirs.close()
        await processes.kill_all()
        ends = {command.exit.result() for command in commands}
        left = {int(path.name) for path in Path("/proc/self/fd").iterdir()}.intersection(passed)
        os.dup2(reader, number)
        os.set_blocking(number, False)
        heard, _ = await asyncio.gather(read_some(number), asyncio.to_thread(os.write, writer, b"heard"))
        for descriptor in (reader, writer, number):
            os.close(descriptor)
        return ends, left, heard

    assert asyncio.run(outcome()) == ({137}, set(), b"heard")
