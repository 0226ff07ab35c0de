"""From demand files to aligned series: clean rows, infer the frequency, shard by key, check, and fill gaps.

`sharding` streams files into `shuffle_files`; `demand_checks` fixes the calendar; `alignment` makes panels.
May import: errors, config, runtime, tables, series.
"""
