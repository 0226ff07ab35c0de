"""The CDK application of one environment: `cdk synth -c environment=prod`. The default environment is dev."""

import sys
from pathlib import Path

from aws_cdk import App, Tags, Validations
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks

from contract.names import PERSONAL_ENVIRONMENT, budget_stack, data_stack, forecast_stack
from infra.budget_stack import BudgetStack
from infra.data_stack import DataStack
from infra.forecast_stack import ForecastStack
from infra.settings.environment import Settings
from infra.settings.loader import SettingsError, load_settings

# Relative to this file and not to infra, so that a copy of the application can have its own environments.
ENVIRONMENTS = Path(__file__).parent / "environments"


def compose(app: App, settings: Settings) -> None:
    """Add one environment's stacks to the application."""
    data = DataStack(app, data_stack(settings.name), settings=settings)
    forecast = ForecastStack(app, forecast_stack(settings.name), settings=settings, data=data.stores)
    limit_usd = settings.alerts.monthly_budget_usd
    if limit_usd is not None:
        BudgetStack(app, budget_stack(settings.name), settings=settings, forecast=forecast, limit_usd=limit_usd)
    for key, value in settings.tags.items():
        Tags.of(app).add(key, value)


def main() -> int:
    """Synthesize the environment that the CDK context names, and return the exit code."""
    app = App()
    environment = app.node.try_get_context("environment") or PERSONAL_ENVIRONMENT
    try:
        settings = load_settings(str(environment), ENVIRONMENTS)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    compose(app, settings)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), NIST80053R5Checks(app))
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
