"""What the tables of users' TOML files have in common: farm files, and own networks in suites."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints


def _without_nul(said: str) -> str:
    """Return a text that the system takes for a path, an argument or a variable's value."""
    if "\0" in said:
        raise ValueError("holds a NUL character, which no path, argument or variable can")
    return said


Value = Annotated[str, AfterValidator(_without_nul)]
Text = Annotated[Value, StringConstraints(min_length=1, max_length=500)]


class Table(BaseModel):
    """A table of a user's file: nothing unknown is let in, and no number is taken for a text."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
