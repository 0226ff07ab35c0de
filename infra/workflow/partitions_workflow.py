"""The state machine of all partitions: list them, run each by the one of a run, and make one table of the outcomes."""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.common.nag import acknowledge_inline_policy, acknowledge_wildcard
from infra.functions.python_function import PythonFunction
from infra.workflow.failure_path import ERROR_PATH, failure_unexplained
from infra.workflow.partition_map import EachPartition
from infra.workflow.tasks import EXECUTION, call_function, notify

# A thousand runs take 3.3 days where the quota lets but one at a time (benchmarks/README.md); nine thousand have time.
LONGEST = Duration.days(30)


class PartitionsWorkflow(Construct):
    """One execution runs all partitions, or those it is told, and ends well where all of them do.

    What a partition comes to is noted in S3 and not in the states' data, which would not hold thousands.

    Attributes:
        state_machine: The state machine.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        run: sfn.IStateMachine,
        plan_partitions: PythonFunction,
        sum_up: PythonFunction,
        explain_failure: PythonFunction,
        forecasts: s3.IBucket,
        data_key: kms.IKey,
        topic: sns.ITopic,
        key: kms.IKey,
        log_group: logs.ILogGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        receive = sfn.Pass(
            self,
            "Receive",
            parameters={
                "execution": EXECUTION,
            },
        )
        broken = sfn.Fail(self, "Broken", error_path="$.failure.error", cause_path="$.failure.cause")
        explained = call_function(self, "ExplainFailure", explain_failure.function, result_path="$.failure")
        announced = notify(self, "NotifyFailure", topic=topic, outcome_path="$.failure", then=broken)
        explained.next(announced)
        explained.add_catch(failure_unexplained(self).next(announced), result_path="$.explanation_error")
        planned = call_function(self, "PlanPartitions", plan_partitions.function, result_path="$.plan")
        each = EachPartition(
            self,
            "EachPartition",
            name=f"{name}-partitions",
            run=run,
            run_name=f"{name}-forecast",
            forecasts=forecasts,
        )
        summed = call_function(self, "SumUp", sum_up.function, result_path="$.outcome")
        for state in (planned, summed):
            state.add_catch(explained, result_path=ERROR_PATH)
        # Where the Map breaks off there is a table of those that had ended, too.
        each.state.add_catch(summed, result_path=ERROR_PATH)
        all_fine = sfn.Condition.boolean_equals("$.outcome.all_fine", True)
        done = sfn.Succeed(self, "AllDone", input_path="$.outcome")
        not_all = sfn.Fail(self, "NotAllDone", error_path="$.outcome.error", cause_path="$.outcome.cause")
        ended = sfn.Choice(self, "AllFine?").when(all_fine, done).otherwise(not_all)
        told = notify(self, "TellTheOutcome", topic=topic, outcome_path="$.outcome", then=ended)
        receive.next(planned).next(each.state).next(summed).next(told)
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_name=f"{name}-partitions",
            comment=f"All partitions of {name}: a run each, and one table of what became of them",
            definition_body=sfn.DefinitionBody.from_chainable(receive),
            timeout=LONGEST,
            tracing_enabled=True,
            logs=sfn.LogOptions(level=sfn.LogLevel.ALL, include_execution_data=True, destination=log_group),
        )
        self._allow(each, data_key, key)
        role = self.state_machine.role
        acknowledge_inline_policy(role)
        for function in (plan_partitions, sum_up, explain_failure):
            acknowledge_wildcard(role, f"{function.function.function_arn}:*", "The versions of this one function.")
        for arn in each.wildcards:
            acknowledge_wildcard(role, arn, "Executions, lists and outcomes of this deployment, named as they come.")
        acknowledge_wildcard(role, "*", "X-Ray and the log delivery of Step Functions know no resources.")

    def _allow(self, each: EachPartition, data_key: kms.IKey, key: kms.IKey) -> None:
        for statement in each.statements():
            self.state_machine.add_to_role_policy(statement)
        for sid, used in (("UseTheKey", data_key), ("EncryptTheMessages", key)):
            self.state_machine.add_to_role_policy(
                iam.PolicyStatement(sid=sid, actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[used.key_arn])
            )
