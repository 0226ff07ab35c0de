"""Numbers in text: read `6,9` as 6.9, and refuse what could be read in two ways.

`1,234` and `1.234` may be 1234 or 1.234. The other numbers of the column decide, those of the same file first. If they
do not, the setting `decimal` must: it names the decimal sign, and the other sign separates thousands.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from job_code.tables.file_splits import Batch
from job_code.tables.validation_report import Level, ValidationReport

DecimalSign = Literal[".", ","]
TEXT = (pl.String, pl.Categorical, pl.Enum)
SIGNED, END = r"^\s*[+-]?", r"\s*$"
COMMA = rf"{SIGNED}\d*,\d+(?:[eE][+-]?\d+)?{END}"  # 6,9
POINT = rf"{SIGNED}(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?{END}"  # 6.9
COMMA_GROUP = rf"{SIGNED}[1-9]\d{{0,2}},\d{{3}}{END}"  # 1,234
POINT_GROUP = rf"{SIGNED}[1-9]\d{{0,2}}\.\d{{3}}{END}"  # 1.234
COMMA_GROUPS = rf"{SIGNED}[1-9]\d{{0,2}}(?:(?:,\d{{3}})+\.\d*|(?:,\d{{3}}){{2,}}){END}"  # 1,234.5 or 1,234,567
POINT_GROUPS = rf"{SIGNED}[1-9]\d{{0,2}}(?:\.\d{{3}}){{2,}}{END}"  # 1.234.567
POINTS_AND_COMMA = rf"{SIGNED}[1-9]\d{{0,2}}(?:\.\d{{3}})+,\d+{END}"  # 1.234,5
WHOLE = rf"{SIGNED}\d+{END}"
MANY_GROUPED = 5  # values with three digits after every sign; fewer may have them by chance
USUAL_SHARE = 0.1  # of the values of the other files; with fewer decimals, a file may have none
SET = "Set `decimal` to the decimal sign; the other sign then separates thousands"
CHECK = "If this is wrong, set `decimal` to the decimal sign"


@dataclass(kw_only=True)
class _Signs:
    """What the numbers of a column in one file look like: the first example of each form, empty if there is none.

    Attributes:
        comma: A number with a decimal comma for sure.
        point: A number with a decimal point for sure.
        comma_group: `1,234`, which has either.
        point_group: `1.234`, which has either.
        comma_groups: `1,234.5` or `1,234,567`, whose commas separate thousands.
        point_groups: `1.234.567`. It may also be a code, so it is no number.
        whole: A number without both signs.
        decimals: Number of values with a comma that was read as a decimal sign.
        thousands: Number of values with commas that were read as signs of thousands.
        grouped: Number of values that have the other sign than `decimal` before three digits.
        fractions: Number of values with the sign `decimal`, among those that were checked.
        checked: Number of values that were checked.
    """

    comma: str = ""
    point: str = ""
    comma_group: str = ""
    point_group: str = ""
    comma_groups: str = ""
    point_groups: str = ""
    whole: str = ""
    decimals: int = 0
    thousands: int = 0
    grouped: int = 0
    fractions: int = 0
    checked: int = 0

    @staticmethod
    def total(each: Iterable["_Signs"]) -> "_Signs":
        """Return the first example of each form, and the sums."""
        found = _Signs()
        for own in each:
            found = _Signs(
                comma=found.comma or own.comma,
                point=found.point or own.point,
                comma_group=found.comma_group or own.comma_group,
                point_group=found.point_group or own.point_group,
                comma_groups=found.comma_groups or own.comma_groups,
                point_groups=found.point_groups or own.point_groups,
                whole=found.whole or own.whole,
                decimals=found.decimals + own.decimals,
                thousands=found.thousands + own.thousands,
                grouped=found.grouped + own.grouped,
                fractions=found.fractions + own.fractions,
                checked=found.checked + own.checked,
            )
        return found


class DecimalSigns:
    """The signs in the text numbers of a table.

    Args:
        decimal: The decimal sign; None to find it out.
    """

    def __init__(self, decimal: DecimalSign | None) -> None:
        self._decimal = decimal
        self._found: dict[tuple[str, str], _Signs] = {}  # by column and file

    def read(self, batch: Batch, columns: Iterable[str]) -> Batch:
        """Return a batch whose text numbers have decimal points and no sign of thousands, and remember the signs.

        Args:
            batch: Rows of a file.
            columns: Columns that may hold numbers. Only those that hold text change.
        """
        texts = [name for name in columns if isinstance(batch.rows.schema[name], TEXT)]
        if not texts:
            return batch
        changed = [
            self._with_points(
                batch.rows[name].cast(pl.String), self._found.setdefault((name, batch.file.name), _Signs())
            )
            for name in texts
        ]
        return replace(batch, rows=batch.rows.with_columns(changed))

    def merge(self, others: "DecimalSigns") -> None:
        """Add the signs that another worker found."""
        for key, signs in others._found.items():
            self._found[key] = _Signs.total([self._found.get(key, _Signs()), signs])

    def report(self, columns: Sequence[str], findings: ValidationReport, *, source: str) -> None:
        """Report files whose numbers are unclear, and note commas. All files must have been read.

        Args:
            columns: Columns that hold numbers.
            findings: Takes the findings.
            source: The input that the table belongs to (`demand`).
        """
        for name in columns:
            files = {file: signs for (column, file), signs in self._found.items() if column == name}
            for file in sorted(files):
                if self._decimal is None:
                    _report_unclear(name, file, files, findings, source=source)
                else:
                    _report_contradiction(self._decimal, name, file, files, findings, source=source)

    def _with_points(self, values: pl.Series, signs: _Signs) -> pl.Series:
        if self._decimal == ".":
            if not (signs.point or signs.point_group):
                _remember_points(values, signs)
                signs.fractions += int(values.str.contains(".", literal=True).sum())
                signs.checked += len(values)
            if values.str.contains(",", literal=True).any():
                group = values.str.contains(COMMA_GROUP)
                signs.grouped += int(group.sum())
                signs.comma_group = signs.comma_group or _first(values, group)
                signs.comma_groups = signs.comma_groups or _first(values, values.str.contains(COMMA_GROUPS))
            return _without(",", values, COMMA_GROUP, COMMA_GROUPS)
        if self._decimal == ",":
            _remember_points(values, signs)
            fraction = values.str.contains(COMMA)
            signs.grouped += int(values.str.contains(POINT_GROUP).sum()) if signs.point_group else 0
            signs.fractions += int(fraction.sum())
            signs.checked += len(values)
            signs.comma = signs.comma or _first(values, fraction)
            values = _without(".", values, POINT_GROUP, POINT_GROUPS, POINTS_AND_COMMA)
            return _with_point(values, values.str.contains(COMMA))
        if not signs.point:
            _remember_points(values, signs)
        has_comma = values.str.contains(",", literal=True)
        return _converted(values, has_comma, signs) if has_comma.any() else values


def _converted(values: pl.Series, has_comma: pl.Series, signs: _Signs) -> pl.Series:
    """Return values with decimal points, each in its only sense. A comma before three digits is read as decimal."""
    decimal, group = values.str.contains(COMMA), values.str.contains(COMMA_GROUP)
    signs.comma_group = signs.comma_group or _first(values, group)
    signs.comma = signs.comma or _first(values, decimal & ~group)
    if (has_comma & ~decimal).any():
        groups, both = values.str.contains(COMMA_GROUPS), values.str.contains(POINTS_AND_COMMA)
        signs.comma = signs.comma or _first(values, both)
        signs.comma_groups = signs.comma_groups or _first(values, groups)
        signs.point = signs.point or signs.comma_groups
        signs.thousands += int(groups.sum())
        decimal |= both
        values = _without(".", _without(",", values, COMMA_GROUPS), POINTS_AND_COMMA)
    signs.decimals += int(decimal.sum())
    return _with_point(values, decimal)


def _without(sign: str, values: pl.Series, *forms: str) -> pl.Series:
    """Remove a sign from the values of some forms."""
    if not values.str.contains(sign, literal=True).any():
        return values
    chosen = values.str.contains("|".join(forms)).fill_null(False)
    return values.str.replace_all(sign, "", literal=True).zip_with(chosen, values)


def _with_point(values: pl.Series, chosen: pl.Series) -> pl.Series:
    return values.str.replace(",", ".", literal=True).zip_with(chosen.fill_null(False), values)


def _remember_points(values: pl.Series, signs: _Signs) -> None:
    """Remember numbers with points, and one without."""
    has_point = values.str.contains(".", literal=True)
    if has_point.any():
        pointed = values.filter(has_point)
        group = pointed.str.contains(POINT_GROUP)
        signs.point_group = signs.point_group or _first(pointed, group)
        signs.point = signs.point or _first(pointed, pointed.str.contains(POINT) & ~group)
        signs.point_groups = signs.point_groups or _first(pointed, pointed.str.contains(POINT_GROUPS))
    if not signs.whole:
        signs.whole = _first(values, values.str.contains(WHOLE))


def _first(values: pl.Series, chosen: pl.Series) -> str:
    return next(iter(values.filter(chosen).head(1).to_list()), "")


def _report_unclear(name: str, file: str, files: dict[str, _Signs], findings: ValidationReport, *, source: str) -> None:
    """Report the signs of a file if `decimal` is not set."""
    own = files[file]
    others = _Signs.total(files.values())
    problem, shown = next(_problems(name, own, others), ("", ()))
    if problem:
        examples = [f"{file} ({' and '.join(map(repr, shown))})"]
        findings.add(source, "file", problem, remedy=SET, count=1, examples=examples)
        return
    for count, form, example in (
        (own.decimals, "a decimal comma", own.comma or own.comma_group),
        (own.thousands, "commas between thousands", own.comma_groups),
    ):
        findings.add(
            source,
            "value",
            f"in {name} with {form}",
            remedy=CHECK,
            count=count,
            examples=[f"{example!r} in {file}"],
            level="note",
        )
    if own.point_group and not others.point:
        findings.add(
            source,
            "file",
            f"whose column {name} has three digits after every point, which is read as a decimal point",
            remedy=CHECK,
            count=1,
            examples=[f"{file} ({own.point_group!r})"],
            level="note",
        )


def _report_contradiction(
    decimal: DecimalSign, name: str, file: str, files: dict[str, _Signs], findings: ValidationReport, *, source: str
) -> None:
    """Report the signs of a file that do not fit the setting, or probably do not."""
    own = files[file]
    others = _Signs.total(signs for other, signs in files.items() if other != file)
    if decimal == ",":
        sign, group, groups = "point", own.point_group, own.point_groups
    else:
        sign, group, groups = "comma", own.comma_group, own.comma_groups
    has_many = own.grouped >= MANY_GROUPED and others.fractions >= USUAL_SHARE * max(1, others.checked)
    problem, example = "", own.point
    level: Level = "error"
    if decimal == "," and own.point:
        problem = f"whose column {name} has decimal points, but `decimal` is the comma"
    elif has_many and not (groups or own.whole or own.fractions):
        problem = f"whose column {name} has three digits after every {sign}, while other files have decimals"
        level, example = "warning", group
    findings.add(
        source,
        "file",
        problem,
        remedy="Write all numbers with one decimal sign",
        count=int(bool(problem)),
        examples=[f"{file} ({example!r})"],
        level=level,
    )


def _problems(name: str, own: _Signs, table: _Signs) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what could be read in two ways in a file, with examples, for the own signs and those of all files."""
    commas, points = own.comma or own.comma_group, own.point or own.point_group
    if own.point_groups:
        yield f"whose column {name} has points between thousands", (own.point_groups,)
    if commas and points:
        yield f"whose column {name} has numbers with commas and with points", (commas, points)
    if own.comma_group and not own.comma and (table.point or not table.comma):
        yield f"whose column {name} has commas that may separate thousands or decimals", (own.comma_group,)
    if own.point_group and not own.point and (table.comma or (table.whole and not table.point)):
        example = (own.point_group, table.comma or table.whole)
        yield f"whose column {name} has points that may separate thousands or decimals", example
