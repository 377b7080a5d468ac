"""What travels to parts: tasks, loans and push slots."""

import functools
import math
import threading
from dataclasses import dataclass

import farm_parts
import pytest

from mbench.farm.lending import borrowed, lent, stop_requested
from mbench.farm.parts import PartTask
from mbench.farm.push_slots import PUSHES_AT_ONCE, push_slots


def test_a_part_is_known_by_the_import_path_of_its_function():
    assert PartTask(serial="x", function=farm_parts.fail, arguments=("m",)).path == "farm_parts:fail"


@pytest.mark.parametrize("function", [lambda: None, functools.partial(farm_parts.nothing), threading.Lock().acquire])
def test_a_function_that_no_import_path_leads_to_is_refused(function):
    with pytest.raises(TypeError, match="needs a function of a module"):
        PartTask(serial="x", function=function)


@pytest.mark.parametrize("argument", [object(), (1, 2), {1: 2}, math.nan, b"bytes"])
def test_an_argument_that_is_no_json_value_is_refused(argument):
    with pytest.raises(TypeError, match="JSON"):
        PartTask(serial="x", function=farm_parts.nothing, arguments=(argument,))


@dataclass(frozen=True)
class Lent:
    lock: object


def test_what_is_lent_is_borrowed_as_the_very_same_thing():
    thing = Lent(threading.Lock())
    with lent(thing) as token:
        assert borrowed(token, Lent) is thing


def test_a_loan_ends_with_its_block():
    with lent(Lent(None)) as token:
        pass
    with pytest.raises(LookupError, match="session has ended"):
        borrowed(token, Lent)


def test_a_loan_of_another_kind_is_refused():
    with lent("text") as token, pytest.raises(TypeError, match="is a str, not a Lent"):
        borrowed(token, Lent)


def test_a_stop_is_seen_by_its_token():
    stop = threading.Event()
    with lent(None, stop=stop) as token:
        before = stop_requested(token)
        stop.set()
        assert (before, stop_requested(token)) == (False, True)


def test_who_asks_after_the_session_has_ended_is_told_to_stop():
    with lent(None) as token:
        pass
    assert stop_requested(token)


def test_no_more_than_the_slots_push_at_the_same_time():
    slots, most, now, lock = push_slots("this test's server"), [0], [0], threading.Lock()

    def push() -> None:
        with slots:
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            threading.Event().wait(0.02)
            with lock:
                now[0] -= 1

    threads = [threading.Thread(target=push) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [PUSHES_AT_ONCE]


def test_each_adb_server_has_one_set_of_slots():
    assert push_slots("lab:5037") is push_slots("lab:5037")
    assert push_slots("lab:5037") is not push_slots("lab:5038")
