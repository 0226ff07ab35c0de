"""Is the demand what it seems? Findings from counts: by moment, by period, and by the first and last row of a series.

`date_checks` questions the first and last dates. `series_ends` compares the ends of the series,
`last_rows` their ends within the last period. `repeated_rows` looks for days that were delivered twice.
May import: demand and what demand may import.
"""
