"""A user's Python file, read and never run: what it defines, a function's parameters, and a hash over all it imports.

What a file reads besides (weights, tables), and modules that it names only while it runs, no hash here covers.
"""

import ast
import hashlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from mbench.core.builds.own_recipes import PythonName
from mbench.core.errors import ArtifactError, UsageError
from mbench.files.regular import MIB, read_regular

MOST_FILES: Final = 1000
"""Modules beside a file that are hashed with it."""

MOST_BYTES: Final = 4 * MIB
"""Of a module."""


COLLECTIONS: Final = frozenset(
    {"list", "tuple", "dict", "set", "frozenset", "Sequence", "Iterable", "Mapping", "Collection"}
    | {"List", "Tuple", "Dict", "Set", "FrozenSet"}
)
"""Annotations of parameters that take several values at once."""

ENUMS: Final = frozenset({"Enum", "StrEnum", "IntEnum", "Flag", "IntFlag"})
"""Bases of classes whose members are choices."""


class ParameterType(StrEnum):
    """What a parameter of a user's function takes."""

    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    STR = "str"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One of an Enum's.

    Attributes:
        name: as in `Act.RELU`.
        value: as text; None: only running the file would tell, or it is no plain value.
    """

    name: str
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter that can be given by its name.

    Attributes:
        type_: by its annotation, else by its default; None: neither says.
        default: None where it has none, or one that only running the file would tell.
        required: whether it has no default.
        choices: values that a `Literal` names; None: it is not one, or not one of plain values.
        unswept: an annotation of several values at once, such as `list[int]`, which no single one is; None: another.
        members: of an Enum that the file defines, by whose name or value it is given; None: it takes no such thing.
    """

    name: str
    type_: ParameterType | None
    default: int | float | bool | str | None
    required: bool
    choices: tuple[int | float | bool | str, ...] | None = None
    unswept: str | None = None
    members: tuple[Member, ...] | None = None


def find_python(said: str, *, option: str) -> PythonName:
    """Return what `FILE.py:NAME` or `package.module:NAME` is, by content.

    Args:
        said: what was typed.
        option: that it was typed behind, for messages.

    Raises:
        UsageError: no such file or module, one that is not Python, or nothing called so in it.
    """
    place, _, name = said.rpartition(":")
    if not place or not name.isidentifier():
        raise UsageError(f"{option} {said}: write FILE.py:NAME, or package.module:NAME.")
    module, file, folder = _module(place, option)
    tree = _parsed(file, option)
    if name not in set(_defined(tree)):
        raise UsageError(f"{option} {said}: {file} defines no {name} at its top level.")
    return PythonName(
        name=name, module=module, sha256=_digest(file, module, folder), source=str(file), folder=str(folder)
    )


def refuse_changed(named: PythonName) -> None:
    """Refuse code that is no longer what was described.

    Raises:
        ArtifactError: it changed, or is gone.
    """
    if _digest(Path(named.source), named.module, Path(named.folder)) != named.sha256:
        raise ArtifactError(f"{named.source}, or what it imports, changed since the build was planned; start it again.")


