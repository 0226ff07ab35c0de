"""Read static columns, which describe a series: category, brand, size of the shop.

A table with dates has a row for each change. The run uses the row in force at its cutoff.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl

from job_code.config import ForecastConfig
from job_code.demand.demand_checks import Calendar
from job_code.demand.run_context import RunContext
from job_code.demand.sharding import ShardedDemand
from job_code.errors import InputError
from job_code.exogenous_files.text_categories import categories_of
from job_code.files.unreadable import UnreadableFileError
from job_code.runtime.frames import read_frame, write_frame
from job_code.series.arrays import Booleans
from job_code.tables.column_types import as_numbers, as_types, infer_column_types, with_texts
from job_code.tables.decimal_signs import DecimalSigns
from job_code.tables.file_splits import Part
from job_code.tables.key_columns import (
    cast_keys,
    common_types,
    key_checks,
    key_types,
    series_name,
    with_plain_text,
)
from job_code.tables.key_hashes import hash_keys, shard_of
from job_code.tables.key_matches import KeyMatches, example_names, split_by_type
from job_code.tables.row_checks import drop_bad_rows, infinite_check
from job_code.tables.table_files import TableFile, open_tables, report_unreadable
from job_code.tables.validation_report import EXAMPLES, ValidationReport
from job_code.times.day_begin import with_day_begin
from job_code.times.moments import MOMENT, TimeColumn
from job_code.times.zone_use import NO_TIMES, ZoneUse

SOURCE = "static"


@dataclass(frozen=True)
class StaticShards:
    """Static columns on disk, in the shards of the demand.

    Attributes:
        schema: Types of the columns, without the key.
        unmatched: Rows whose key cannot have the demand's type.
        is_dated: Whether the rows have dates.
        zones: Files whose times have a zone, and files whose times have none.
    """

    schema: dict[str, pl.DataType]
    unmatched: KeyMatches = field(default_factory=KeyMatches)
    is_dated: bool = False
    zones: ZoneUse = NO_TIMES


@dataclass(frozen=True, kw_only=True)
class StaticRows:
    """Static rows of the series of one shard.

    Attributes:
        rows: One row per series, null if missing.
        categories: Distinct values of each text column; None if there are too many.
        matches: Rows and series that match. Only series that begin before the cutoff count.
        repeated: Number of series with more than one row, or more than one with the same date.
        examples: Keys of the first of these series.
        later: Number of rows dated after the cutoff.
    """

    rows: pl.DataFrame
    categories: dict[str, frozenset[str] | None]
    matches: KeyMatches
    repeated: int
    examples: pl.DataFrame
    later: int = 0


def shard_static(
    path: Path,
    demand: ShardedDemand,
    context: RunContext,
    findings: ValidationReport,
    *,
    texts: Collection[str] = (),
) -> StaticShards:
    """Read every static file at or below a path into the shards of the demand.

    Args:
        path: A table, or a folder of tables.
        demand: Folder of the shards, and types of the key columns.
        context: The run.
        findings: Takes invalid files and rows.
        texts: Text columns of the model of the run.
    """
    key, time = context.config.key, TimeColumn.of(context.config, is_combined=True)
    files = _open(path, context.config, findings)
    if not files:
        return StaticShards({})
    own_keys = key_types(files, key, findings, source=SOURCE)
    if pl.Null() in own_keys.values():
        return StaticShards({})
    is_dated = time.name in files[0].columns
    time = with_day_begin(time, context.shares(files), context.workers) if is_dated else time
    types = common_types(files, [name for name in files[0].columns if name not in (*key, time.name)])
    types = with_texts(types, texts)
    by_type = infer_column_types(files, types, findings, decimal=context.config.decimal, source=SOURCE, texts=texts)
    from_text = [name for name in by_type.numbers if types[name] == pl.String]
    schema = types | dict.fromkeys(from_text, pl.Float64())
    unmatched, zones, signs = [], NO_TIMES, DecimalSigns(context.config.decimal)
    for number, file in enumerate(files):
        try:
            for count, batch in enumerate(Part(file).batches(context.sizes.rows_per_batch, findings)):
                batch = signs.read(batch, from_text)
                rows = with_plain_text(batch.rows)
                rows = rows.with_columns(as_numbers(rows.schema, from_text))
                own, checks = rows.schema, key_checks(rows.schema, own_keys)
                large = [name for name in types if own[name].is_float() or own[name].is_decimal()]
                checks |= {f"infinite {name}": infinite_check(name, pl.col(name).cast(pl.Float64)) for name in large}
                if is_dated:
                    rows, time_checks, kinds = time.read(rows)
                    zones |= ZoneUse.of(kinds, file.name)
                    checks |= time_checks
                rows = drop_bad_rows(replace(batch, rows=rows), checks, findings, source=SOURCE).select(
                    *cast_keys(own, own_keys),
                    *([MOMENT] if is_dated else []),
                    *as_types(own, schema),
                )
                matching, others = split_by_type(rows, demand.types)
                unmatched.append(others)
                _write_shards(matching, demand, key, f"{number}-{count}")
        except UnreadableFileError as error:
            report_unreadable(file.name, file.file_format, error, findings, SOURCE)
    return StaticShards(schema, KeyMatches.total(unmatched), is_dated, zones)


def _open(path: Path, config: ForecastConfig, findings: ValidationReport) -> list[TableFile]:
    """Open the files. If the input is invalid, report it and return no files."""
    try:
        files = open_tables(
            path,
            lambda header: [*config.key, *(name for name in header if name not in config.key)],
            config,
            findings,
            source=SOURCE,
        )
    except InputError as error:
        findings.add_message(str(error))
        return []
    if len({frozenset(file.columns) for file in files}) > 1:
        findings.add_message(f"{SOURCE}: the files have different columns. Use the same columns in all files")
        return []
    if files and {config.time, MOMENT} <= files[0].columns.keys():
        findings.add_message(f"{SOURCE}: a column cannot be named {MOMENT}. Rename it")
        return []
    return files


def match_static_rows(
    keys: pl.DataFrame, has_started: Booleans, static: StaticShards, folder: Path, shard: int, *, calendar: Calendar
) -> StaticRows:
    """Match the static rows with the series of a shard, and delete the files.

    Args:
        keys: Keys of the series.
        has_started: Whether each series begins before the cutoff, shape (series,). The others do not add to counts and
            categories.
        static: Schema of the static columns.
        folder: Folder of the shards.
        shard: Number of the shard.
        calendar: Its cutoff decides which of several dated rows is in force.
    """
    key = keys.columns
    if not static.schema:
        return StaticRows(
            rows=pl.DataFrame(height=keys.height),
            categories={},
            matches=KeyMatches(),
            repeated=0,
            examples=keys.clear(),
        )
    files = sorted(folder.glob(_name(shard, "*")))
    parts = [read_frame(file) for file in files]
    dated: dict[str, pl.DataType] = {MOMENT: pl.Int32()} if static.is_dated else {}
    rows = pl.concat(parts) if parts else pl.DataFrame(schema={**keys.schema, **dated, **static.schema})
    rows = rows.with_columns(pl.col(name).cast(dtype) for name, dtype in static.schema.items())
    for file in files:
        file.unlink()
    later = 0
    if static.is_dated:
        is_later = calendar.frequency.periods(rows[MOMENT].to_numpy()) > calendar.cutoff
        later = int(np.count_nonzero(is_later))
        rows = rows.filter(~pl.Series(is_later)).sort(*key, MOMENT)
    repeated = rows.filter(pl.struct(*key, *dated).is_duplicated()).select(key).unique().sort(key)
    own = keys.filter(pl.Series(has_started))
    without = own.join(rows.select(key), on=key, how="anti")
    unmatched = rows.select(key).join(keys, on=key, how="anti")
    joined = keys.join(rows.unique(key, keep="last").drop(*dated), on=key, how="left", maintain_order="left").drop(key)
    counted = joined.filter(pl.Series(has_started))
    categories = {name: categories_of(counted[name]) for name, dtype in static.schema.items() if dtype == pl.String}
    return StaticRows(
        rows=joined,
        categories=categories,
        matches=KeyMatches(
            matched=rows.height - unmatched.height,
            unmatched=unmatched.height,
            examples=example_names(unmatched),
            series=own.height,
            without=without.height,
            without_examples=example_names(without),
        ),
        repeated=repeated.height,
        examples=repeated.head(EXAMPLES),
        later=later,
    )


def report_static(
    static: StaticShards, static_rows: Sequence[StaticRows], calendar: Calendar, findings: ValidationReport
) -> None:
    """Report static rows without a series or after the cutoff, and series without a static row or with several."""
    if static.schema:
        matches = [static.unmatched, *(each.matches for each in static_rows)]
        KeyMatches.total(matches).report(findings, source=SOURCE)
    findings.add(
        SOURCE,
        "row",
        f"dated after the cutoff {calendar.frequency.text_of(calendar.cutoff)}",
        remedy="Each series has the row in force at the cutoff",
        count=sum(each.later for each in static_rows),
        examples=[],
        level="note",
    )
    own = [each for each in static_rows if each.repeated]
    if own:
        examples = pl.concat(each.examples for each in own)
        findings.add(
            SOURCE,
            "series",
            "with more than one row of one date" if static.is_dated else "with more than one row",
            remedy=f"Keep one row per series{' and date' if static.is_dated else ''}",
            count=sum(each.repeated for each in own),
            examples=[series_name(row) for row in examples.sort(examples.columns).head(EXAMPLES).iter_rows()],
        )


def _write_shards(rows: pl.DataFrame, demand: ShardedDemand, key: tuple[str, ...], batch: str) -> None:
    shard = shard_of(hash_keys(rows, key), demand.shards)
    rows, begin = rows[np.argsort(shard)], 0
    for number, end in enumerate(np.cumsum(np.bincount(shard, minlength=demand.shards)).tolist()):
        if end > begin:
            write_frame(rows[begin:end], demand.folder / _name(number, batch))
        begin = end


def _name(shard: int, batch: str) -> str:
    return f"static-{shard:05d}-{batch}.arrow"
