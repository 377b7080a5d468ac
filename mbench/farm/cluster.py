"""Cluster: Dask's scheduler and one worker of one thread per phone as objects of this process, without any port.

Importing this module imports distributed; only `mbench.farm.engine` does so, and late.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from distributed import Client, Future, Scheduler, Worker, as_completed
from distributed.comm import inproc

from mbench.farm.attempts import attempt
from mbench.farm.parts import PartTask

_LEAVE_S: Final = 5.0


class _PortlessScheduler(Scheduler):
    """A scheduler without the HTTP server that `dashboard=False` still starts, on port 8787."""

    def start_http_server(self, *_: Any, **__: Any) -> None:
        """Do nothing."""


class _PortlessWorker(Worker):
    """A worker without the HTTP server that `dashboard=False` still starts."""

    def start_http_server(self, *_: Any, **__: Any) -> None:
        """Do nothing."""


async def run_tasks(
    token: str,
    tasks: Sequence[PartTask],
    *,
    ended: Callable[[int, str | None], None],
    give_up: asyncio.Event,
) -> None:
    """Run all tasks of a board; `ended` hears the index of each, and why it was not run. `give_up` ends the waiting."""
    async with _cluster(sorted({task.serial for task in tasks}), give_up) as client:
        futures = _submitted(client, token, tasks)
        watching = asyncio.ensure_future(_watch(client, futures, ended))
        giving_up = asyncio.ensure_future(give_up.wait())
        done, _ = await asyncio.wait((watching, giving_up), return_when=asyncio.FIRST_COMPLETED)
        for one in (watching, giving_up):
            one.cancel()
        await asyncio.gather(watching, giving_up, return_exceptions=True)
        if watching in done:
            watching.result()


def _submitted(client: Client, token: str, tasks: Sequence[PartTask]) -> "dict[Future[Any], int]":
    longest_first = sorted(range(len(tasks)), key=lambda index: -tasks[index].expected_s)
    return {
        client.submit(
            attempt,
            token,
            index,
            key=f"{token}-{index}",
            resources={f"serial:{tasks[index].serial}": 1},
            priority=tasks[index].expected_s,
            retries=0,
            pure=False,
        ): index
        for index in longest_first
    }


async def _watch(client: Client, futures: "dict[Future[Any], int]", ended: Callable[[int, str | None], None]) -> None:
    """Follow the states alone: gathering results has lost some, and has hung."""
    async for future in as_completed(list(futures), loop=client.loop):  # type: ignore[no-untyped-call]  # dask's have no types
        trouble = None if future.status == "finished" else f"{future.status}: {await future.exception()}"
        ended(futures[future], trouble)
        future.release()


@asynccontextmanager
async def _cluster(serials: Sequence[str], give_up: asyncio.Event) -> AsyncIterator[Client]:
    """Yield a client of a scheduler with one worker per serial; all is gone afterwards, save threads that hang."""
    if inproc.global_manager._ip is None:
        inproc.global_manager._ip = (
            "127.0.0.1"  # else it looks for a way to the Internet, and warns where there is none
        )
    async with AsyncExitStack() as stack:
        scheduler = await stack.enter_async_context(_PortlessScheduler(protocol="inproc", dashboard=False))
        workers = [
            _PortlessWorker(
                scheduler.address,
                name=serial,
                nthreads=1,
                resources={f"serial:{serial}": 1},
                dashboard=False,
                memory_limit=0,
            )
            for serial in serials
        ]
        stack.push_async_callback(_close, workers, give_up)
        await asyncio.gather(*workers)
        client = Client(  # type: ignore[no-untyped-call]  # as above
            scheduler.address, asynchronous=True, set_as_default=False, direct_to_workers=False
        )
        yield await stack.enter_async_context(client)


async def _close(workers: Sequence[Worker], give_up: asyncio.Event) -> None:
    """Close all workers at once, without waiting for a thread that was given up."""
    wait = not give_up.is_set()
    await asyncio.gather(*(worker.close(timeout=_LEAVE_S, executor_wait=wait, nanny=False) for worker in workers))
