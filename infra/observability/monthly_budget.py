"""The monthly budget of an environment, which notifies the topic when costs approach or exceed it."""

from aws_cdk import Stack
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.common.stack_context import StackContext
from infra.settings.environment import DEPLOYMENT_TAG

SERVICE = "budgets.amazonaws.com"
# Percent of the budget that trigger a notification: actual costs, and AWS's forecast for the end of the month.
SPENT, EXPECTED = 80, 100


class MonthlyBudget(Construct):
    """A budget for all resources with this deployment's tag. The account must activate it as a cost allocation tag."""

    def __init__(self, scope: Construct, construct_id: str, *, context: StackContext, limit_usd: float) -> None:
        super().__init__(scope, construct_id)
        topic = context.topic
        self._let_budgets_publish(topic, context.messages_key)
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=context.name,
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=limit_usd, unit="USD"),
                cost_filters={"TagKeyValue": [f"user:{DEPLOYMENT_TAG}${context.name}"]},
            ),
            notifications_with_subscribers=[
                _notification(cost_type, threshold, topic)
                for cost_type, threshold in (("ACTUAL", SPENT), ("FORECASTED", EXPECTED))
            ],
        )

    def _let_budgets_publish(self, topic: sns.ITopic, key: kms.IKey) -> None:
        from_here = {"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowBudgets",
                principals=[iam.ServicePrincipal(SERVICE)],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions=from_here,
            )
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowBudgets",
                principals=[iam.ServicePrincipal(SERVICE)],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions=from_here,
            )
        )


def _notification(
    cost_type: str, threshold: float, topic: sns.ITopic
) -> budgets.CfnBudget.NotificationWithSubscribersProperty:
    return budgets.CfnBudget.NotificationWithSubscribersProperty(
        notification=budgets.CfnBudget.NotificationProperty(
            notification_type=cost_type,
            comparison_operator="GREATER_THAN",
            threshold=threshold,
            threshold_type="PERCENTAGE",
        ),
        subscribers=[budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=topic.topic_arn)],
    )
