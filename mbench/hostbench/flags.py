"""Command line flags with the semantics of TFLite's `tflite/tools/command_line_flags.cc`.

A flag is `--name=value` and nothing else: a bare `--name`, a second `--name=...` or an unknown word is left over, which
the tool reports and then ignores. Numbers are read as C++ streams read them, so `5abc` is 5 and an empty value is 0.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

FlagValue = bool | int | float | str
FlagKind = Literal["bool", "int32", "float", "string"]

_INT32_MIN, _INT32_MAX = -(2**31), 2**31 - 1
_INTEGER = re.compile(r"\s*([+-]?\d+)")
_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag: its name, type, default and line of help."""

    name: str
    kind: FlagKind
    default: FlagValue
    usage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFlags:
    """What a command line said.

    `values` holds every known flag, `given` the names that were on the command line, `unconsumed` the words that no
    flag took, `errors` one line per bad value. `help` is set by a leading unconsumed `--help` or by `--help=true`.
    """

    values: dict[str, FlagValue]
    given: frozenset[str]
    unconsumed: tuple[str, ...]
    errors: tuple[str, ...]
    help: bool

    def boolean(self, name: str) -> bool:
        """Returns the value of a bool flag."""
        return bool(self.values[name])

    def integer(self, name: str) -> int:
        """Returns the value of an int32 flag."""
        return int(self.values[name])

    def number(self, name: str) -> float:
        """Returns the value of a float flag."""
        return float(self.values[name])

    def text(self, name: str) -> str:
        """Returns the value of a string flag."""
        return str(self.values[name])


def parse_flags(flags: Sequence[Flag], arguments: Sequence[str]) -> ParsedFlags:
    """Reads the arguments after the program's name; the first of two equal flags wins.

    A flag that is listed twice (`num_threads` is, in the tool and in its delegate provider) is also parsed twice, so a
    bad value of it is reported twice, as by the tool.
    """
    values: dict[str, FlagValue] = {flag.name: flag.default for flag in flags}
    taken: dict[str, int] = {}
    errors: list[str] = []
    for flag in flags:
        prefix = f"--{flag.name}="
        if flag.name not in taken:
            position = next((i for i, word in enumerate(arguments) if word.startswith(prefix)), None)
            if position is None:
                continue
            taken[flag.name] = position
        word = arguments[taken[flag.name]]
        value = parse_value(flag.kind, word.removeprefix(prefix))
        if value is None:
            errors.append(f"Failed to parse flag '{flag.name}' against argv '{word}'")
        else:
            values[flag.name] = value
    consumed = set(taken.values())
    unconsumed = tuple(word for i, word in enumerate(arguments) if i not in consumed)
    return ParsedFlags(
        values=values,
        given=frozenset(taken),
        unconsumed=unconsumed,
        errors=tuple(errors),
        help=unconsumed[:1] == ("--help",) or values.get("help") is True,
    )


def parse_value(kind: FlagKind, text: str) -> FlagValue | None:
    """Returns the value of a flag's text, or None if C++ would refuse it."""
    match kind:
        case "string":
            return text
        case "bool":
            return _BOOLEANS.get(text)
        case "int32":
            return parse_int32(text)
        case "float":
            number = _NUMBER.match(text)
            if number is not None:
                return float(number[1])
            return None if text.strip(" \t\n\v\f\r") else 0.0


def parse_int32(text: str) -> int | None:
    """Reads an integer as `std::istringstream >> int` does: an empty text is 0, what follows a number is ignored."""
    number = _INTEGER.match(text)
    if number is None:
        return 0 if text.strip(" \t\n\v\f\r") in {"", "+", "-"} else None
    value = int(number[1])
    if _INT32_MIN <= value <= _INT32_MAX:
        return value
    if number.end() < len(text):
        return None
    return _INT32_MAX if value > 0 else _INT32_MIN


def format_usage(program: str, flags: Sequence[Flag]) -> str:
    """Renders the help text of the tool, which ends with an empty line."""
    columns = [f"--{flag.name}={_format_default(flag.default)}" for flag in flags]
    width = max(len(column) for column in columns)
    lines = [
        f"\t{column:<{width}}\t{flag.kind}\toptional\t{flag.usage}\n"
        for column, flag in zip(columns, flags, strict=True)
    ]
    return f"usage: {program} <flags>\nFlags:\n{''.join(lines)}"


def _format_default(value: FlagValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
