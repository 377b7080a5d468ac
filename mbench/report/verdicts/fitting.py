"""Which lines of a verdict are shown where there is room for so many: each section keeps one, details go first."""

from collections.abc import Sequence
from dataclasses import dataclass

from mbench.report.verdicts.pieces import Line
from mbench.report.verdicts.sections import Section


@dataclass(frozen=True, slots=True)
class ShownSection:
    """What of a section is shown: lines with those below each, and how many blocks are left out."""

    title: str
    blocks: tuple[tuple[Line, tuple[Line, ...]], ...]
    left_out: int


def fitted(sections: Sequence[Section], most_lines: int, *, unbounded: bool = False) -> tuple[ShownSection, ...]:
    """Return sections cut to a number of lines.

    A section costs a line for its title, one for each block, and one that says how many are left out. Sections show as
    many blocks as they may, the first ones first, and what lines are then left go to details.

    Args:
        sections: none is empty.
        most_lines: of all together.
        unbounded: whether a section may show more than its `most`.
    """
    counts = [0] * len(sections)
    room = most_lines - 2 * len(sections)  # the title, and a block or the line about those left out
    for place, section in enumerate(sections):
        limit = len(section.blocks) if unbounded else min(section.most, len(section.blocks))
        while counts[place] < limit:
            cost = _cost(section, counts[place] + 1) - _cost(section, counts[place])
            if cost > room:
                break
            room, counts[place] = room - cost, counts[place] + 1
    shown = []
    for section, count in zip(sections, counts, strict=True):
        blocks = []
        for block in section.blocks[:count]:
            below = block.below if len(block.below) <= room else ()
            room -= len(below)
            blocks.append((block.line, below))
        shown.append(ShownSection(section.title, tuple(blocks), len(section.blocks) - count))
    return tuple(shown)


def _cost(section: Section, count: int) -> int:
    """Return the lines that so many blocks take, with the one about the others, the first line not counted."""
    return max(count + (count < len(section.blocks)), 1) - 1
