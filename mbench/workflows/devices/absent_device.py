"""A device that was asked for beside others and cannot be used: it is planned for, so that its rows say why."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

from mbench.core.errors import MbenchError
from mbench.core.ports import Progress
from mbench.core.results import DeviceFacts
from mbench.devices.android.settings import Wanted
from mbench.devices.profiles.profile import Profile
from mbench.workflows.devices.device import Folders, Identity, TakenDevice


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsentDevice:
    """A device that is not there to be asked; see `mbench.workflows.devices.device.Device`.

    Attributes:
        name: what the user calls it, or the way to it.
        profile: what is declared about it, by its name or in general.
        error: why it cannot be used.
    """

    name: str
    profile: Profile
    error: MbenchError

    @property
    def cpus(self) -> tuple[int, ...] | None:
        """Nothing: no core of it is known."""
        return None

    @property
    def known(self) -> DeviceFacts:
        """Its name."""
        return DeviceFacts(serial=self.name, profile=self.profile.name)

    def folders(self, session: str) -> Folders:
        """Refuse.

        Raises:
            MbenchError: why it cannot be used.
        """
        raise self.error

    def identify(self, *, wanted: Wanted, progress: Progress, only_look: bool = False) -> Identity:
        """Refuse.

        Raises:
            MbenchError: why it cannot be used.
        """
        raise self.error

    def take(self, session: str, *, wanted: Wanted, progress: Progress) -> AbstractContextManager[TakenDevice]:
        """Refuse.

        Raises:
            MbenchError: why it cannot be used.
        """
        raise self.error
