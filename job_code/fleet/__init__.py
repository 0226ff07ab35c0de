"""Forecast on several instances: upload chunks, forecast a share of them, write markers, gather the results.

`upload_handover` runs in the training job; `instance` and `gather_results` run in the processing job.
May import: artifacts, forecasting and what these may import.
"""
