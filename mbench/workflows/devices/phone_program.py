"""Which benchmark program a phone gets: the user's, the library's in the wanted flavour, or an emulated phone's own."""

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from mbench.binaries.advice import advice
from mbench.binaries.elf import is_for_hexagon
from mbench.binaries.library import BinaryLibrary
from mbench.binaries.records import BinaryRecord, Flavour, System
from mbench.core.errors import NoDevice, StoreError, UsageError
from mbench.core.ports import Transport
from mbench.core.results import BinaryFacts
from mbench.devices.host.facts import read_facts
from mbench.files import in_use
from mbench.hostbench.identity import program_manifest
from mbench.hostbench.parameters import FLAGS
from mbench.runner.instrument import Instrument
from mbench.store.files import replace_file
from mbench.workflows.devices.benchmark_program import Program, ProgramWish, pushed_program
from mbench.workflows.devices.own_programs import own_program_file
from mbench.workflows.devices.planned_program import absent
from mbench.workflows.home import home

DSP_VARIABLE = "ADSP_LIBRARY_PATH"
_SYSTEM_DSP_FOLDERS = ("/system/lib/rfsa/adsp", "/system/vendor/lib/rfsa/adsp", "/dsp")
"""They must stand in it, too: Qualcomm, "DSP Runtime Environment" (docs.qualcomm.com, 80-63442-2)."""


def phone_program(transport: Transport, abi: str, wish: ProgramWish) -> Program:
    """Return the program for a phone, pushed and proved: the user's, the library's, or the emulated phone's stand-in.

    Raises:
        NoDevice: there is none for the phone's ABI; the message says how to get one.
        StoreError: the planned one is not at hand.
        UsageError: the user's file is no benchmark_model, or of another flavour than was asked for.
        TransportError: it could not be pushed.
    """
    library = BinaryLibrary(home() / "binaries")
    look = wish.only_look
    if wish.planned is not None:
        return _planned_program(transport, abi, library, wish.planned, wish.binary)
    if wish.binary is not None:
        return own_program(transport, wish.binary, wish.flavour, only_look=look)
    record = _chosen(library, abi, wish.flavour, emulated=transport.emulated)
    if record is not None:
        program = _kept_program(transport, library, record, only_look=look)
        refuse_other_flavour(program.instrument, wish.flavour, named=f"{record.source} ({record.sha256[:12]})")
        return program
    if transport.emulated and wish.flavour is None:
        return _stand_in(transport, abi, only_look=look)
    raise NoDevice(f"{transport.serial}: {advice(abi, wish.flavour or 'tflite')}")


def _planned_program(
    transport: Transport, abi: str, library: BinaryLibrary, planned: BinaryFacts, given: Path | None
) -> Program:
    """Return the very program that a session was begun with; another one is not even asked for its flags.

    Raises:
        StoreError: it is not at hand; the message says how to give it.
        UsageError: the user's file is no benchmark_model.
        TransportError: it could not be pushed.
    """
    record = _planned(library, planned)
    if record is not None:
        return _kept_program(transport, library, record)
    if planned.tool == "hostbench" and transport.emulated:
        return _stand_in(transport, abi, sha256=planned.sha256)
    if given is None and not planned.companions:
        given = own_program_file(planned.sha256)
    if given is None:
        raise StoreError(f"{transport.serial}: {absent(planned)}")
    return own_program(transport, given, None, sha256=planned.sha256)


def _kept_program(
    transport: Transport, library: BinaryLibrary, record: BinaryRecord, *, only_look: bool = False
) -> Program:
    """Return a program of the library, pushed with what lies beside it."""
    path, beside = library.path_of(record), dict(library.companions_of(record))
    program = pushed_program(transport, path, companions=beside, sha256=record.sha256, only_look=only_look)
    return replace(
        program,
        instrument=with_dsp_libraries(program.instrument, beside.values()),
        facts=program.facts.model_copy(update={"path": record.source}),
    )


