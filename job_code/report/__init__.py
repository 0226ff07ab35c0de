"""The HTML report of a run: charts, and a comparison with the published run.

`render` fills the templates. `report_charts` selects the stored numbers of a run or a model for each chart. `chart` and
`axes` compute the geometry, `templates/` writes it as SVG. `templates/report.js` shows values and finds series.
`published_run` reads the published run and compares this run with it.
May import: evaluation, forecasting and what these may import.
"""