def read_parameters(named: PythonName, *, option: str) -> tuple[Parameter, ...]:
    """Return the parameters of a function that can be given by name, in order.

    Raises:
        UsageError: it is not defined by `def` in its file, so that only running it would tell; or one of its parameters
            cannot be given by name.
    """
    tree = _parsed(Path(named.source), option)
    found = [each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == named.name]
    if not found:
        raise UsageError(f"{option} {named}: its parameters are not known without running it; define it by def there.")
    arguments = found[-1].args
    positional = [*arguments.posonlyargs, *arguments.args]
    without = len(positional) - len(arguments.defaults)
    defaults: list[ast.expr | None] = [*([None] * without), *arguments.defaults]
    pairs = [*zip(positional, defaults, strict=True), *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    if arguments.posonlyargs:
        raise UsageError(f"{option} {named}: {arguments.posonlyargs[0].arg} cannot be given by name; take the / out.")
    enums = {each.name: _members(each) for each in tree.body if isinstance(each, ast.ClassDef) and _is_enum(each)}
    return tuple(_parameter(argument, default, enums) for argument, default in pairs)


def _parameter(argument: ast.arg, default: ast.expr | None, enums: Mapping[str, tuple[Member, ...]]) -> Parameter:
    value = None
    if default is not None:
        with suppress(ValueError):
            found = ast.literal_eval(default)
            value = found if isinstance(found, (int, float, bool, str)) else None
    by_default = None if value is None else ParameterType(type(value).__name__)
    annotation = _unquoted(argument.annotation)
    return Parameter(
        name=argument.arg,
        type_=_annotated(annotation) or by_default,
        default=value,
        required=default is None,
        choices=_literal(annotation),
        unswept=ast.unparse(annotation) if annotation is not None and _several(annotation) else None,
        members=next((enums[name] for name in _plain_names(annotation) if name in enums), None),
    )


def _is_enum(defined: ast.ClassDef) -> bool:
    return any(_last_name(base) in ENUMS for base in defined.bases)


def _members(defined: ast.ClassDef) -> tuple[Member, ...]:
    """Return the members that an Enum's body assigns, in order."""
    found = []
    for each in defined.body:
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
            name, value = each.targets[0].id, None
            with suppress(ValueError):
                literal = ast.literal_eval(each.value)
                value = str(literal) if isinstance(literal, (int, float, str)) else None
            if not name.startswith("_"):
                found.append(Member(name=name, value=value))
    return tuple(found)


def _plain_names(annotation: ast.expr | None) -> list[str]:
    """Return the names in an annotation: `Act` of `Act`, `Act | None`, `Optional[Act]`."""
    return [each.id for each in ast.walk(annotation) if isinstance(each, ast.Name)] if annotation is not None else []


def _unquoted(annotation: ast.expr | None) -> ast.expr | None:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        with suppress(SyntaxError):
            return ast.parse(annotation.value, mode="eval").body
    return annotation


def _annotated(annotation: ast.expr | None) -> ParameterType | None:
    """Return the first plain type that an annotation names: of `int`, `"int"`, `int | None`, `Optional[int]`."""
    return next((ParameterType(name) for name in _plain_names(annotation) if name in set(ParameterType)), None)


def _literal(annotation: ast.expr | None) -> tuple[int | float | bool | str, ...] | None:
    """Return the values of `Literal[...]`, `typing.Literal[...]`."""
    if not isinstance(annotation, ast.Subscript) or _last_name(annotation.value) != "Literal":
        return None
    try:
        found = ast.literal_eval(annotation.slice)
    except ValueError:
        return None
    values = found if isinstance(found, tuple) else (found,)
    return values if all(isinstance(each, (int, float, bool, str)) for each in values) else None


def _several(annotation: ast.expr) -> bool:
    """Whether an annotation names collections alone: `list`, `tuple[int, int]`, `list[int] | None`."""
    if isinstance(annotation, ast.BinOp):
        sides = [side for side in (annotation.left, annotation.right) if not _is_none(side)]
        return bool(sides) and all(map(_several, sides))
    if isinstance(annotation, ast.Subscript):
        if _last_name(annotation.value) == "Optional":
            return _several(annotation.slice)
        return _last_name(annotation.value) in COLLECTIONS
    return _last_name(annotation) in COLLECTIONS


def _is_none(annotation: ast.expr) -> bool:
    return isinstance(annotation, ast.Constant) and annotation.value is None


def _last_name(annotation: ast.expr) -> str:
    """Return `Literal` of `typing.Literal`."""
    if isinstance(annotation, ast.Attribute):
        return annotation.attr
    return annotation.id if isinstance(annotation, ast.Name) else ""


def _module(place: str, option: str) -> tuple[str, Path, Path]:
    """Return a module's name, its file, and the folder that it is imported from."""
    if place.endswith(".py") or "/" in place:
        file = Path(place).expanduser().absolute()
        if not file.is_file():
            raise UsageError(f"{option} {place}: no such file; write FILE.py:NAME.")
        return file.stem, file, file.parent
    parts = place.split(".")
    if not all(part.isidentifier() for part in parts):
        raise UsageError(f"{option} {place}: neither a .py file nor a module's name.")
    for folder in (*map(Path, filter(None, sys.path)), Path.cwd()):
        for file in (folder.joinpath(*parts).with_suffix(".py"), folder.joinpath(*parts, "__init__.py")):
            if file.is_file():
                return place, file, folder
    raise UsageError(f"{option} {place}: no such module on Python's path or in this folder; name its file instead.")


def _parsed(file: Path, option: str) -> ast.Module:
    try:
        return ast.parse(read_regular(file, limit_bytes=MOST_BYTES), filename=str(file))
    except SyntaxError as error:
        raise UsageError(f"{option} {file}: not Python: {error.msg} (line {error.lineno}).") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise UsageError(f"{option} {file}: not Python: {error}.") from error
    except OSError as error:
        raise UsageError(f"{option} {file} cannot be read: {error.strerror}.") from error


def _defined(tree: ast.Module) -> Iterator[str]:
    """Yield names that stand at the top level of a module: defined, assigned or imported there."""
    for each in tree.body:
        if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield each.name
        elif isinstance(each, (ast.Assign, ast.AnnAssign)):
            targets = each.targets if isinstance(each, ast.Assign) else [each.target]
            yield from (name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))
        elif isinstance(each, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name for alias in each.names)


def _digest(file: Path, module: str, folder: Path) -> str:
    """Return the SHA-256 over a file and the modules below its folder that it imports, directly or not."""
    top = module.partition(".")[0] if "." in module else None
    hashes: dict[Path, str] = {}
    left = [file]
    while left:
        current = left.pop()
        if current in hashes or len(hashes) >= MOST_FILES:
            continue
        try:
            data = read_regular(current, limit_bytes=MOST_BYTES)
        except OSError:
            continue
        hashes[current] = hashlib.sha256(data).hexdigest()
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            left += _imported(ast.parse(data), current, folder, top)
    lines = sorted(f"{path.relative_to(folder)} {sha256}" for path, sha256 in hashes.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _imported(tree: ast.Module, file: Path, folder: Path, top: str | None) -> Iterator[Path]:
    """Yield the files below a folder that a module's imports may mean; of a package none outside of it."""
    for dotted in _import_names(tree, file, folder):
        parts = dotted.split(".")
        if parts[0] in sys.stdlib_module_names or (top is not None and parts[0] != top):
            continue
        for depth in range(1, len(parts) + 1):
            place = folder.joinpath(*parts[:depth])
            yield from (each for each in (place.with_suffix(".py"), place / "__init__.py") if each.is_file())


def _import_names(tree: ast.Module, file: Path, folder: Path) -> Iterator[str]:
    for each in ast.walk(tree):
        if isinstance(each, ast.Import):
            yield from (alias.name for alias in each.names)
        elif isinstance(each, ast.ImportFrom):
            inside = file.parent.relative_to(folder).parts
            package = inside[: len(inside) - each.level + 1] if each.level else ()
            stem = [*package, *((each.module or "").split(".") if each.module else [])]
            yield from (".".join([*stem, alias.name]) for alias in each.names if alias.name != "*")
            if stem:
                yield ".".join(stem)
