"""Enforces IAM: a call succeeds only if the policies of the caller and of the resource allow it."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from local_cloud.core.role_access_keys import role_of
from local_cloud.core.server_settings import WORKLOAD_KEY
from local_cloud.iam.authorizer import Authorizer
from local_cloud.iam.callers import Caller, service_of
from local_cloud.middleware.api_calls import ApiCall, read_call
from local_cloud.middleware.required_permissions import needed_for
from local_cloud.middleware.wsgi import read_body, refuse

# The services whose policies also hold for the user. The user may do everything else.
_SERVICES_OF_RESOURCE_POLICIES = ("kms", "s3", "sns", "sqs")


def with_authorization(application: WSGIApplication, authorizer: Authorizer) -> WSGIApplication:
    """Wrap the application so that a caller can do only what the policies allow."""

    def call(environment: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        api_call = read_call(environment, read_body(environment))
        caller = _caller(api_call, authorizer) if api_call is not None else None
        if api_call is not None and caller is not None:
            try:
                lacking = authorizer.first_missing(caller, needed_for(api_call, authorizer.account))
            except NotImplementedError as error:
                # The status is one that boto3 does not retry.
                return refuse(
                    api_call.service,
                    status=501,
                    code="NotImplemented",
                    start_response=start_response,
                    message=f"{api_call.service}:{api_call.action}: {error}",
                )
            if lacking is not None:
                code = "AccessDenied" if api_call.service == "s3" else "AccessDeniedException"
                message = (
                    f"{caller.name} is not authorized to perform: {lacking.action} on resource: {lacking.resource}"
                )
                return refuse(api_call.service, status=403, code=code, start_response=start_response, message=message)
        return application(environment, start_response)

    return call


def _caller(api_call: ApiCall, authorizer: Authorizer) -> Caller | None:
    """Return the caller; None for calls that are not checked."""
    if role := role_of(api_call.access_key):
        return authorizer.role(role)
    if service := service_of(api_call.access_key):
        return service
    if api_call.access_key != WORKLOAD_KEY and api_call.service in _SERVICES_OF_RESOURCE_POLICIES:
        return authorizer.user()
    return None
