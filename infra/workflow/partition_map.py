"""The distributed Map that starts the run of each partition, waits for it and writes its outcome to S3."""

from typing import Any

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contract.s3.keys import ANY
from contract.s3.partition_keys import EVERY_EXECUTION

RULE = "StepFunctionsGetEventsForStepFunctionsExecutionRule"
# Errors of the Step Functions API under load.
TRANSIENT_ERRORS = [
    "StepFunctions.AWSStepFunctionsException",
    "StepFunctions.ExecutionLimitExceededException",
    "StepFunctions.SfnServiceException",
    "StepFunctions.ThrottlingException",
]
# Many runs start at the same time and exceed the API's rate together.
TRANSIENT_ATTEMPTS = 8
S3_ERRORS = ["S3.S3Exception", "S3.SdkClientException"]


class EachPartition(Construct):
    """The Map state and its permissions.

    Its items are those of `contract.state.partitions_state.PartitionItem`, which PlanPartitions listed in S3. A failed
    item never stops the others. The items' outputs stay out of the state data, whose limit they would exceed.

    Attributes:
        state: The Map state; it reads `$.plan`.
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
        """Create the state.

        Args:
            scope: The parent.
            construct_id: The state's name.
            name: Name of the state machine that contains the state.
            run: The state machine of one run.
            run_name: Name of the state machine of one run.
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
                # An item can still fail, for example by too much data. The table then lists it as failed.
                "ToleratedFailurePercentage": 100,
                # The outcomes are in S3. Python's None would not reach the template, so use the CDK's constant.
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
                    # Step Functions reserves a name for 90 days, so a redrive needs another name. A retry keeps the
                    # name: if the first answer was lost, the execution does not start twice.
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
                # Without an outcome in S3, the table lists the partition as failed.
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.not_noted", "Next": "Ended"}],
                "Next": "Ended",
            },
            "Ended": {"Type": "Pass", "Parameters": {}, "End": True},
        }

    def statements(self) -> list[iam.PolicyStatement]:
        """Return the statements that the state machine's role needs for the state."""
        stack = Stack.of(self)
        own = self._arn("stateMachine", self._name)
        return [
            iam.PolicyStatement(
                sid="StartExecutions", actions=["states:StartExecution"], resources=[self._run.state_machine_arn, own]
            ),
            iam.PolicyStatement(
                sid="DescribeAndStopExecutions",
                actions=["states:DescribeExecution", "states:StopExecution"],
                resources=self.wildcards[:3],
            ),
            # A redriven execution redrives its unfinished items.
            iam.PolicyStatement(
                sid="RedriveMapItems", actions=["states:RedriveExecution"], resources=[self.wildcards[2]]
            ),
            iam.PolicyStatement(
                sid="ManageSyncEventRule",
                actions=["events:DescribeRule", "events:PutRule", "events:PutTargets"],
                resources=[stack.format_arn(service="events", resource="rule", resource_name=RULE)],
            ),
            iam.PolicyStatement(
                sid="ReadPartitionList",
                actions=["s3:GetObject"],
                resources=[self.wildcards[3]],
            ),
            iam.PolicyStatement(
                sid="WriteOutcomes",
                actions=["s3:PutObject"],
                resources=[self.wildcards[4]],
            ),
        ]

    @property
    def wildcards(self) -> list[str]:
        """ARN patterns: executions of runs, of all partitions and of Map items, then lists and outcomes in S3."""
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
