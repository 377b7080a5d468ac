"""Builders of users' networks, `FILE.py:NAME`: what their parameters are swept over. None is run here."""

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from mbench.core.builds.own_recipes import Argument
from mbench.core.builds.own_variants import OwnVariant, network_name
from mbench.core.builds.sweeps import PUBLISHED, Axis, Point, Sweep, expand, parse_sweep, parse_value
from mbench.core.builds.variants import format_alpha
from mbench.core.errors import UsageError
from mbench.core.suggestions import did_you_mean
from mbench.files.python_source import Member, Parameter, ParameterType, find_python, read_parameters
from mbench.models.networks.architectures import ARCHITECTURES

ALPHA: Final = "alpha"
RESOLUTION: Final = "resolution"
CLASSES: Final = "classes"

_SHARED: Final = frozenset({Axis.QUANTIZATION, Axis.THREADS, Axis.DELEGATE})
"""Axes that every network has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedBuilder:
    """What was typed about a builder.

    Attributes:
        said: `FILE.py:NAME`.
        option: behind which: `--arch` or `--torch`.
        lists: comma lists by axis.
        classes, resolution: that a data set has, or that were typed; None: neither.
        typed_classes: whether the classes were typed.
    """

    said: str
    option: str
    sweeps: tuple[str, ...]
    lists: Mapping[Axis, str]
    classes: int | None
    resolution: int | None
    typed_classes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BuilderPoint:
    """One point of a builder's sweeps: its variant, what the builder is called with, and what it is run with."""

    variant: OwnVariant
    arguments: tuple[Argument, ...]
    point: Point


def builder_points(asked: AskedBuilder) -> list[BuilderPoint]:
    """Return every point of a builder's sweeps, the first sweep varying slowest.

    Raises:
        UsageError: the builder is not there or cannot be read, has no such parameter, or takes no such value.
    """
    named = find_python(asked.said, option=asked.option)
    parameters = {each.name: each for each in read_parameters(named, option=asked.option)}
    network = network_name(named.name)
    if network in ARCHITECTURES:
        raise UsageError(f"{asked.option} {asked.said}: {network} is a network of mbench's own; call yours otherwise.")
    shared, own = _split(asked, parameters)
    _refuse_incomplete(asked, parameters, own)
    points = list(expand(shared))
    return [
        BuilderPoint(variant=_variant(network, parameters, dict(chosen), point), arguments=chosen, point=point)
        for values in itertools.product(*own.values())
        for chosen in [tuple(zip(own, values, strict=True))]
        for point in points
    ]


def _split(
    asked: AskedBuilder, parameters: Mapping[str, Parameter]
) -> tuple[list[Sweep], dict[str, Sequence[int | float | bool | str]]]:
    """Return the sweeps of axes that every network has, and the values of the builder's parameters."""
    shared: list[Sweep] = []
    own: dict[str, Sequence[int | float | bool | str]] = {}
    for text in (*asked.sweeps, *(f"{axis}={values}" for axis, values in asked.lists.items())):
        name, given, listed = text.partition("=")
        if name in _SHARED:
            if name in parameters:
                raise UsageError(
                    f"{name} says how mbench builds or runs any network, and {asked.said} has a parameter of that "
                    "name; call the parameter otherwise."
                )
            shared.append(parse_sweep(text))
            continue
        if name not in parameters:
            raise UsageError(
                f"{asked.option} {asked.said} has no parameter {name!r}; it takes {', '.join(parameters) or 'none'}."
                f"{did_you_mean(name, list(parameters)) if parameters else ''}"
            )
        if name in own:
            raise UsageError(f"{name} is varied twice; name all its values in one --sweep.")
        own[name] = _values(parameters[name], listed, given=bool(given))
    if asked.classes is not None and CLASSES not in own:
        if CLASSES in parameters:
            own[CLASSES] = (asked.classes,)
        elif asked.typed_classes:
            raise UsageError(f"{asked.option} {asked.said} has no parameter 'classes'; leave --classes out.")
    if asked.resolution is not None and RESOLUTION not in own and RESOLUTION in parameters:
        own[RESOLUTION] = (asked.resolution,)
    return shared, own


