"""Help of long commands: options under headings, in plain text, and older names of options that are still read.

typer's own headings need its rich help, whose import takes as long as all the rest of `--help`.
"""

import re
from typing import Any, ClassVar, Final

import typer
from typer.core import TyperCommand

BUILD: Final = "What to build"
DEVICES: Final = "Where to run"
DURATION: Final = "How long to measure"
CONDITIONS: Final = "How to measure"
ACCURACY: Final = "Accuracy"
OUTPUT: Final = "Output"
TRAINING: Final = "How to train"
QUANTIZATION: Final = "Quantization-aware training and distillation"
COMPUTING: Final = "Processes"

_ORDER: Final = (
    "Arguments",
    BUILD,
    DEVICES,
    TRAINING,
    QUANTIZATION,
    ACCURACY,
    DURATION,
    CONDITIONS,
    COMPUTING,
    OUTPUT,
)


_ONCE: Final = (BUILD, ACCURACY)
"""Headings of options that say what is built or scored."""

_DEFAULT: Final = re.compile(r"\[default: \((.+?)\)(?=[];])")
"""Typer puts a default that is described in words in parentheses of its own."""


class GroupedCommand(TyperCommand):
    """A command whose options stand below the heading that each names as its `rich_help_panel`."""

    old_names: ClassVar[dict[str, str]] = {"--held-out": "--validation-split", "--batch": "--batch-size"}
    """Options' names of earlier versions, which help does not show, and today's."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, then the options by heading."""
        sections: dict[str, list[tuple[str, str]]] = {heading: [] for heading in _ORDER}
        for parameter in self.get_params(ctx):
            if (record := parameter.get_help_record(ctx)) is not None:
                plain = "Arguments" if parameter.param_type_name == "argument" else OUTPUT
                sections[getattr(parameter, "rich_help_panel", None) or plain].append(
                    (record[0], _DEFAULT.sub(r"[default: \1", record[1]))
                )
        for heading, records in sections.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records, col_max=26)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read a command line, old names of options as their new ones."""
        known = {name for parameter in self.params for name in parameter.opts}
        todays = [self._todays(each, known) for each in args]
        self._refuse_repeated(ctx, todays)
        return super().parse_args(ctx, todays)

    def _refuse_repeated(self, ctx: Any, args: list[str]) -> None:
        """Refuse a second word for what a command builds or scores but one of: the last would win, unsaid.

        Raises:
            BadParameter: it names the option.
        """
        _, _, order = self.make_parser(ctx).parse_args(list(args))
        given: set[str] = set()
        for parameter in order:
            if getattr(parameter, "rich_help_panel", None) not in _ONCE or parameter.multiple:
                continue
            if parameter.opts[0] in given:
                raise typer.BadParameter("is given twice, and a command has one", ctx=ctx, param=parameter)
            given.add(parameter.opts[0])

    def _todays(self, argument: str, known: set[str]) -> str:
        name, equals, value = argument.partition("=")
        new = self.old_names.get(name)
        return f"{new}{equals}{value}" if new in known else argument
