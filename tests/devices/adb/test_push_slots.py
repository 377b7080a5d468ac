"""Push slots: phones of one adb server take turns."""

import threading

from mbench.devices.adb.push_slots import PUSHES_AT_ONCE, push_slots


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
