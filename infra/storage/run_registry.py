"""The DynamoDB table of the run registry, with the status, the attempts and the lease of every run."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from contract.names import BY_EXECUTION
from infra.common.nag import acknowledge


class RunRegistry(Construct):
    """One item per run, by partition and cutoff: one query reads the runs of a partition.

    Attributes:
        table: The table.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        key: kms.IKey,
        removal_policy: RemovalPolicy,
        is_protected: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        text = dynamodb.AttributeType.STRING
        self.table = dynamodb.Table(
            self,
            "Table",
            table_name=name,
            partition_key=dynamodb.Attribute(name="partition", type=text),
            sort_key=dynamodb.Attribute(name="cutoff", type=text),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=is_protected,
            removal_policy=removal_policy,
        )
        acknowledge(
            self.table,
            "NIST.800.53.R5-DynamoDBInBackupPlan",
            reason="Point-in-time recovery covers the last 35 days, and older states of the registry have no use.",
        )
        self.table.add_global_secondary_index(
            index_name=BY_EXECUTION,
            partition_key=dynamodb.Attribute(name="execution", type=text),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
