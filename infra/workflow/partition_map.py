"""A distributed Map as a state: each partition's run started and waited for, and what became of it noted in S3."""

from typing import Any

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contract.s3.keys import ANY
from contract.s3.partition_keys import EVERY_EXECUTION

RULE = "StepFunctionsGetEventsForStepFunctionsExecutionRule"
# Step Functions' answers where too much was asked at once.
TRANSIENT_ERRORS = [
    "StepFunctions.AWSStepFunctionsException",
    "StepFunctions.ExecutionLimitExceededException",
    "StepFunctions.SfnServiceException",
    "StepFunctions.ThrottlingException",
]
# All runs that begin together ask at once.
TRANSIENT_ATTEMPTS = 8
S3_ERRORS = ["S3.S3Exception", "S3.SdkClientException"]


class EachPartition(Construct):
    """The state and its rights. An item is what PlanPartitions listed: `partition`, `name`, `input` and `outcome`.

    Whatever becomes of an item stops none of the others. Each ends well, or is tolerated where it does not; nothing of
    it comes into the state's data, which would not hold thousands.

    Attributes:
        state: The state; it reads `$.plan`.
        wildcards: What its statements have of them.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        run: sfn.IStateMachine,
        run_name: str,
        forecasts: s3.IBucket,
    ) -> None:
        """Makes the state.

        Args:
            scope: The parent.
            construct_id: The state's name.
            name: Of the state machine that it is a state of.
            run: The state machine of one run.
            run_name: Its name.
            forecasts: Bucket with the list of items and their outcomes.
        """
        super().__init__(scope, f"{construct_id}Rights")
        self._name, self._run, self._run_name, self._forecasts = name, run, run_name, forecasts
        self.state = sfn.CustomState(
            scope,
            construct_id,
            state_json={
                "Type": "Map",
                "ItemReader": {
                    "Resource": f"arn:{Stack.of(self).partition}:states:::s3:getObject",
                    "ReaderConfig": {"InputType": "JSON"},
                    "Parameters": {"Bucket": forecasts.bucket_name, "Key.$": "$.plan.items"},
                },
                "MaxConcurrencyPath": "$.plan.max_concurrency",
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "Run",
                    "States": self._states(),
                },
                # One that fails all the same, as with too much data, left no word: the table says so.
                "ToleratedFailurePercentage": 100,
                # What became of the items is in S3. A None would not get through to the template.
                "ResultPath": sfn.JsonPath.DISCARD,
            },
        )

    def _states(self) -> dict[str, Any]:
        partition = Stack.of(self).partition
        transient = {
            "BackoffRate": 2,
            "JitterStrategy": "FULL",
            "MaxAttempts": TRANSIENT_ATTEMPTS,
            "MaxDelaySeconds": 120,
        }
        return {
            "Run": {
                "Type": "Task",
                "Resource": f"arn:{partition}:states:::states:startExecution.sync:2",
                "Parameters": {
                    "StateMachineArn": self._run.state_machine_arn,
                    # A name is taken for months: a redrive needs another. A retry keeps it, so that an execution which
                    # was started although the answer got lost is not started twice.
                    "Name.$": "States.Format('{}-{}', $.name, $$.Execution.RedriveCount)",
                    "Input.$": "$.input",
                },
                "ResultSelector": {"name.$": "$.Name", "output.$": "$.Output"},
                "ResultPath": "$.child",
                "Retry": [{"ErrorEquals": TRANSIENT_ERRORS, "IntervalSeconds": 5, **transient}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "NoteOutcome"}],
                "Next": "NoteOutcome",
            },
            "NoteOutcome": {
                "Type": "Task",
                "Resource": f"arn:{partition}:states:::aws-sdk:s3:putObject",
                "Parameters": {
                    "Bucket": self._forecasts.bucket_name,
                    "Key.$": "$.outcome",
                    "Body.$": "$",
                    "ContentType": "application/json",
                },
                "ResultPath": "$.noted",
                "Retry": [{"ErrorEquals": S3_ERRORS, "IntervalSeconds": 2, **transient}],
                # The table then says that nothing is known of it.
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.not_noted", "Next": "Ended"}],
                "Next": "Ended",
            },
            "Ended": {"Type": "Pass", "Parameters": {}, "End": True},
        }

    def statements(self) -> list[iam.PolicyStatement]:
        """What the state machine's role needs for the state."""
        stack = Stack.of(self)
        own = self._arn("stateMachine", self._name)
        return [
            iam.PolicyStatement(
                sid="StartRunsAndItems", actions=["states:StartExecution"], resources=[self._run.state_machine_arn, own]
            ),
            iam.PolicyStatement(
                sid="FollowAndStopThem",
                actions=["states:DescribeExecution", "states:StopExecution"],
                resources=self.wildcards[:3],
            ),
            # A redriven execution takes up the items that had not ended.
            iam.PolicyStatement(
                sid="TakeItemsUpAgain", actions=["states:RedriveExecution"], resources=[self.wildcards[2]]
            ),
            iam.PolicyStatement(
                sid="HearWhenRunsEnd",
                actions=["events:DescribeRule", "events:PutRule", "events:PutTargets"],
                resources=[stack.format_arn(service="events", resource="rule", resource_name=RULE)],
            ),
            iam.PolicyStatement(
                sid="ReadTheList",
                actions=["s3:GetObject"],
                resources=[self.wildcards[3]],
            ),
            iam.PolicyStatement(
                sid="NoteOutcomes",
                actions=["s3:PutObject"],
                resources=[self.wildcards[4]],
            ),
        ]

    @property
    def wildcards(self) -> list[str]:
        """Executions of runs, executions of all partitions, executions of items, the lists, the outcomes."""
        return [
            self._arn("execution", f"{self._run_name}:*"),
            self._arn("execution", f"{self._name}:*"),
            self._arn("execution", f"{self._name}/*:*"),
            self._forecasts.arn_for_objects(EVERY_EXECUTION.items),
            self._forecasts.arn_for_objects(EVERY_EXECUTION.outcome(ANY)),
        ]

    def _arn(self, resource: str, resource_name: str) -> str:
        return Stack.of(self).format_arn(
            service="states",
            resource=resource,
            resource_name=resource_name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
