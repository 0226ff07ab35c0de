"""The report of a run for its readers: charts, example series, comparison with the published run, HTML.

`render` fills the template; the other modules make what it shows.
May import: evaluation, forecasting and what these may import.
"""
