"""Why something is not there, as a value of its own: no text is taken for what it is the reason for."""

from dataclasses import dataclass

from mbench.core.error_classes import BUILD, ErrorClass


@dataclass(frozen=True, slots=True)
class Unscored:
    """Why a file has no score."""

    reason: str


@dataclass(frozen=True, slots=True)
class Untrained:
    """Why a network has no trained weights."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unbuilt:
    """Why a variant has no file; `error_class` says whether that is a fault of this host."""

    reason: str
    error_class: ErrorClass = BUILD


@dataclass(frozen=True, slots=True)
class PeakUnknown:
    """Why it is not known what a job's cores can do at most."""

    reason: str
