"""Where every failure of a run ends: explained in one line, announced, and failed."""

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.workflow_tasks import call_function, notify

# Where a failing state leaves Error and Cause for this path.
ERROR_PATH = "$.error"


class FailurePath(Construct):
    """ExplainFailure, NotifyFailure, Failed; the original error gets through even where the explanation fails.

    Attributes:
        entry: The state to catch to, with the error at `ERROR_PATH`.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, explain_failure: lambda_.IFunction, topic: sns.ITopic
    ) -> None:
        super().__init__(scope, construct_id)
        failed = sfn.Fail(self, "Failed", error_path="$.failure.error", cause_path="$.failure.cause")
        announce = notify(self, "NotifyFailure", topic=topic, outcome_path="$.failure", then=failed)
        unexplained = sfn.Pass(
            self,
            "FailureUnexplained",
            comment="The explanation itself failed: what is known is passed on",
            parameters={
                "error.$": "$.error.Error",
                "cause.$": "States.JsonToString($.error)",
                "subject": "A run failed, and so did the explanation why",
                "message.$": "States.Format('{} failed: {}', $.execution.id, States.JsonToString($.error))",
            },
            result_path="$.failure",
        )
        unexplained.next(announce)
        self.entry = call_function(self, "ExplainFailure", explain_failure, result_path="$.failure")
        self.entry.add_catch(unexplained, result_path="$.explanation_error")
        self.entry.next(announce)
