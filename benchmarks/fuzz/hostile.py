"""Values that readers stumble over: numbers, dates and texts, as each notation writes them."""

from typing import Final

_MANY: Final = 5000
"""Digits; Python converts no text of more than 4300 to an integer."""
DEEP: Final = 100_000
_PARTS: Final = 20_000
"""Of a dotted name."""

NUMBERS: Final = (
    "0",
    "-0",
    "-1",
    "1e400",
    "-1e400",
    "1e-400",
    "1e308",
    "0.1",
    "9" * 19,
    "9" * 25,
    "9" * 400,
    "9" * _MANY,
    "-" + "9" * _MANY,
    "1." + "0" * _MANY + "1",
    "2147483647",
    "2147483648",
    "4294967295",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "99999999999",
)

NOT_FINITE_JSON: Final = ("NaN", "Infinity", "-Infinity")
NOT_FINITE_TEXT: Final = ("nan", "inf", "-inf", "infinity")

DATES: Final = (
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59.999999-23:59",
    "0000-00-00T00:00:00Z",
    "1970-01-01T00:00:00." + "9" * _MANY + "Z",
    "9" * _MANY + "-01-01T00:00:00Z",
    "2026-01-01T00:00:00+99:99",
    "9" * _MANY,
    "1e400",
)

ODD_DIGITS: Final = ("٣", "²", "①", "1_000", "+5", "0x10", " 5", "५" * 30)
"""What `str.isdecimal` or `str.isdigit` takes for digits, and `int` or `float` may or may not read."""

TEXTS: Final = (
    "",
    " ",
    "../../../victim",
    "/dev/zero",
    "a" * DEEP,
    "\x1b[31mred\x1b[0m",
    "[bold]markup[/]",
    "=1+1",
    "\u202eabc",
    "nul\0nul",
)

BROKEN_UTF8: Final = (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"\x00", b"\xef\xbb\xbf")

JSON_VALUES: Final = (
    *NUMBERS,
    *NOT_FINITE_JSON,
    *(f'"{date}"' for date in DATES),
    *(f'"{number}"' for number in NUMBERS),
    "null",
    "true",
    '""',
    "[]",
    "{}",
    "[[]]",
    '"\\ud800"',
    '"\\u0000"',
    '"\\u001b[31m"',
    '"../../../victim"',
    f'"{"a" * DEEP}"',
    "[" * DEEP + "]" * DEEP,
    "[" * DEEP,
    '{"a":' * DEEP + "1" + "}" * DEEP,
    "[" + "0," * DEEP + "0]",
)

TOML_VALUES: Final = (
    *NUMBERS,
    *NOT_FINITE_TEXT,
    *DATES,
    *(f'"{date}"' for date in DATES),
    "2026-02-30",
    "24:00:00",
    "0x" + "f" * _MANY,
    "0b" + "1" * (4 * _MANY),
    "0o" + "7" * _MANY,
    '""',
    '"""',
    "'''",
    '"\\uD800"',
    '"\\U00110000"',
    "[]",
    "{}",
    "true",
    "[" * DEEP + "]" * DEEP,
    "[" * DEEP,
    "{a=" * (DEEP // 4) + "1" + "}" * (DEEP // 4),
    f'"{"a" * DEEP}"',
)

TOML_LINES: Final = (
    "[" + ".".join("a" * _PARTS) + "]",
    "[[" + " . ".join("a" * _PARTS) + "]]",
    ".".join("a" * _PARTS) + " = 1",
    "'' = \"#\"\n" + ".".join(['""', "'b'", "c"] * (_PARTS // 3)) + " = 1",
    "x = {" + ".".join("a" * _PARTS) + " = 1}",
    "\n".join(f"[a.b.c.{n}]" for n in range(_PARTS)),
    "[[a]]\n" * 1000,
    "[" * DEEP,
    "= 1",
    "a",
    '"" = 1',
)

TEXT_VALUES: Final = (*NUMBERS, *NOT_FINITE_TEXT, *ODD_DIGITS, *DATES, *TEXTS, "0-99999999999", "0-" + "9" * 30)

INTEGERS: Final = (0, 1, 2, 127, 128, 255, 256, 32767, 65535, 2**24, 2**30, 2**31 - 1, 2**31, 2**32 - 1, 2**40,
                   2**62, 2**63 - 1, 2**63, 2**64 - 1)  # fmt: skip
