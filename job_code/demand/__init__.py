"""From demand files to aligned series: clean rows, infer the frequency, shard by key, check, and fill gaps.

`sharding` streams files into `shuffle_files`. `demand_checks` sets the calendar and finds duplicate and negative rows.
`alignment` fills gaps and makes panels. `run_context` bundles the request, processes and folders of a run.
May import: errors, config, run_request, runtime, tables, times, series.
"""
