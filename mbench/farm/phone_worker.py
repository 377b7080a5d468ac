"""A worker of distributed that stands for one phone: one thread, so that it is also the phone's turn on this farm."""

import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from mbench.core.errors import PartInterrupted
from mbench.core.parts import Part
from mbench.farm.addresses import LOOPBACK, Address
from mbench.farm.door import Security, Status, Worker
from mbench.farm.ends import failure_of

SERIAL: Final = "serial:"
HOST: Final = "host:"
STOP_PART: Final = "stop_part"
DRAIN: Final = "drain"

DEATH_S: Final = 30.0
"""How long a worker tries to be taken by its scheduler before it closes; the agent makes another.

A thousand that come at once wait for each other.
"""

ContextOf = Callable[[str, threading.Event], object]
"""Makes what a part of a phone gets: of its serial, and of what is set when it shall end after the run at hand."""


def resource(serial: str) -> str:
    """Return what a part of a phone asks for, and only the phone's own worker has."""
    return f"{SERIAL}{serial}"


def lent(resources: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return serial and host of a worker by its resources; None where it is none of ours."""
    serial = next((name.removeprefix(SERIAL) for name in resources if name.startswith(SERIAL)), None)
    host = next((name.removeprefix(HOST) for name in resources if name.startswith(HOST)), None)
    return None if serial is None or host is None else (serial, host)


class PhoneWorker(Worker):
    """One phone that this host lends.

    Attributes:
        serial: of the phone.
        running: the task at work; None while the phone is idle. It may outlive the worker by the run at hand.
        draining: whether its host was asked to take no new part.
    """

    def __init__(
        self,
        address: Address,
        *,
        serial: str,
        host_name: str,
        security: Security,
        context_of: ContextOf,
        folder: str,
    ) -> None:
        self.serial, self.running, self.draining = serial, None, False
        self._host_name, self._context_of = host_name, context_of
        self._stops: dict[str, threading.Event] = {}
        self._guard = threading.Lock()
        super().__init__(
            str(address),
            nthreads=1,
            name=f"{serial}@{host_name}~{secrets.token_hex(4)}",
            resources={resource(serial): 1, f"{HOST}{host_name}": 1},
            host=LOOPBACK if address.protocol == "tcp" else None,
            dashboard=False,
            memory_limit=0,
            death_timeout=DEATH_S,
            security=security,
            local_directory=folder,
        )
        self.stream_handlers[STOP_PART] = self._stop_part
        self.stream_handlers[DRAIN] = self._drain

    running: str | None
    draining: bool

    @property
    def alive(self) -> bool:
        """Whether its scheduler has it."""
        return self.status in (Status.running, Status.paused)

    @property
    def idle(self) -> bool:
        """Whether it has no part, and its driver has heard how the last one ended.

        Distributed begins a part again whose worker goes before that.
        """
        return self.running is None and not self.state.tasks

    @property
    def drained(self) -> bool:
        """Whether it takes no new part, and its driver has heard how the last one ended."""
        waiting = {"ready", "constrained"}
        return self.draining and self.running is None and {t.state for t in self.state.tasks.values()} <= waiting

    def start_http_server(self, *_: object, **__: object) -> None:
        """Serve no pages: whoever may look at a farm asks its scheduler."""

    def run_part(self, key: str, fields: Mapping[str, Any]) -> None:
        """Run a part in the worker's one thread.

        Raises:
            PartFailed: it did not end well.
        """
        stop = self._stop_of(key)
        self.running = key
        try:
            if stop.is_set():
                raise PartInterrupted(f"{self.serial}: interrupted; its part was not begun.")
            part = Part(**{**fields, "arguments": tuple(fields["arguments"])})
            part.resolve()(self._context_of(self.serial, stop), *part.arguments)
        except BaseException as error:  # SystemExit too: a part takes no other along
            raise failure_of(error, self.serial, self._host_name) from None
        finally:
            self.running = None
            with self._guard:
                self._stops.pop(key, None)

    def stop_parts(self) -> None:
        """Let what is running end after the run at hand."""
        with self._guard:
            for stop in self._stops.values():
                stop.set()

    def stop_released(self) -> None:
        """Let what nobody wants any more, its driver having died or taken it back, end after the run at hand."""
        for key in list(self._stops):
            task = self.state.tasks.get(key)
            if task is None or task.state in ("cancelled", "released", "forgotten"):
                self._stop_of(key).set()
                if key != self.running:
                    with self._guard:
                        self._stops.pop(key, None)

    async def close(self, *args: Any, **options: Any) -> Any:
        """Close without waiting for the part, which is asked to end; what it has measured is on this host's disk."""
        self.stop_parts()
        return await super().close(*args, **{**options, "executor_wait": False})

    def _drain(self, **_: object) -> None:
        """Begin no part any more; what waits for this phone waits until it is lent again, here or elsewhere."""
        self.draining = True
        self.status = Status.paused

    def _stop_part(self, key: str, **_: object) -> None:
        self._stop_of(key).set()

    def _stop_of(self, key: str) -> threading.Event:
        with self._guard:
            return self._stops.setdefault(key, threading.Event())
