"""How many lines of code `mbench/` has, room by room: lines without docstrings, comments and blank lines.

python -m benchmarks code_lines           of this checkout
python -m benchmarks code_lines FOLDER    of another checkout, to compare with

A line counts where a token of code begins, ends or goes on in it (`tokenize`), unless it belongs to a text that stands
alone as a statement (`ast`): docstrings of modules, classes and functions, and those below a constant or an attribute.
"""

import ast
import io
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

_NO_CODE = frozenset(
    {
        tokenize.COMMENT,
        tokenize.DEDENT,
        tokenize.ENCODING,
        tokenize.ENDMARKER,
        tokenize.INDENT,
        tokenize.NEWLINE,
        tokenize.NL,
    }
)


def main(arguments: list[str]) -> int:
    """Print the lines of each room, the largest first, and of all."""
    root = Path(arguments[0]) if arguments else ROOT
    rooms = count_rooms(root / "mbench")
    if not rooms:
        print(f"{root} holds no mbench/ with Python files; name a checkout.", file=sys.stderr)
        return 2
    for room, lines in sorted(rooms.items(), key=lambda one: (-one[1], one[0])):
        print(f"{lines:7d} {room}")
    print(f"{sum(rooms.values()):7d} in all")
    return 0


def count_rooms(package: Path) -> dict[str, int]:
    """Return the lines of code by room: a folder of the package; its own modules are the room `.`."""
    rooms: Counter[str] = Counter()
    for path in package.rglob("*.py"):
        inside = path.relative_to(package).parts
        rooms[inside[0] if len(inside) > 1 else "."] += count_lines(path.read_text(encoding="utf-8"))
    return dict(rooms)


def count_lines(source: str) -> int:
    """Return the lines of code of a module's text."""
    counted: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _NO_CODE:
            counted.update(range(token.start[0], token.end[0] + 1))
    return len(counted - set(_text_lines(ast.parse(source))))


def _text_lines(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)
