"""A phone with a small classifier on it, and what is needed to let it answer examples through a real adb server."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from answering import Notes, classifier, workload

from mbench.core.workloads import ArtifactFacts
from mbench.devices.adb.recovery import wait_for_device
from mbench.devices.adb.servers import AdbServer
from mbench.devices.adb.transport import open_device
from mbench.emulator.adb_server import AdbServer as PrivateServer
from mbench.emulator.farm import Phone, PhoneFarm
from mbench.emulator.phone.binaries import emulated_binary
from mbench.emulator.phone.facts import SyntheticLaw, pixel4
from mbench.runner.device_scoring.answer import DeviceAnswers, answer_on_device
from mbench.runner.device_scoring.device import AnswerRequest
from mbench.runner.device_scoring.kept import KeptAnswers
from mbench.workflows.clock import SystemClock
from mbench.workflows.devices.benchmark_program import pushed_program

MODEL = classifier()
_SERIALS = (f"SCORE{number:02d}" for number in itertools.count(1))


class Bench:
    """One phone with the classifier on it, and what is needed to ask it."""

    def __init__(self, phone: Phone, adb: "Server", folder: Path, *, model: bytes = MODEL) -> None:
        self.phone, self.adb, self.folder = phone, adb, folder
        self.transport = open_device(AdbServer(port=adb.port), phone.address)
        self.instrument = self._pushed_program()
        self.model = f"{self.transport.root}/models/m.tflite"
        self.artifact = self._pushed_model(model)
        self.notes, self.limit_s = Notes(), 20.0

    def _pushed_program(self):
        path = self.folder / "benchmark_model"
        path.write_bytes(emulated_binary())
        return pushed_program(self.transport, path).instrument

    def _pushed_model(self, model: bytes) -> ArtifactFacts:
        path = self.folder / "m.tflite"
        path.write_bytes(model)
        facts = workload(model).artifact
        self.transport.push(path, self.model, sha256=facts.sha256 or "")
        return facts

    def ask(
        self, stored: np.ndarray, *, outputs: int = 10, dtype: str = "int8", cpus: tuple[int, ...] | None = None
    ) -> DeviceAnswers:
        asked = workload(MODEL, outputs=outputs, dtype=dtype)
        assert asked.artifact.outputs is not None
        request = AnswerRequest(
            workload=asked,
            inputs=stored,
            input_shape=(1, *stored.shape[1:]),
            outputs=asked.artifact.outputs,
            model=self.model,
            folder=f"{self.transport.root}/sessions/s",
            cpus=cpus,
        )
        kept = self.kept(request.answer_bytes)
        return answer_on_device(
            self.transport,
            SystemClock(),
            self.instrument,
            request,
            kept,
            progress=self.notes,
            recover=self.recover,
        )

    def kept(self, row_bytes: int) -> KeptAnswers:
        return KeptAnswers(self.folder / "kept", about={}, row_bytes=row_bytes)

    def recover(self) -> str:
        back = wait_for_device(self.transport, limit_s=self.limit_s, clock=SystemClock(), revive=self.adb.start)
        return "came back after a restart" if back.rebooted else "came back"

    def left(self) -> list[str]:
        """Return the files of a scoring that are on the phone."""
        folder = self.phone.path(f"{self.transport.root}/sessions")
        return [path.name for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []


class Server:
    """An adb server that can die and be started again on its port."""

    def __init__(self) -> None:
        self._server = PrivateServer()
        self.port = self._server.port
        self._runs = True

    def start(self) -> None:
        if not self._runs:
            self._server, self._runs = PrivateServer(port=self.port), True

    def die(self) -> None:
        self._server.stop()
        self._runs = False

    def connect(self, address: str) -> None:
        assert "connected to" in self._server.connect(address)


@pytest.fixture(scope="session")
def scoring_farm() -> Iterator[PhoneFarm]:
    with PhoneFarm() as farm:
        yield farm


@pytest.fixture
def bench(scoring_farm: PhoneFarm, tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    adb, phones = Server(), []

    def open_bench(*, invented: bool = False, model: bytes = MODEL) -> Bench:
        law = {"synthetic": SyntheticLaw(base_us=800)} if invented else {}
        phones.append(scoring_farm.start(pixel4(next(_SERIALS), **law)))
        adb.connect(phones[-1].address)
        return Bench(phones[-1], adb, tmp_path, model=model)

    yield open_bench
    for phone in phones:
        phone.stop()
    adb.die()
