"""A device in memory that can be planned with and taken, and one on which files take what a test has written down."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from memory_device import FOLDERS, IDENTITY, INSTRUMENT, PROFILE, Ended, MemoryDevice, MemoryTaken

from mbench.core.errors import DeviceLost
from mbench.core.ports import Progress
from mbench.core.results import BinaryFacts, DeviceFacts
from mbench.devices.android.settings import Wanted
from mbench.runner import script
from mbench.workflows.devices.device import Folders, Identity


@dataclass
class TwoSpeeds(MemoryDevice):
    """A device on which files take what a test has written down, by SHA-256, in µs."""

    takes_us: Mapping[str, int] = field(default_factory=dict)

    def _leave(self, words: str, ended: Ended, cpus: Sequence[int] | None) -> None:
        super()._leave(words, ended, cpus)
        for path, data in self.left.items():
            for sha256, takes_us in self.takes_us.items():
                if path.endswith(script.STDOUT) and f"/{sha256}.tflite" in words:
                    self.left[path] = data.replace(b"median=3998", f"median={takes_us}".encode())


@dataclass
class TwoPeaks(TwoSpeeds):
    """A device on which files need as much memory as a test has written down, by SHA-256, in MiB."""

    needs_mib: Mapping[str, int] = field(default_factory=dict)

    def _leave(self, words: str, ended: Ended, cpus: Sequence[int] | None) -> None:
        super()._leave(words, ended, cpus)
        mib = next(mib for sha256, mib in self.needs_mib.items() if f"/{sha256}.tflite" in words)
        said = f"INFO: Overall peak memory footprint (MB) via periodic monitoring: {mib}\n"
        for path in [path for path in self.left if path.endswith(script.STDOUT) and "report_peak" in words]:
            self.left[path] += said.encode()


class Phone:
    """A device that can be planned with and taken."""

    profile, cpus = PROFILE, (7,)

    def __init__(
        self, transport: MemoryDevice, binary: BinaryFacts = IDENTITY.binary, facts: DeviceFacts = IDENTITY.facts
    ) -> None:
        self._identity = Identity(facts=facts, instrument=INSTRUMENT, binary=binary)
        self._transport = transport

    @property
    def known(self) -> DeviceFacts:
        return self._identity.facts

    def folders(self, session: str) -> Folders:
        return FOLDERS

    def identify(self, *, wanted: Wanted, progress: Progress, only_look: bool = False) -> Identity:
        return self._identity

    @contextmanager
    def take(self, session: str, *, wanted: Wanted, progress: Progress) -> Iterator[MemoryTaken]:
        yield MemoryTaken(transport=self._transport, identity=self._identity, come_back=self._never)

    def _never(self) -> str:
        raise DeviceLost("phone-1 does not come back.")