def own_program(
    transport: Transport,
    binary: Path,
    flavour: Flavour | None,
    *,
    sha256: str | None = None,
    only_look: bool = False,
) -> Program:
    """Return the user's own program, pushed and proved.

    Raises:
        UsageError: no such file, no benchmark_model, of another flavour than was asked for, or not of `sha256`.
        TransportError: it could not be pushed.
    """
    if not binary.is_file():
        raise UsageError(f"--binary {binary}: no such file.")
    program = pushed_program(transport, binary, sha256=sha256, only_look=only_look)
    refuse_other_flavour(program.instrument, flavour, named=f"--binary {binary}")
    return program


def with_dsp_libraries(instrument: Instrument, companions: Iterable[Path]) -> Instrument:
    """Return a program that finds the libraries of Qualcomm's signal processor, if any lies beside it.

    The processor's loader does not know LD_LIBRARY_PATH: `libQnnHtpV*Skel.so` is looked for where ADSP_LIBRARY_PATH
    says, folders divided by semicolons. LiteRT's loader for NPUs sets it to `--dispatch_library_path` itself, some
    releases where nobody has set it, others in front of what is set (`litert/vendors/qualcomm/qnn_manager.cc`); an
    external delegate may rely on who starts it. Delegates that load no such library do not read it. Emulated phones
    have no such processor, and no real one has tried this yet.
    """
    if instrument.path is None or not any(is_for_hexagon(path) for path in companions):
        return instrument
    folders = (posixpath.dirname(instrument.path), *_SYSTEM_DSP_FOLDERS)
    return replace(instrument, environment=(*instrument.environment, (DSP_VARIABLE, ";".join(folders))))


def refuse_other_flavour(instrument: Instrument, flavour: Flavour | None, *, named: str) -> None:
    """Refuse a program that is not of the flavour that was asked for.

    Raises:
        UsageError: it is of another one.
    """
    if flavour not in (None, instrument.tool):
        raise UsageError(f"{named} is the {instrument.tool} benchmark_model, not the {flavour} one; see --flavour.")


def companion_hashes(record: BinaryRecord) -> Mapping[str, str]:
    """Return the SHA-256 of what lies beside a binary, by name."""
    return {companion.name: companion.sha256 for companion in record.companions}


def _planned(library: BinaryLibrary, planned: BinaryFacts) -> BinaryRecord | None:
    """Return the record of exactly what a session was begun with, what lies beside it included."""
    for record in library.records():
        if record.sha256 == planned.sha256 and companion_hashes(record) == planned.companions:
            return record
    return None


def _chosen(library: BinaryLibrary, abi: str, flavour: Flavour | None, *, emulated: bool) -> BinaryRecord | None:
    """Return the binary of the wanted flavour, else tflite's, else the only one there is; None where none is kept.

    An emulated phone can start what this host can: a binary for real phones is none for it.
    """
    if emulated and abi != read_facts().abi:
        return None
    system: System = "linux" if emulated else "android"
    flavours: tuple[Flavour, ...] = ("tflite", "litert") if flavour is None else (flavour,)
    found = (library.find(abi, each, system=system) for each in flavours)
    return next((record for record in found if record is not None), None)


def stand_in_file(abi: str) -> Path:
    """Return the file that emulated phones of an ABI are given; many ask for it at the same time.

    It bears the identity of this host's hostbench, which such a phone runs, so that rows of two of them stay apart.

    Raises:
        NoDevice: the phone calls its ABI by a name that fits no file.
        StoreError: it could not be written.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", abi):
        raise NoDevice(f"the phone says that its ABI is {abi[:40]!r}; no program is made for that.")
    from mbench.emulator.phone.binaries import emulated_binary

    path, content = home() / "phones" / f"emulated_{abi}", emulated_binary(abi, program=program_manifest()["sha256"])
    in_use.hold(path.parent, path.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_bytes() != content:
        replace_file(path, content)
    return path


def _stand_in(transport: Transport, abi: str, *, sha256: str | None = None, only_look: bool = False) -> Program:
    flags = frozenset(flag.name for flag in FLAGS)
    program = pushed_program(transport, stand_in_file(abi), sha256=sha256, only_look=only_look, known_flags=flags)
    return replace(
        program,
        instrument=replace(program.instrument, tool="hostbench"),
        facts=program.facts.model_copy(update={"tool": "hostbench", "path": "the emulated phone's own"}),
    )
