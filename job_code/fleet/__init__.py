"""Forecast on several instances: hand over chunks, forecast a share, leave markers, gather the results.

`upload_handover` runs in the training job; `instance` and `gather_results` run in the processing job.
May import: artifacts, forecasting and what these may import.
"""
