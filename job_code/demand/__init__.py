"""From demand files to aligned series: clean rows, infer the frequency, shard by key, check, and fill gaps.

`sharding` streams files into `shuffle_files`; `demand_checks` fixes the calendar and finds duplicate and negative rows;
`alignment` fills gaps and makes panels.
`run_context` bundles what every step of a run works with.
May import: errors, config, run_request, runtime, tables, series.
"""
