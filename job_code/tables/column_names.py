"""Check the names of the columns of a file: those that are wanted, not used, or in the names of its folders."""

import re
from collections.abc import Collection, Mapping, Sequence

from contract.job_start import DEMAND, STATIC
from job_code.files.find_files import FoundFile, printable
from job_code.files.reader import Reader
from job_code.tables.validation_report import ValidationReport

OR_RENAME = ", or set key, time and target to existing columns"  # the settings that name the columns of the demand
SHOWN_COLUMNS = 12
NO_LETTER = re.compile(r"[\W_]+")


def has_wrong_columns(
    file: FoundFile, names: Sequence[str], columns: Sequence[str], findings: ValidationReport, source: str
) -> bool:
    """Report wanted columns that a file has twice or not at all.

    Args:
        file: The file.
        names: Names of all its columns.
        columns: Names of the wanted columns.
        findings: Takes the finding.
        source: The input that the file belongs to (`demand`).

    Returns:
        Whether there is such a column.
    """
    repeated = [column for column in columns if names.count(column) > 1]
    missing = [column for column in columns if column not in names]
    if repeated:
        problem, remedy = f"with two columns {', '.join(repeated)}", "Keep one column of each name"
        example = file.name
    elif missing:
        problem = f"without the column {', '.join(missing)}"
        remedy, folders = _add_columns(file, missing, source)
        example = f"{file.name} (it has {', '.join(names[:SHOWN_COLUMNS])}{folders})"
    else:
        return False
    findings.add(source, "file", problem, remedy=remedy, count=1, examples=[example])
    return True


def without_unknown_types(
    file: str,
    types: Mapping[str, str],
    columns: Sequence[str],
    configured: Collection[str],
    findings: ValidationReport,
    *,
    source: str,
) -> list[str] | None:
    """Return the wanted columns whose types the job can read.

    Args:
        file: Name of the file, for the messages.
        types: Types of its columns that the job cannot read.
        columns: Names of the wanted columns.
        configured: Names of the columns without which a file is of no use: key, time, target.
        findings: Takes an error for such a column, and a note for any other.
        source: The input that the file belongs to (`demand`).

    Returns:
        None if a configured column has a type that the job cannot read.
    """
    unknown = {name: dtype for name, dtype in types.items() if name in columns}
    needed = [name for name in unknown if name in configured]
    for name, dtype in unknown.items():
        is_needed = name in needed
        findings.add(
            source,
            "file",
            f"whose column {name} has the type {dtype}, which the job cannot read{'' if is_needed else ' and ignores'}",
            remedy="Write the column as text, a number or a date",
            count=1,
            examples=[file],
            level="error" if is_needed else "note",
        )
    return None if needed else [name for name in columns if name not in unknown]


def _add_columns(file: FoundFile, missing: Sequence[str], source: str) -> tuple[str, str]:
    """Return how to add missing columns, and which columns the names of the folders have, for the message."""
    above = next((part for part in file.path.parts for name in missing if part.startswith(f"{name}=")), None)
    if above is not None:
        return f"Give the folder that has {printable(above)} as the input, because the name of a folder is a column", ""
    remedy = f"Add the column{OR_RENAME if source == DEMAND else ''}"
    if source == STATIC:
        remedy = f"Join the table to the keys of the series, or add the column{'s' if len(missing) > 1 else ''}"
    if not file.folder_values:
        return remedy, ""
    return f"{remedy}, or name a folder {missing[0]}=VALUE", f"; its folders have {', '.join(file.folder_values)}"


def warn_of_other_names(
    file: str,
    reader: Reader,
    others: Sequence[str],
    used: Sequence[str],
    findings: ValidationReport,
    *,
    source: str,
) -> None:
    """Warn if a column that is not used may be one that is, under another name.

    Args:
        file: Name of the file, for the message.
        reader: Its reader.
        others: Names of the columns that are not used.
        used: Names of the columns that are used.
        findings: Takes the warnings.
        source: The input that the file belongs to (`demand`).
    """
    for column in used:
        stand_ins = [name for name in _stand_ins(column, reader.layouts) if name in others]
        alike = [name for name in others if _folded(name) == _folded(column) and name not in stand_ins]
        for names, problem in (
            (stand_ins, f"whose rows have either {column} or a column that is not used"),
            (alike, f"with a column that is not used and is named like {column}"),
        ):
            findings.add(
                source,
                "file",
                problem,
                remedy="Rename it if it holds the same data",
                count=len(names[:1]),
                examples=[f"{file} ({', '.join(map(repr, names))})"],
                level="warning",
            )


def _folded(name: str) -> str:
    return NO_LETTER.sub("", name.casefold())


def _stand_ins(column: str, layouts: Collection[frozenset[str]]) -> list[str]:
    """Return the columns that every row without a column has, and no row with it."""
    without = [layout for layout in layouts if column not in layout]
    having = frozenset[str]().union(*(layout for layout in layouts if column in layout))
    return sorted(frozenset.intersection(*without) - having) if without and having else []
