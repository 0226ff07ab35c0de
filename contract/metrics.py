"""Names of the metrics that functions write, and that alarms and the dashboard read."""

from enum import StrEnum

NAMESPACE = "onejob"
# Dimensions: every metric has the first, and one that is written in parts another.
DEPLOYMENT = "Deployment"
STAGE = "Stage"
FINDING = "Finding"


class Metric(StrEnum):
    """The metrics, by what they tell."""

    # How runs end: 1 for each.
    RUNS_PUBLISHED = "RunsPublished"
    RUNS_SUPERSEDED = "RunsSuperseded"
    RUNS_PENDING_APPROVAL = "RunsPendingApproval"
    RUNS_FAILED = "RunsFailed"
    RUNS_LATE = "RunsLate"
    PARTITIONS_UNFINISHED = "PartitionsUnfinished"
    # What a run took.
    JOB_SECONDS = "JobSeconds"
    BILLABLE_SECONDS = "BillableSeconds"
    COST = "Cost"
    FLEET_SECONDS = "FleetSeconds"
    FLEET_INSTANCES = "FleetInstances"
    FLEET_COST = "FleetCost"
    STAGE_SECONDS = "StageSeconds"
    # How much there was.
    DEMAND_BYTES = "DemandBytes"
    DEMAND_ROWS = "DemandRows"
    SERIES = "Series"
    FORECAST_ROWS = "ForecastRows"
    MODEL_AGE_DAYS = "ModelAgeDays"
    DATA_QUALITY = "DataQuality"
    # How good the forecasts are, by the backtest and beside the last published run.
    WAPE = "Wape"
    BASELINE_WAPE = "BaselineWape"
    WAPE_RATIO = "WapeRatio"
    MASE = "Mase"
    WQL = "Wql"
    BIAS = "Bias"
    COVERAGE = "Coverage"
    NOMINAL_COVERAGE = "NominalCoverage"
    DEMAND_DRIFT = "DemandDrift"
    FORECAST_DRIFT = "ForecastDrift"