def _values(parameter: Parameter, listed: str, *, given: bool) -> Sequence[int | float | bool | str]:
    name = parameter.name
    if not given:
        if name not in (ALPHA, RESOLUTION):
            raise UsageError(f"--sweep {name}: nobody published values of it; name yours: --sweep {name}=VALUE,VALUE.")
        texts: Sequence[str] = PUBLISHED[Axis(name)]
    else:
        texts = [text.strip() for text in listed.split(",") if text.strip()]
    if not texts:
        raise UsageError(f"--sweep {name}= names no value.")
    values = [_value(parameter, text) for text in texts]
    if len(set(values)) != len(values):
        raise UsageError(f"--sweep {name}={listed} names a value twice.")
    return values


def _value(parameter: Parameter, text: str) -> int | float | bool | str:
    if parameter.name in (ALPHA, RESOLUTION):
        found = parse_value(Axis(parameter.name), text)
        assert isinstance(found, (int, float))  # of these two axes
        return found
    if parameter.unswept is not None:
        raise UsageError(
            f"{parameter.name} takes {parameter.unswept}, which one value is not; leave it to its default, or give the "
            "builder a parameter of a number, a text or a bool."
        )
    if parameter.members is not None:
        return _member(parameter, parameter.members, text)
    types = [parameter.type_] if parameter.type_ is not None else list(_PARSERS)
    for type_ in types:
        with suppress(ValueError):
            return _one_of(parameter, _PARSERS[type_](text))
    raise UsageError(f"{parameter.name} {text!r} is not {_NOUNS[types[0]]}.")


def _member(parameter: Parameter, members: Sequence[Member], text: str) -> str:
    """Return the name of an Enum's member that is given by its name or its value."""
    by_name = [each for each in members if each.name in (text, text.replace("-", "_"))]
    found = by_name or [each for each in members if each.value == text]
    if not found:
        said = [each.name if each.value is None else f"{each.name} ({each.value})" for each in members]
        raise UsageError(
            f"{parameter.name} {text!r} is none of its {', '.join(said) or 'members, of which there are none'}."
        )
    return found[0].name


def _one_of(parameter: Parameter, value: int | float | bool | str) -> int | float | bool | str:
    """Return the value, of a `Literal` as far as it names it."""
    if parameter.choices is None or value in parameter.choices:
        return value
    raise UsageError(f"{parameter.name} {value!r} is none of its {', '.join(map(repr, parameter.choices))}.")


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise ValueError(text)
    return int(text)


def _real(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(text)
    return number


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


_PARSERS: Final[Mapping[ParameterType, Callable[[str], int | float | bool | str]]] = {
    ParameterType.INT: _whole,
    ParameterType.FLOAT: _real,
    ParameterType.BOOL: _truth,
    ParameterType.STR: str,
}
"""In the order in which a value of no said type is tried."""

_NOUNS: Final = {
    ParameterType.INT: "a whole number",
    ParameterType.FLOAT: "a number",
    ParameterType.BOOL: "true or false",
    ParameterType.STR: "a text",
}


def _refuse_incomplete(asked: AskedBuilder, parameters: Mapping[str, Parameter], own: Mapping[str, object]) -> None:
    if missing := [name for name, each in parameters.items() if each.required and name not in own]:
        raise UsageError(f"{asked.option} {asked.said} needs {missing[0]}; name it: --sweep {missing[0]}=VALUE.")


def _variant(
    network: str, parameters: Mapping[str, Parameter], chosen: Mapping[str, int | float | bool | str], point: Point
) -> OwnVariant:
    """Return the variant that says all that a builder was asked for, in the builder's order."""
    alpha, resolution = chosen.get(ALPHA), chosen.get(RESOLUTION)
    return OwnVariant(
        network=network,
        alpha=None if alpha is None else float(format_alpha(float(alpha))),
        parameters=tuple(
            (name, _text(chosen[name], parameter))
            for name, parameter in parameters.items()
            if name in chosen and name not in (ALPHA, RESOLUTION)
        ),
        resolution=None if resolution is None else int(resolution),
        quantization=point.quantization,
    )


def _text(value: int | float | bool | str, parameter: Parameter) -> str:
    if parameter.members is not None:  # identifiers, of which names can have all but `_`
        return str(value).replace("_", "-")
    return str(value).lower() if isinstance(value, bool) else str(value)
