"""Names of the metrics that functions write and that alarms and the dashboard read."""

from enum import StrEnum

NAMESPACE = "onejob"
# Dimensions: every metric has the deployment. StageSeconds and DataQuality have one more.
DEPLOYMENT = "Deployment"
STAGE = "Stage"
FINDING = "Finding"


class Metric(StrEnum):
    """Names of the metrics."""

    # Outcomes: 1 for each run. PartitionsUnfinished counts the unfinished partitions of an execution.
    RUNS_PUBLISHED = "RunsPublished"
    RUNS_SUPERSEDED = "RunsSuperseded"
    RUNS_PENDING_APPROVAL = "RunsPendingApproval"
    RUNS_FAILED = "RunsFailed"
    RUNS_LATE = "RunsLate"
    PARTITIONS_UNFINISHED = "PartitionsUnfinished"
    # Time, instances and cost of a run.
    JOB_SECONDS = "JobSeconds"
    BILLABLE_SECONDS = "BillableSeconds"
    COST = "Cost"
    FLEET_SECONDS = "FleetSeconds"
    FLEET_INSTANCES = "FleetInstances"
    FLEET_COST = "FleetCost"
    STAGE_SECONDS = "StageSeconds"
    # Amounts and quality of data, and the model's age in days.
    DEMAND_BYTES = "DemandBytes"
    DEMAND_ROWS = "DemandRows"
    SERIES = "Series"
    FORECAST_ROWS = "ForecastRows"
    MODEL_AGE_DAYS = "ModelAgeDays"
    DATA_QUALITY = "DataQuality"
    # Quality of forecasts: scores of the backtest, and drift from the last published run.
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
