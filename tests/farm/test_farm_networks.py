"""A host that is cut off: an agent in a network namespace of its own, whose link is taken down for a while."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from local_farm import LocalFarm

from mbench.core.parts import Part
from mbench.farm.addresses import Address
from mbench.farm.certificates import make_certificates
from mbench.farm.tls import read_certificate

HERE = Path(__file__).parent
HERE_SPACE, THERE_SPACE, LINK = "mbench-here", "mbench-there", "mbench0"
OURS, THEIRS = "192.0.2.1", "192.0.2.2"  # RFC 5737: of no network

AGENT = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from local_farm import own_stop
from mbench.farm.addresses import parse_address
from mbench.farm.agent import Agent
from mbench.farm.tls import read_certificate
address, serial, folder, tls = sys.argv[1:]
async def lend():
    agent = Agent(parse_address(address, tls=True), read_certificate(Path(tls), now=datetime.now(UTC)), name="there",
                  attached=lambda: [serial], context_of=own_stop, folder=Path(folder), look_s=0.1)
    await agent.run(asyncio.Event())
asyncio.run(lend())
"""

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), str(HERE)])}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def ip(*arguments: str) -> None:
    subprocess.run(("ip", *arguments), check=True, capture_output=True)


@pytest.fixture
def network() -> Iterator[None]:
    """Make a network of two namespaces, which nothing else is on."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("needs iproute2 and the rights of root")
    try:
        for space in (HERE_SPACE, THERE_SPACE):
            ip("netns", "add", space)
        ip("-n", HERE_SPACE, "link", "add", LINK, "type", "veth", "peer", "name", LINK, "netns", THERE_SPACE)
        for space, address in ((HERE_SPACE, OURS), (THERE_SPACE, THEIRS)):
            ip("-n", space, "addr", "add", f"{address}/30", "dev", LINK)
            ip("-n", space, "link", "set", LINK, "up")
            ip("-n", space, "link", "set", "lo", "up")
        yield
    except subprocess.CalledProcessError as error:
        pytest.skip(f"this system makes no such network: {error.stderr.decode().strip()}")
    finally:
        for space in (HERE_SPACE, THERE_SPACE):
            subprocess.run(("ip", "netns", "del", space), check=False, capture_output=True)


def note(path: str, word: str) -> None:
    with Path(path).open("a") as file:
        file.write(f"{word}\n")


def hold(context: threading.Event, path: str, end: str) -> None:
    note(path, "begun")
    while not Path(end).exists() and not context.is_set():
        time.sleep(0.02)
    note(path, "stopped" if context.is_set() else "done")


def wait_for(what: Callable[[], bool], timeout_s: float = 120.0) -> None:
    until = time.monotonic() + timeout_s
    while not what():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize(("cut_s", "words"), [(5, "begun done"), (90, "begun stopped begun done")])
def test_a_host_that_is_cut_off_for_a_moment_goes_on_and_one_that_is_for_long_begins_its_part_again(
    network, tmp_path, cut_s, words
):
    done = subprocess.run(
        ("ip", "netns", "exec", HERE_SPACE, sys.executable, __file__, str(tmp_path), str(cut_s), words),
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=350,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "log").read_text().split() == words.split()


def cut_off(folder: Path, cut_s: float, begun: int) -> None:
    """Run a part on a host, cut it off meanwhile, and let the part end; in the namespace of the scheduler."""
    make_certificates(folder / "tls", ["scheduler", "there"], days=2, now=datetime.now(UTC))
    certificate = read_certificate(folder / "tls" / "scheduler", now=datetime.now(UTC))
    log, end, ends = folder / "log", folder / "end", dict[str, Exception | None]()
    with LocalFarm((), at=Address(protocol="tls", host=OURS, port=0), certificate=certificate) as farm:
        arguments = (str(farm.address), "a", str(folder), str(folder / "tls" / "there"))
        command = ("ip", "netns", "exec", THERE_SPACE, sys.executable, "-c", AGENT, *arguments)
        with subprocess.Popen(command) as agent:
            engine = farm.engine()
            try:
                wait_for(lambda: "a" in engine.phones())
                part = Part(device="a", function="test_farm_networks:hold", arguments=(str(log), str(end)))
                stop = threading.Event()
                driver = threading.Thread(
                    target=lambda: ends.update(engine.run([part], on_end=lambda *_: None, stop=stop)), daemon=True
                )
                driver.start()
                wait_for(log.exists)
                ip("link", "set", LINK, "down")
                time.sleep(cut_s)
                ip("link", "set", LINK, "up")
                wait_for(lambda: log.read_text().split().count("begun") == begun)
                end.touch()
                driver.join(120)
                assert ends == {"a": None}
            finally:
                engine.close()
                agent.kill()


if __name__ == "__main__":
    cut_off(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3].split().count("begun"))
