"""All steps in order. Each states what it expects of AWS."""

from cli.acceptance.steps import deployment, messages, operator, partitions, runs
from cli.acceptance.steps.step import Step

# The last step. It always runs, also after a failure or Ctrl-C.
DESTROY = Step(
    name="destroy",
    expects="`onejob destroy` deletes every resource of the environment, and nothing with its name is left.",
    perform=deployment.destroy,
)

STEPS = (
    Step(
        name="preflight",
        expects="No check of the account fails before the first deployment.",
        perform=deployment.preflight,
    ),
    Step(
        name="deploy",
        expects="CloudFormation creates all stacks, and the image is in ECR.",
        perform=deployment.deploy,
        needs=("preflight",),
    ),
    Step(
        name="listen",
        expects="SNS subscribes an SQS queue to the encrypted topic.",
        perform=messages.listen,
        needs=("deploy",),
    ),
    Step(
        name="upload",
        expects="S3 encrypts uploads of this user with the key of the environment.",
        perform=runs.upload_demand,
        needs=("deploy",),
    ),
    Step(
        name="run",
        expects="`{}` trains, forecasts every series and publishes the run.",
        perform=runs.run,
        needs=("upload",),
    ),
    Step(
        name="query",
        expects="Athena answers with the rows and the total of the published files.",
        perform=runs.query,
        needs=("run",),
    ),
    Step(
        name="rerun",
        expects="`{}` again starts no job, and the published run stays.",
        perform=runs.rerun,
        needs=("run",),
    ),
    Step(
        name="force",
        expects='`{"force": true}` publishes a new run and keeps the files of the old one.',
        perform=runs.force,
        needs=("run",),
    ),
    Step(
        name="infer",
        expects='`{"mode": "infer"}` publishes a run with the model of the last one, without training.',
        perform=runs.infer,
        needs=("force",),
    ),
    Step(
        name="hold",
        expects="The quality gate rejects a run with half of the series, and readers keep the published run.",
        perform=operator.hold,
        needs=("infer",),
    ),
    Step(
        name="publish",
        expects='`{"publish": "<run_id>"}` publishes the rejected run without a job.',
        perform=operator.publish,
        needs=("hold",),
    ),
    Step(
        name="fleet",
        expects="A processing job with two instances forecasts every series exactly once.",
        perform=operator.fleet,
        needs=("publish",),
    ),
    Step(
        name="schedule",
        expects="EventBridge Scheduler starts a run. It fails as `InputError`, because the last week is missing.",
        perform=operator.start_on_schedule,
        needs=("publish",),
    ),
    Step(
        name="redrive",
        expects="A redrive of that execution publishes the run after the demand has arrived.",
        perform=operator.redrive,
        needs=("schedule",),
    ),
    Step(
        name="abort",
        expects="Step Functions stops the job of an execution that is stopped, and publishes nothing.",
        perform=operator.abort,
        needs=("run",),
    ),
    Step(
        name="roll-back",
        expects='`{"publish": "<run_id>"}` makes an earlier run the published one.',
        perform=operator.roll_back,
        needs=("run",),
    ),
    Step(
        name="messages",
        expects="Messages arrive about published, rejected, failed and aborted executions.",
        perform=messages.read_messages,
        needs=("listen", "hold", "schedule", "abort"),
    ),
    Step(
        name="alarms",
        expects="The alarms `failed` and `pending-approval` went to ALARM and sent their messages.",
        perform=operator.alarms,
        needs=("hold", "schedule"),
        only_on_aws=True,
    ),
    Step(
        name="add-partitions",
        expects="A deployment with a changed file updates the stacks and keeps the published run.",
        perform=deployment.add_partitions,
        needs=("run",),
    ),
    Step(
        name="partitions",
        expects="One execution runs two partitions at the same time, each with its own published run.",
        perform=partitions.run_partitions,
        needs=("add-partitions",),
    ),
    Step(
        name="deploy-again",
        expects="The diff is empty, and a second deployment changes no stack.",
        perform=deployment.deploy_again,
        needs=("add-partitions",),
    ),
)
