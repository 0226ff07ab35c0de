"""The state machine: plan, train and infer, check, publish; and one way out for everything that fails."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from infra.function import TIMEOUT, PythonFunction
from infra.nag import acknowledge_wildcard
from infra.training_job import TrainingJob

ERROR = "$.error"
LAMBDA_SERVICE_ERRORS = [
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
]
STATE_MARGIN = Duration.seconds(30)
# Beside the jobs: every function with its retries, and the messages.
OTHER_STATES = Duration.hours(1)


class ForecastWorkflow(Construct):
    """One execution is one run: a partition and a cutoff.

    The state's data is an object from the first state on, whatever the execution's input was: `execution`, then `plan`,
    `job`, `run`, `published`; and on the way out `error` and `failure`.

    Attributes:
        state_machine: The state machine.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        plan: PythonFunction,
        check_run: PythonFunction,
        publish: PythonFunction,
        explain_failure: PythonFunction,
        training_job: TrainingJob,
        instance_types: Sequence[str],
        topic: sns.ITopic,
        log_group: logs.ILogGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        self._topic = topic
        self._explain = self._failure_path(explain_failure.function)

        receive = sfn.Pass(
            self,
            "Receive",
            comment="Whatever the input is, from here on the data is an object that an error can be added to",
            parameters={
                "execution": {
                    "name.$": "$$.Execution.Name",
                    "id.$": "$$.Execution.Id",
                    "started_at.$": "$$.Execution.StartTime",
                    "input.$": "$$.Execution.Input",
                }
            },
        )
        steps = [
            self._call("Plan", plan.function, result_path="$.plan"),
            self._call("CheckRun", check_run.function, result_path="$.run"),
            self._call("Publish", publish.function, result_path="$.published"),
        ]
        for step in steps:
            step.add_catch(self._explain, result_path=ERROR)
        plan_state, check_state, publish_state = steps

        succeeded = sfn.Succeed(self, "Succeeded", input_path="$.published")
        notify = self._notify("NotifySuccess", "$.published", then=succeeded)
        check_state.next(publish_state).next(notify)

        job_completed = (
            sfn.Choice(self, "JobCompleted?")
            .when(sfn.Condition.string_equals("$.job.status", "Completed"), check_state)
            .otherwise(self._not_completed())
        )
        receive.next(plan_state).next(self._train_and_infer(training_job, instance_types, then=job_completed))

        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_name=f"{name}-forecast",
            comment=f"One run of {name}: train and infer in one job, check, publish",
            definition_body=sfn.DefinitionBody.from_chainable(receive),
            timeout=Duration.seconds(training_job.longest.to_seconds() * len(instance_types)).plus(OTHER_STATES),
            tracing_enabled=True,
            logs=sfn.LogOptions(
                level=sfn.LogLevel.ALL,
                include_execution_data=True,
                destination=log_group,
            ),
        )
        for statement in training_job.statements():
            self.state_machine.add_to_role_policy(statement)
        self._acknowledge([plan, check_run, publish, explain_failure], training_job)

    def _train_and_infer(
        self, training_job: TrainingJob, instance_types: Sequence[str], *, then: sfn.IChainable
    ) -> sfn.CustomState:
        """Chains a state an instance type, from the last to the first: no capacity leads on to the next."""
        following: sfn.CustomState | None = None
        for choice, instance_type in reversed(list(enumerate(instance_types))):
            state = training_job.state(instance_type, choice=choice)
            handler: sfn.IChainable = self._explain
            if following is not None:
                handler = (
                    sfn.Choice(self, f"Capacity for {instance_type}?")
                    .when(_no_capacity(), following)
                    .otherwise(self._explain)
                )
            state.add_catch(handler, result_path=ERROR)
            state.next(then)
            following = state
        assert following is not None, "the settings name at least one instance type"
        return following

    def _not_completed(self) -> sfn.IChainable:
        """A job that was stopped is no error to Step Functions; here it becomes one."""
        return sfn.Pass(
            self,
            "JobNotCompleted",
            parameters={
                "Error": "JobNotCompleted",
                "Cause": sfn.JsonPath.json_to_string(sfn.JsonPath.object_at("$.job")),
            },
            result_path=ERROR,
        ).next(self._explain)

    def _failure_path(self, function: lambda_.IFunction) -> tasks.LambdaInvoke:
        failed = sfn.Fail(self, "Failed", error_path="$.failure.error", cause_path="$.failure.cause")
        notify = self._notify("NotifyFailure", "$.failure", then=failed)
        unexplained = sfn.Pass(
            self,
            "FailureUnexplained",
            comment="The explanation itself failed: pass on what is known",
            parameters={
                "error.$": "$.error.Error",
                "cause.$": "States.JsonToString($.error)",
                "subject": "A run failed, and so did the explanation why",
                "message.$": "States.Format('{} failed: {}', $.execution.id, States.JsonToString($.error))",
            },
            result_path="$.failure",
        ).next(notify)
        explain = self._call("ExplainFailure", function, result_path="$.failure")
        explain.add_catch(unexplained, result_path="$.explanation_error")
        explain.next(notify)
        return explain

    def _call(self, state: str, function: lambda_.IFunction, *, result_path: str) -> tasks.LambdaInvoke:
        task = tasks.LambdaInvoke(
            self,
            state,
            lambda_function=function,
            payload_response_only=True,
            retry_on_service_exceptions=False,
            result_path=result_path,
            task_timeout=sfn.Timeout.duration(TIMEOUT.plus(STATE_MARGIN)),
        )
        task.add_retry(
            errors=LAMBDA_SERVICE_ERRORS,
            interval=Duration.seconds(2),
            backoff_rate=2,
            max_attempts=4,
            jitter_strategy=sfn.JitterType.FULL,
        )
        return task

    def _notify(self, state: str, path: str, *, then: sfn.IChainable) -> tasks.SnsPublish:
        task = tasks.SnsPublish(
            self,
            state,
            topic=self._topic,
            subject=sfn.JsonPath.string_at(f"{path}.subject"),
            message=sfn.TaskInput.from_json_path_at(f"{path}.message"),
            result_path=sfn.JsonPath.DISCARD,
            task_timeout=sfn.Timeout.duration(Duration.minutes(1)),
        )
        # A message sent twice does no harm; a message not sent does not change how the run ended.
        task.add_retry(
            errors=["States.TaskFailed"],
            interval=Duration.seconds(2),
            backoff_rate=2,
            max_attempts=3,
            jitter_strategy=sfn.JitterType.FULL,
        )
        task.add_catch(then, result_path="$.notification_error")
        task.next(then)
        return task

    def _acknowledge(self, functions: Sequence[PythonFunction], training_job: TrainingJob) -> None:
        role = self.state_machine.role
        for function in functions:
            acknowledge_wildcard(role, f"{function.function.function_arn}:*", "The versions of this one function.")
        acknowledge_wildcard(
            role, training_job.arns, "Jobs are named after the runs, all with this deployment's prefix."
        )
        acknowledge_wildcard(role, "*", "X-Ray and the log delivery of Step Functions know no resources.")


def _no_capacity() -> sfn.Condition:
    """AWS has none of the type left, or the account's quota for it is used up.

    A job that ran and failed speaks of an AlgorithmError, whatever words its own message has.
    """
    in_cause = sfn.Condition.and_(
        sfn.Condition.is_present("$.error.Cause"),
        sfn.Condition.or_(
            *(
                sfn.Condition.string_matches("$.error.Cause", f"*{word}*")
                for word in ("CapacityError", "InsufficientCapacity", "ResourceLimitExceeded")
            )
        ),
        sfn.Condition.not_(sfn.Condition.string_matches("$.error.Cause", "*AlgorithmError*")),
    )
    return sfn.Condition.or_(sfn.Condition.string_matches("$.error.Error", "*ResourceLimitExceeded*"), in_cause)
