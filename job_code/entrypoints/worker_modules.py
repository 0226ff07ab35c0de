"""What worker processes will need, imported once before they are forked (`process_pool.load_early`)."""

from job_code.runtime.loading import loading

with loading():
    import job_code.demand.sharding
    import job_code.forecasting.forecast_chunk
    import job_code.model.fitting
    import job_code.preparation.shard_preparation  # noqa: F401
