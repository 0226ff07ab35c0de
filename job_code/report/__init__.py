"""The report of a run for its readers: charts, comparison with the published run, HTML.

`render` fills the template; the other modules draw what it shows, from numbers that a run or a model keeps.
May import: evaluation, forecasting and what these may import.
"""
