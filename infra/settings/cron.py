"""Checks EventBridge's six-field cron expressions at synth; CloudFormation rejects them only during a deployment."""

import re

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

# Field, lowest value, highest value, and names of the values from the lowest on.
FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minutes", 0, 59, ()),
    ("hours", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, MONTHS),
    ("day of week", 1, 7, DAYS),
    ("year", 1970, 2199, ()),
)
SPECIAL = {
    "day of month": re.compile(r"\?|L|LW|([1-9]|[12]\d|3[01])W"),
    "day of week": re.compile(r"\?|L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5])"),
}
PART = re.compile(r"(?P<first>\*|\w+)(-(?P<last>\w+))?(/(?P<step>\d+))?")


def check_cron(expression: str) -> str:
    """Return the expression with single spaces between its six fields.

    Args:
        expression: Minutes, hours, day of month, month, day of week, year; without the surrounding `cron(...)`.

    Raises:
        ValueError: If EventBridge would reject a field; the message names it.
    """
    parts = expression.split()
    if len(parts) != len(FIELDS):
        fields = ", ".join(name for name, *_ in FIELDS)
        raise ValueError(f"{expression!r} has {len(parts)} fields; EventBridge takes 6: {fields}, e.g. 0 6 ? * MON *")
    for part, (name, low, high, names) in zip(parts, FIELDS, strict=True):
        if not all(_is_valid(item, name=name, low=low, high=high, names=names) for item in part.split(",")):
            # AWS does not document whether EventBridge accepts TUE-SUN.
            hint = "; a range must ascend, and the week starts with SUN" if names is DAYS and "-" in part else ""
            raise ValueError(f"{expression!r}: {part!r} is not valid as {name} ({low}-{high}){hint}")
    if (parts[2] == "?") == (parts[4] == "?"):
        raise ValueError(f"{expression!r}: exactly one of day of month and day of week must be ?")
    return " ".join(parts)


def _is_valid(item: str, *, name: str, low: int, high: int, names: tuple[str, ...]) -> bool:
    special = SPECIAL.get(name)
    if special and special.fullmatch(item):
        return True
    match = PART.fullmatch(item)
    if match is None:
        return False
    if match["first"] == "*":
        return match["last"] is None and (match["step"] is None or int(match["step"]) > 0)
    bounds = [_number(text, low=low, names=names) for text in (match["first"], match["last"]) if text is not None]
    in_range = all(low <= bound <= high for bound in bounds)
    return in_range and bounds == sorted(bounds) and (match["step"] is None or int(match["step"]) > 0)


def _number(text: str, *, low: int, names: tuple[str, ...]) -> int:
    if text in names:
        return names.index(text) + low
    return int(text) if text.isdecimal() else -1
