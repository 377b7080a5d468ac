"""When the table of many devices is shown although a few are still at work: real timers, short ones."""

import threading

import pytest

from mbench.workflows.run.stragglers import Stragglers

NAMES = [f"phone-{number}" for number in range(10)]


class Listener:
    def __init__(self) -> None:
        self.heard: list[tuple[str, ...]] = []
        self.event = threading.Event()

    def __call__(self, left) -> None:
        self.heard.append(tuple(left))
        self.event.set()


@pytest.mark.parametrize(("devices", "ends", "left"), [(10, 8, 2), (10, 9, 1), (2, 1, 1), (3, 2, 1)])
def test_few_that_are_left_are_reported_once(devices, ends, left):
    listener = Listener()
    stragglers = Stragglers(NAMES[:devices], listener, quiet_s=0.02)
    for name in NAMES[:ends]:
        stragglers.ended(name)
    assert listener.event.wait(10)
    assert listener.heard == [tuple(NAMES[ends:devices])]
    assert len(listener.heard[0]) == left
    listener.event.clear()
    stragglers.ended(NAMES[devices - 1])
    assert not listener.event.wait(0.2)


@pytest.mark.parametrize(("devices", "ends"), [(10, 7), (2, 0), (2, 2), (10, 10)])
def test_many_that_are_left_or_none_are_not_reported(devices, ends):
    listener = Listener()
    stragglers = Stragglers(NAMES[:devices], listener, quiet_s=0.02)
    for name in NAMES[:ends]:
        stragglers.ended(name)
    assert not listener.event.wait(0.2)


@pytest.mark.parametrize("ends", ["close", "ended"])
def test_what_is_being_reported_has_been_reported_when_measuring_ends_or_another_device_does(ends):
    begun, reported = threading.Event(), []

    def tell(left) -> None:
        begun.set()
        may_end.wait(10)
        reported.append(tuple(left))

    may_end = threading.Event()
    stragglers = Stragglers(NAMES, tell, quiet_s=0.02)
    for name in NAMES[:8]:
        stragglers.ended(name)
    assert begun.wait(10)
    later = threading.Timer(0.2, may_end.set)
    later.start()
    stragglers.close() if ends == "close" else stragglers.ended(NAMES[8])
    assert reported == [tuple(NAMES[8:])]
    later.join()


def test_an_end_in_time_begins_the_wait_anew_and_closing_ends_it():
    listener = Listener()
    stragglers = Stragglers(NAMES, listener, quiet_s=3600)
    for name in NAMES[:8]:
        stragglers.ended(name)
    waiting = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    stragglers.ended(NAMES[8])
    assert all(timer.finished.is_set() for timer in waiting)
    stragglers.close()
    assert listener.heard == []
