"""What tests of scores share: worker processes, each of which takes half a second of computing to start."""

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from mbench.accuracy.host.pool import HostPool
from mbench.workflows.score import on_host


@pytest.fixture(scope="session")
def pool() -> Iterator[HostPool]:
    with HostPool(2) as workers:
        yield workers


@pytest.fixture
def lasting_pool(pool: HostPool, monkeypatch: pytest.MonkeyPatch) -> HostPool:
    """Let `score_files` ask in the processes of `pool`; commands show that it starts and ends its own."""
    monkeypatch.setattr(on_host, "HostPool", lambda _: nullcontext(pool))
    return pool
