"""Emulated phones for a person at a terminal: they run until Ctrl-C."""

import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from mbench.emulator.control import ControlServer
from mbench.emulator.farm import Phone, PhoneFarm
from mbench.emulator.phone.facts import PhoneFacts, numbered_serial


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What runs, for whoever tells it.

    Attributes:
        control: address of the control channel, its secret included (control.py).
        namespace: whether phones' paths are mounted; else they are rewritten (views.py).
    """

    phones: tuple[Phone, ...]
    control: str
    namespace: bool


def serve(
    make: Callable[[str], PhoneFacts],
    serials: Sequence[str] = (numbered_serial(1),),
    *,
    ports: Sequence[int] = (),
    control_port: int = 0,
    folder: Path | None = None,
    announce: Callable[[Serving], None],
    until: threading.Event | None = None,
) -> None:
    """Run phones until they are interrupted, or until an event is set.

    Interrupts are SIGINT, SIGTERM and, unless it is ignored (nohup), SIGHUP, where this is the main thread.

    Args:
        make: facts by serial.
        serials: one for each phone.
        ports: theirs, as far as given; the others get free ones.
        control_port: of the control channel; 0: a free one.
        folder: where their folders are made; None: a temporary one, removed at the end.
        announce: is called once all of them listen.
        until: ends it from another thread.

    Raises:
        MbenchError: this system cannot carry emulated phones.
        OSError: a port is taken.
    """
    stop = until or threading.Event()
    with PhoneFarm(folder) as farm:
        for index, serial in enumerate(serials):
            farm.start(make(serial), port=ports[index] if index < len(ports) else 0)
        with ControlServer(farm, port=control_port) as control:
            announce(Serving(phones=farm.phones, control=control.address, namespace=farm.namespace))
            _wait(stop)


def _wait(stop: threading.Event) -> None:
    if threading.current_thread() is not threading.main_thread():
        stop.wait()
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)  # the terminal has been closed
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        stop.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
