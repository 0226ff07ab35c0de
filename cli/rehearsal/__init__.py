"""Rehearses the weekly run on one machine: deploy, upload demand, run, follow, fetch the forecasts."""
