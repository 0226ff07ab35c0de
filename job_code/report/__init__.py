"""The HTML report of a run: charts, and a comparison with the published run.

`render` fills the template. `charts` and `report_charts` draw the stored numbers of a run or a model.
`published_run` reads the published run and compares this run with it.
May import: evaluation, forecasting and what these may import.
"""
