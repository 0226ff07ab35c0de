"""Train: draw the sample, backtest, fit, assemble the forecaster, and record how it was trained.

`train` composes the steps; `trained_model` is the result on disk.
May import: report and what report may import, run_request.
"""
