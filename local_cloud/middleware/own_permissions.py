"""Calls that need one permission alone: that of their own action, on the resource that their parameters name."""

from local_cloud.iam.statements import Permission
from local_cloud.middleware.api_calls import ApiCall

# Calls that need no permission.
_FREE = {"sts:GetCallerIdentity"}
# The service or the action in IAM, where it has another name than in the API.
_SERVICES = {"monitoring": "cloudwatch"}
_ACTIONS = {"budgets:DescribeBudgets": "budgets:ViewBudget"}
# What a call is about that lacks a parameter.
_DEFAULTS = {"AlarmName": "*", "GroupName": "default"}
# The resource of each call, with its parameters. The `place` is a region and an account.
_RESOURCES = {
    "athena:ListWorkGroups": "*",
    "budgets:DescribeBudgets": "arn:aws:budgets::{account}:budget/*",
    "cloudformation:DeleteStack": "arn:aws:cloudformation:{place}:stack/{StackName}/*",
    "cloudformation:ListStackResources": "arn:aws:cloudformation:{place}:stack/{StackName}/*",
    "cloudformation:ListStacks": "arn:aws:cloudformation:{place}:stack/*/*",
    "codebuild:ListProjects": "*",
    "dynamodb:ListTables": "*",
    "ec2:DescribeVpcs": "*",
    "ecr:BatchDeleteImage": "arn:aws:ecr:{place}:repository/{repositoryName}",
    "ecr:BatchGetImage": "arn:aws:ecr:{place}:repository/{repositoryName}",
    "ecr:DescribeRepositories": "*",
    "ecr:GetDownloadUrlForLayer": "arn:aws:ecr:{place}:repository/{repositoryName}",
    "events:ListRules": "*",
    "glue:GetDataCatalogEncryptionSettings": "arn:aws:glue:{place}:catalog",
    "iam:GetRole": "arn:aws:iam::{account}:role/{RoleName}",
    "iam:ListRoles": "*",
    "iam:SimulatePrincipalPolicy": "{PolicySourceArn}",
    "lakeformation:GetDataLakeSettings": "*",
    "lambda:GetAccountSettings": "*",
    "lambda:ListFunctions": "*",
    "logs:DescribeLogGroups": "*",
    "logs:DescribeResourcePolicies": "*",
    "monitoring:DescribeAlarmHistory": "arn:aws:cloudwatch:{place}:alarm:{AlarmName}",
    "monitoring:DescribeAlarms": "arn:aws:cloudwatch:{place}:alarm:*",
    "monitoring:ListDashboards": "*",
    "pricing:GetProducts": "*",
    "sagemaker:ListProcessingJobs": "*",
    "sagemaker:ListTrainingJobs": "*",
    "scheduler:DeleteSchedule": "arn:aws:scheduler:{place}:schedule/{GroupName}/{Name}",
    "scheduler:GetSchedule": "arn:aws:scheduler:{place}:schedule/{GroupName}/{Name}",
    "scheduler:ListSchedules": "arn:aws:scheduler:{place}:schedule/*/*",
    "servicequotas:GetServiceQuota": "*",
    "servicequotas:ListServiceQuotas": "*",
    "ssm:GetParameter": "arn:aws:ssm:{place}:parameter{Name}",
    "sts:AssumeRole": "{RoleArn}",
}


def own_permissions(call: ApiCall, place: str) -> list[Permission] | None:
    """Return the permission of a call's own action, or nothing if it needs none; None for other calls.

    Args:
        call: The call.
        place: Region and account.
    """
    name = f"{call.service}:{call.action}"
    if name in _FREE:
        return []
    if name not in _RESOURCES:
        return None
    parameters = {**_DEFAULTS, **call.parameters, "place": place, "account": place.partition(":")[2]}
    action = _ACTIONS.get(name, f"{_SERVICES.get(call.service, call.service)}:{call.action}")
    return [Permission(action, _RESOURCES[name].format_map(parameters))]
