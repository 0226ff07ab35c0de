"""Forecast with a trained model: load it, forecast one chunk, write forecast files.

`forecast_chunk` is the step that every process of a run repeats. It needs no evaluation, report or training.
May import: preparation, calibration and what these may import.
"""
