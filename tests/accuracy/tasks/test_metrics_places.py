import numpy as np
import pytest

from mbench.accuracy.tasks.place_metrics import haversine_km, place_metrics

BERLIN, PARIS, SYDNEY = (52.5200, 13.4050), (48.8566, 2.3522), (-33.8688, 151.2093)


@pytest.mark.parametrize(
    ("found", "truth", "km"),
    [
        (BERLIN, PARIS, 877.5),
        (BERLIN, SYDNEY, 16_094),
        ((0, 0), (0, 180), np.pi * 6371.0088),
        ((0, 179.5), (0, -179.5), 111.2),
        (BERLIN, BERLIN, 0),
    ],
)
def test_distances_are_great_circles(found, truth, km):
    assert haversine_km(np.array([found]), np.array([truth]))[0] == pytest.approx(km, rel=2e-3)


def test_shares_within_each_distance_are_counted_and_what_was_not_answered_is_not_within():
    truth = np.array([BERLIN, BERLIN, BERLIN, SYDNEY])
    found = np.array([BERLIN, PARIS, SYDNEY, SYDNEY])
    metrics = place_metrics(found, truth, np.array([True, True, True, False]))
    assert [metric.name for metric in metrics] == [f"within_{km}_km" for km in (1, 25, 200, 750, 2500)]
    assert [metric.value for metric in metrics] == [0.25, 0.25, 0.25, 0.25, 0.5]
    assert {metric.interval for metric in metrics} == {"wilson"}
