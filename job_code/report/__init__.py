"""The report of a run for its readers: charts, comparison with the published run, HTML.

`render` fills the template, `charts` and `report_charts` draw numbers that a run or a model keeps.
`published_run` reads the run that readers see now, and compares.
May import: evaluation, forecasting and what these may import.
"""
