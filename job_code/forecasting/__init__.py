"""Forecast with a trained model: load it, forecast one chunk, write forecast files.

Never imports evaluation, report or training: inference needs none of them.
May import: preparation, calibration and what these may import.
"""
