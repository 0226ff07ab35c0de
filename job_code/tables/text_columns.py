"""Find out what the values of a text column look like: numbers, numbers with something around them, or text."""

import re
from dataclasses import dataclass, field

import polars as pl

from job_code.tables.file_splits import Batch
from job_code.tables.validation_report import EXAMPLES, ValidationReport, plural

FEW = 0.1  # of the values; if fewer are no numbers, the column was probably meant to be one
MOST = 0.5  # of the values
_DECIMAL_COMMA = r"^\s*[+-]?\d+,\d+\s*$"
_BETWEEN = r"[.,' \x{2019}\x{A0}\x{202F}]"  # signs of thousands
_CORE = rf"(?:\d{{1,3}}(?:{_BETWEEN}\d{{3}})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?)"
_SIGN, _QUOTE = r"[\p{Sc}%‰]|EUR|USD|GBP|CHF", "[\"']"
_BEFORE = rf"(?:(?:{_SIGN}|=|{_QUOTE})\s*)*"
_INNER = rf"\s*\(?\s*{_BEFORE}[+\-\x{{2212}}]?\s*{_BEFORE}{_CORE}\s*(?:(?:{_SIGN})\s*)*[)\-]?\s*"
_DRESSED = rf"^{_INNER}$|^\s*=?\s*{_QUOTE}{_INNER}{_QUOTE}\s*$"  # 32" has a unit
_UNIT = rf"^\s*[+\-]?{_CORE}\s*(\p{{L}}{{1,4}}(?:/\p{{L}}{{1,4}})?|°\p{{L}}?|[\"'\x{{2032}}\x{{2033}}])\s*$"
_GROUPS = rf"^\s*\d{{3}}(?:{_BETWEEN}\d{{3}}){{2,}}\s*$"  # 100.200.300
_CODE = r"^\s*0\d"  # 007
_LETTERS, _SMALL = r"^\s*\p{L}{1,3}\s*$", r"^\s*\d{1,2}(?:\.0+)?\s*$"  # codes: a, XL; 0, 12
MAX_CODES = 10  # different small numbers; more are probably numbers
# For a missing value, as programs write them. A lowercase none may be a category: no promotion.
WORDS = (
    *("N/A", "n/a", "null", "NULL", "Null", "(null)", "(NULL)", "None", "NaT", "<NA>", "\\N"),
    *("#N/A", "#NA", "#NULL!", "#REF!", "#VALUE!", "#NAME?"),
)
# Among numbers. polars reads nan as a number.
MISSING = (*WORDS, "NA", "na", "n.a.", "#DIV/0!", "#NUM!", "-", "--", "\u2013", "\u2014", ".")


