"""The monthly budget of an environment, in a stack of its own.

AWS refuses budgets in some accounts, for example in a member account without access to billing. So this stack is
deployed last, and its failure leaves the other stacks as they are.
"""

from aws_cdk import Stack
from aws_cdk import aws_budgets as budgets
from constructs import Construct

from contract.names import outcomes_topic
from infra.common.environment_stack import EnvironmentStack
from infra.settings.environment import DEPLOYMENT_TAG, Settings

# Percent of the budget that trigger a notification: actual costs, and AWS's forecast for the end of the month.
SPENT, EXPECTED = 80, 100


class BudgetStack(EnvironmentStack):
    """A budget for all resources with this deployment's tag, which notifies the topic.

    The budget counts nothing until the tag is a cost allocation tag. In an organization, only the management account
    can activate it.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, forecast: Stack, limit_usd: float
    ) -> None:
        """Create the stack.

        Args:
            scope: The parent.
            construct_id: The stack's name.
            settings: The environment.
            forecast: Stack with the topic that the budget notifies.
            limit_usd: Monthly budget in US dollars.
        """
        super().__init__(
            scope, construct_id, settings=settings, description=f"The budget of {settings.name}", protect=False
        )
        self.add_stack_dependency(forecast)
        # By name: an export would keep the forecast stack from changing once the budget is removed from the settings.
        topic = self.format_arn(service="sns", resource=outcomes_topic(settings.name))
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=settings.name,
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=limit_usd, unit="USD"),
                cost_filters={"TagKeyValue": [f"user:{DEPLOYMENT_TAG}${settings.name}"]},
            ),
            notifications_with_subscribers=[
                _notification(cost_type, threshold, topic)
                for cost_type, threshold in (("ACTUAL", SPENT), ("FORECASTED", EXPECTED))
            ],
        )


def _notification(
    cost_type: str, threshold: float, topic: str
) -> budgets.CfnBudget.NotificationWithSubscribersProperty:
    return budgets.CfnBudget.NotificationWithSubscribersProperty(
        notification=budgets.CfnBudget.NotificationProperty(
            notification_type=cost_type,
            comparison_operator="GREATER_THAN",
            threshold=threshold,
            threshold_type="PERCENTAGE",
        ),
        subscribers=[budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=topic)],
    )
