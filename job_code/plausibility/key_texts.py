"""Question the texts of keys: words for a missing key, numbers that a spreadsheet rounded, and what nobody sees."""

import polars as pl

from job_code.demand.demand_rows import SOURCE
from job_code.tables.text_columns import WORDS
from job_code.tables.validation_report import EXAMPLES, ValidationReport

PLAIN = r"^[0-9A-Za-z_/-]*$"
# NA, NAT and none are not among them, because they are also codes: of Namibia, of national, of no promotion.
WORDS_FOR_MISSING = ("", "nan", "NaN", *WORDS)
ROUNDED = r"^\d[.,]?\d*[Ee]\+\d+$"
# In this order. `NFKC` has already made one character of a letter and its accent, and plain blanks of all others.
REPLACED = (
    (r"\s+", " "),
    (r"[\p{Cc}\p{Cf}]", ""),
    (r"[\p{Pd}\x{2212}]", "-"),
    (r"""^[\s='"`\x{b4}\x{2018}-\x{201f}]+|[\s'"`\x{b4}\x{2018}-\x{201f}]+$""", ""),
    (r"^(\d{1,3}),(\d{3})$", "$1$2"),
    (r"^(\d{1,3}),(\d{3}),(\d{3})$", "$1$2$3"),
    (r"^(-?\d+)\.0+$", "$1"),
    (r"^(\d{4}-\d{2}-\d{2})[ T]00:00(:00(\.0+)?)?$", "$1"),
)


def simplified(text: pl.Series) -> pl.Series:
    """Return keys without what may differ between two ways to write one key.

    That is case, blanks, leading zeros, quotes, invisible characters, `.0` behind a whole number, commas between
    thousands, midnight behind a date, and the ways to write an accent or a dash.
    """
    return _cleaned(text).str.to_lowercase().str.strip_chars_start("0")


def check_key_texts(keys: pl.DataFrame, findings: ValidationReport) -> None:
    """Warn of keys that are blank, a word for a missing value, or a number that a spreadsheet rounded.

    Args:
        keys: Key columns of series.
        findings: Takes the warnings.
    """
    for name in keys.select(pl.col(pl.String)).columns:
        text = keys[name]
        missing = text.filter(_cleaned(text).is_in(WORDS_FOR_MISSING))
        rounded = text.filter(text.str.contains(ROUNDED))
        for found, problem, remedy in (
            (
                missing,
                f"whose key {name} is blank, or a word for a missing value",
                "Fill in the key, or remove their rows",
            ),
            (
                rounded,
                f"whose key {name} is a number that a spreadsheet has rounded",
                "Several series may have become one. Export the key as text",
            ),
        ):
            findings.add(
                SOURCE,
                "series",
                problem,
                remedy=remedy,
                count=len(found),
                examples=[repr(key) for key in found.head(EXAMPLES)],
                level="warning",
            )


def _cleaned(text: pl.Series) -> pl.Series:
    odd = (~text.str.contains(PLAIN)).arg_true()
    if not len(odd):
        return text
    cleaned = pl.col(text.name).str.normalize("NFKC")
    for pattern, replacement in REPLACED:
        cleaned = cleaned.str.replace_all(pattern, replacement)
    return text.clone().scatter(odd, text[odd].to_frame().select(cleaned).to_series())