@dataclass(kw_only=True)
class TextColumn:
    """The values of a text column, counted over all batches.

    Attributes:
        typed: Whether the files could store numbers as numbers.
        values: Number of values that are neither null nor a word for a missing value.
        missing: Number of words for a missing value.
        missing_examples: Some of them, with their places.
        texts: Number of values that are no numbers.
        booleans: Number of values that are booleans, which are numbers among numbers and text among text.
        commas: Number of values that are numbers with a decimal comma.
        dressed: Number of values that are numbers with something around them, such as `5 %` or `1 234`.
        measured: Number of values that are numbers with a unit, such as `5 kg`.
        units: The units.
        grouped: Number of values that are three or more groups of three digits.
        lengths: Numbers of characters of these.
        letters: Number of values that are up to three letters, such as `a` or `XL`.
        numbers: Different numbers, at most a few more than `MAX_CODES`.
        has_codes: Whether there are numbers with leading zeros.
        first: The first value, with its place.
        examples: Some values that are no numbers, with their places.
    """

    typed: bool = False
    values: int = 0
    missing: int = 0
    missing_examples: list[str] = field(default_factory=list)
    texts: int = 0
    booleans: int = 0
    commas: int = 0
    dressed: int = 0
    measured: int = 0
    units: set[str] = field(default_factory=set)
    grouped: int = 0
    lengths: set[int] = field(default_factory=set)
    letters: int = 0
    numbers: set[str] = field(default_factory=set)
    has_codes: bool = False
    first: str = ""
    examples: list[str] = field(default_factory=list)

    @property
    def is_number(self) -> bool:
        """Whether all values are numbers. In files with types, `007` is text on purpose."""
        has_some = self.values or not (self.typed or self.missing)
        return not self.texts and bool(has_some) and not (self.typed and self.has_codes)

    @property
    def is_surely_text(self) -> bool:
        """Whether more values of files with types cannot make the column a number."""
        return self.typed and (self.has_codes or self.texts > FEW * self.values)

    @property
    def _has_only_codes(self) -> bool:
        """Whether the numbers are few and small next to letters, so that all are codes: 0, a, b."""
        is_small = len(self.numbers) <= MAX_CODES and all(re.match(_SMALL, number) for number in self.numbers)
        return is_small and self.letters == self.texts

    def add(self, column: pl.Series, batch: Batch) -> None:
        """Count the values of the column in a batch. In files with types, the column may hold numbers or booleans."""
        if column.dtype == pl.String:
            column = column.str.strip_chars()
            column = column.set(column == "", None) if self.typed else column
            self.has_codes = self.has_codes or bool(column.str.contains(_CODE).any())
            column = self._without_words(column, batch)
        text = column.cast(pl.Float64, strict=False).is_null() & column.is_not_null()
        rows = text.arg_true()
        known = len(column) - column.null_count()
        self.values += known
        self.booleans += known if column.dtype == pl.Boolean else 0
        self.texts += len(rows)
        self._count(column.gather(rows).cast(pl.String))
        if len(self.numbers) <= MAX_CODES and column.dtype != pl.Boolean:
            different = column.filter(~text & column.is_not_null()).unique()
            self.numbers |= set(different.head(MAX_CODES + 1).cast(pl.String))
        self.examples += _shown(column, rows.head(EXAMPLES - len(self.examples)).to_list(), batch)
        if not self.first:
            self.first = "".join(_shown(column, column.is_not_null().arg_true().head(1).to_list(), batch))

    def _without_words(self, column: pl.Series, batch: Batch) -> pl.Series:
        """Count the words for a missing value, and return the column with null instead."""
        is_word = column.is_in(MISSING)
        if not is_word.any():
            return column
        rows = is_word.arg_true()
        self.missing += len(rows)
        shown = rows.head(EXAMPLES - len(self.missing_examples)).to_list()
        self.missing_examples += _shown(column, shown, batch)
        return column.set(is_word, None)

    def _count(self, texts: pl.Series) -> None:
        different = texts.alias("text").value_counts(name="count")
        if different.is_empty():
            return
        text, unit = pl.col("text"), pl.col("text").str.extract(_UNIT)
        counts = [text.str.contains(_DECIMAL_COMMA), text.str.contains(_DRESSED), text.str.contains(_LETTERS)]
        found = different.select(
            *(pl.col("count").filter(each).sum().alias(str(at)) for at, each in enumerate(counts)),
            pl.col("count").filter(unit.is_not_null()).sum().alias("measured"),
            unit.drop_nulls().unique().head(2).implode().alias("units"),
            pl.col("count").filter(text.str.contains(_GROUPS)).sum().alias("grouped"),
            text.filter(text.str.contains(_GROUPS)).str.len_chars().unique().head(2).implode().alias("lengths"),
        ).row(0)
        self.commas += found[0]
        self.dressed += found[1]
        self.letters += found[2]
        self.measured += found[3]
        self.units |= set(found[4])
        self.grouped += found[5]
        self.lengths |= set(found[6])

    def report(self, name: str, findings: ValidationReport, *, source: str) -> None:
        """Report a column that was probably meant to be a number, a text column that is one, and its missing values.

        Args:
            name: Name of the column.
            findings: Takes the warning or note.
            source: The input that the column belongs to.
        """
        shown, start = ", ".join(self.examples), f"{source}: {name} is text"
        numbers = self.values - self.texts
        # Numbers of any size have groups of any number.
        dressed = 0 if self.grouped == self.values and len(self.lengths) == 1 else self.dressed
        is_dressed = self.texts and dressed > MOST * self.texts and numbers + dressed > MOST * self.values
        if self.is_number:
            findings.add(
                source,
                "value",
                f"of {self.values + self.missing:,} in {name} that are a word for a missing value, and count as "
                "missing",
                remedy="Leave them empty, or write numbers",
                count=self.missing,
                examples=self.missing_examples,
                level="note",
            )
        if self.typed and self.is_number:
            findings.add_message(
                f"{start} in its files, but its values are numbers, e.g. {self.first}: the run uses them as numbers. "
                "If they are categories, store them in a categorical type",
                level="note",
            )
        elif self.texts and self.texts == self.commas:
            findings.add_message(
                f"{start}, because of a decimal comma in {plural(self.commas, 'value')} among "
                f"{self.values:,}, e.g. {shown}. Write a decimal point",
                level="warning",
            )
        elif 0 < self.texts <= FEW * (self.values - self.booleans) and not self._has_only_codes:
            findings.add_message(
                f"{start}, because of {plural(self.texts, 'value')} among {self.values:,}, "
                f"e.g. {shown}. Write numbers, or leave them empty",
                level="warning",
            )
        elif is_dressed:
            findings.add_message(
                f"{start}, but {plural(self.dressed, 'value')} of {self.values:,} look like numbers with signs or "
                f"separators, e.g. {shown}. The run uses every value as a category. Write plain numbers, e.g. 1234.5",
                level="warning",
            )
        elif self.measured > MOST * self.values and len(self.units) == 1:
            findings.add_message(
                f"{start}, but {plural(self.measured, 'value')} of {self.values:,} look like numbers with the unit "
                f"{next(iter(self.units))}, e.g. {shown}. The run uses every value as a category. If they are numbers, "
                "write them without the unit",
                level="note",
            )


def _shown(column: pl.Series, rows: list[int], batch: Batch) -> list[str]:
    return [f"{column[row]!r} in {place}" for row, place in zip(rows, batch.places(rows), strict=True)]
