"""What a user may have meant."""

import difflib
from collections.abc import Sequence


def did_you_mean(text: str, choices: Sequence[str]) -> str:
    """Return ` Did you mean 'x'?` for the nearest choice, else ` Choose from …`; starts with a space."""
    nearest = difflib.get_close_matches(text, choices, n=1, cutoff=0.6)
    if nearest:
        return f" Did you mean {str(nearest[0])!r}?"
    return f" Choose from {', '.join(str(choice) for choice in choices)}."
