from mbench.devices.android.staleness import StoppedSensors


def watch(sensors, value, *, elapsed_s=5.0, busy=0.5, **others):
    return sensors.watch({"cpu-0-0-usr": value, "skin": 30.0, **others}, elapsed_s=elapsed_s, busy=busy)


def test_a_processors_sensor_that_stands_still_under_load_has_stopped_and_with_it_all_others():
    sensors = StoppedSensors()
    watch(sensors, 33.1, elapsed_s=None, busy=None)
    assert watch(sensors, 33.1) == frozenset()
    assert watch(sensors, 33.1) == {"cpu-0-0-usr", "skin"}


def test_one_that_stands_still_while_another_moves_is_alone_in_doubt():
    sensors = StoppedSensors()
    watch(sensors, 33.1, elapsed_s=None, busy=None, **{"gpuss-0-usr": 30.0})
    watch(sensors, 33.1, **{"gpuss-0-usr": 30.4})
    assert watch(sensors, 33.1, **{"gpuss-0-usr": 30.9}) == {"cpu-0-0-usr"}


def test_without_load_nothing_is_in_doubt():
    sensors = StoppedSensors()
    assert all(watch(sensors, 33.1, busy=busy) == frozenset() for busy in (None, 0.01, 0.0, 0.02, None))


def test_one_that_moves_again_is_believed():
    sensors = StoppedSensors()
    for _ in range(4):
        watch(sensors, 33.1)
    assert watch(sensors, 33.4) == frozenset()


def test_skin_and_battery_may_stand_still():
    sensors = StoppedSensors()
    for _ in range(10):
        stopped = sensors.watch({"skin": 30.0, "battery": 25.0}, elapsed_s=60.0, busy=1.0)
    assert stopped == frozenset()
