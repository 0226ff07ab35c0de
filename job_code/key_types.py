"""Lines the keys of other tables up with those of the demand."""

import polars as pl


def with_key_types(rows: pl.DataFrame, types: dict[str, pl.DataType]) -> pl.DataFrame:
    """Gives keys the demand's types; rows whose key no series can have are left out.

    Args:
        rows: With all columns of `types`, none of them null.
        types: The demand's type of each key column the table has.
    """
    for name, dtype in types.items():
        given = rows.schema[name]
        if given == dtype:
            continue
        text = rows[name].cast(pl.String)
        keys = rows[name].cast(dtype, strict=False) if given.is_integer() else text.cast(dtype, strict=False)
        # The text 007 is not the number 7.
        same = keys.is_not_null() & (
            pl.Series([given.is_integer() and dtype.is_integer()]) | (keys.cast(pl.String) == text)
        )
        rows = rows.with_columns(keys).filter(same)
    return rows
