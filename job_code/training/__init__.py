"""Train: draw the sample, fit, backtest, assemble the forecaster, and record how it was trained.

`train` composes the steps; `trained_model` is the result on disk. It keeps numbers; the report draws them later.
May import: evaluation, forecasting and what these may import, run_request.
"""
