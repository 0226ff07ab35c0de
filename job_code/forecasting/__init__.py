"""Forecast with a trained model: load it, forecast one chunk, write forecast files.

Every process of a run repeats the step in `forecast_chunk`. It needs no evaluation, report or training.
May import: preparation, calibration and what these may import.
"""
