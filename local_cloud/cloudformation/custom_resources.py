"""Custom resources. A Python function handles its own resource. The local cloud only records all other resources.

Otherwise a stack would wait forever for the response of a function that cannot run here.
"""

import logging
from collections.abc import Callable
from typing import Any

from moto.awslambda.utils import get_backend as get_lambda_backend
from moto.cloudformation.custom_model import CustomModel
from moto.cloudformation.models import cloudformation_backends

from local_cloud.core.patching import patch_attribute

_LOG = logging.getLogger(__name__)


def install() -> None:
    """Apply the change to moto's custom resources."""
    patch_attribute(CustomModel, "create_from_cloudformation_json", _recording)


def _recording(original: Callable[..., Any]) -> object:
    def create_from_cloudformation_json(
        model: Any,  # noqa: ANN401 - the class itself
        /,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **kwargs: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        function = get_lambda_backend(account_id, region_name).get_function(
            cloudformation_json["Properties"]["ServiceToken"], None
        )
        if str(function.run_time).startswith("python"):
            return original(resource_name, cloudformation_json, account_id, region_name, **kwargs)
        _LOG.warning("%s is recorded only: its function is not Python", kwargs["ResourceType"])
        resource = model(region_name, "", kwargs["LogicalId"], resource_name)
        resource.set_data({})
        cloudformation_backends[account_id][region_name].get_stack(kwargs["StackId"]).add_custom_resource(resource)
        return resource

    return classmethod(create_from_cloudformation_json)
