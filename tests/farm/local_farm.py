"""A farm in this process, over real connections on loopback: a scheduler and an agent in a thread of their own."""

import asyncio
import gc
import threading
import warnings
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from mbench.farm.addresses import Address, parse_address
from mbench.farm.agent import Agent
from mbench.farm.engine import GRACE_S, DaskEngine
from mbench.farm.phone_worker import ContextOf
from mbench.farm.scheduler import FarmScheduler
from mbench.farm.tls import Certificate
from mbench.files.scratch import ScratchFolder

_T = TypeVar("_T")

ANYWHERE = Address(protocol="tcp", host="127.0.0.1", port=0)


def own_stop(serial: str, stop: threading.Event) -> object:
    """Make the context that parts of a farm get by default: what tells them to end."""
    return stop


class LocalFarm:
    """Lends phones that are names alone; a context manager."""

    def __init__(
        self,
        serials: Collection[str],
        context_of: ContextOf = own_stop,
        *,
        absent_s: float = 300.0,
        at: Address = ANYWHERE,
        certificate: Certificate | None = None,
    ) -> None:
        self.serials = set(serials)
        self.folder = ScratchFolder("local-farm")
        self._context_of, self._absent_s = context_of, absent_s
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="local farm", daemon=True)
        self._agents: list[tuple[Agent, asyncio.Event, Future[None]]] = []
        self.scheduler: FarmScheduler | None = None
        self.address, self._certificate = at, certificate

    def __enter__(self) -> "LocalFarm":
        self._thread.start()
        self.start_scheduler()
        if self.serials:
            self.start_agent("here", lambda: frozenset(self.serials))
            self.wait_until(lambda: self.agents[0].lent == self.serials)
        return self

    def __exit__(self, *_: object) -> None:
        for index in range(len(self._agents)):
            self.stop_agent(index)
        self.stop_scheduler()
        self.call(_finish_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()
        self.folder.close()
        with warnings.catch_warnings():  # tornado leaves a connection open whose making is given up
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()

    @property
    def agents(self) -> list[Agent]:
        return [agent for agent, _, _ in self._agents]

    def engine(self, *, grace_s: float = GRACE_S, away_s: float = 60.0) -> DaskEngine:
        engine = DaskEngine(self.address, self._certificate, grace_s=grace_s, away_s=away_s)
        engine.connect()
        return engine

    def call(self, work: Coroutine[Any, Any, _T], timeout_s: float = 60.0) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout_s)

    def start_scheduler(self) -> None:
        async def start() -> FarmScheduler:
            return await FarmScheduler(
                self.address, self._certificate, folder=self.folder.path, absent_s=self._absent_s
            )

        self.scheduler = self.call(start())
        self.address = parse_address(self.scheduler.address, tls=self._certificate is not None)

    def stop_scheduler(self) -> None:
        if self.scheduler is not None:
            self.call(self.scheduler.close())
            self.scheduler = None

    def start_agent(self, name: str, attached: Callable[[], Collection[str]]) -> Agent:
        async def make() -> tuple[Agent, asyncio.Event]:
            agent = Agent(
                self.address,
                self._certificate,
                name=name,
                attached=attached,
                context_of=self._context_of,
                folder=self.folder.path,
                look_s=0.05,
            )
            return agent, asyncio.Event()

        agent, until = self.call(make())
        self._agents.append((agent, until, asyncio.run_coroutine_threadsafe(agent.run(until), self._loop)))
        return agent

    def ended(self, index: int) -> bool:
        """Whether an agent has ended by itself."""
        return self._agents[index][2].done()

    def forget_agent(self, index: int) -> None:
        """Let an agent be that has ended by an error of its own."""
        del self._agents[index]

    def stop_agent(self, index: int) -> None:
        _, until, ended = self._agents[index]
        self._loop.call_soon_threadsafe(until.set)
        ended.result(60)

    def wait_until(self, what: Callable[[], bool], timeout_s: float = 60.0) -> None:
        async def wait() -> None:
            while not what():
                await asyncio.sleep(0.02)

        self.call(asyncio.wait_for(wait(), timeout_s), timeout_s + 5)


async def _finish_tasks() -> None:
    """Let what distributed leaves running end, so that no connection outlives the farm's thread."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
