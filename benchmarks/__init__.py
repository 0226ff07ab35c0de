"""Demand of any size, and how fast and how well the job forecasts it."""
