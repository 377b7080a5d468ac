"""Geolocation: the share of pictures placed within a distance (arXiv 1704.04861, Table 11; arXiv 1602.05314)."""

import numpy as np
import numpy.typing as npt

from mbench.accuracy.tasks.class_metrics import share_metric
from mbench.core.scores import Metric

WITHIN_KM = (1, 25, 200, 750, 2500)
"""Street, city, region, country and continent."""

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the ellipsoid (IUGG)."""


def haversine_km(found: npt.NDArray[np.floating], truth: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return great-circle distances in km.

    Source: Sinnott, Virtues of the haversine (Sky and Telescope, 1984); within 0.6 % of the ellipsoid's.

    Args:
        found: (n, 2) degrees, latitude and longitude.
        truth: likewise.
    """
    latitude, longitude = np.radians(found.astype(np.float64)).T
    other_latitude, other_longitude = np.radians(truth.astype(np.float64)).T
    half_chord = (
        np.sin((other_latitude - latitude) / 2) ** 2
        + np.cos(latitude) * np.cos(other_latitude) * np.sin((other_longitude - longitude) / 2) ** 2
    )
    distances: npt.NDArray[np.float64] = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half_chord, 0, 1)))
    return distances


def place_metrics(
    found: npt.NDArray[np.floating], truth: npt.NDArray[np.floating], answered: npt.NDArray[np.bool_]
) -> tuple[Metric, ...]:
    """Return `within_1_km` to `within_2500_km`, each with Wilson's interval; what was not answered is not within.

    Args:
        found: (asked, 2) degrees, latitude and longitude; anything in rows that were not answered.
        truth: (asked, 2) degrees.
        answered: (asked,).

    Raises:
        ValueError: no examples.
    """
    distances = np.where(answered, haversine_km(found, truth), np.inf)
    return tuple(share_metric(f"within_{limit}_km", int((distances <= limit).sum()), len(truth)) for limit in WITHIN_KM)
