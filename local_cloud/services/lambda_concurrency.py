"""Limits how many invocations of Lambda functions run at the same time, as Lambda does in each region.

A function with a reserved concurrency has this limit. All other functions share the account's remaining limit. Lambda
refuses an invocation beyond its limit, and a reservation that leaves too little for the other functions.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from moto.awslambda import urls
from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.utils import get_backend
from moto.core.exceptions import JsonRESTError

from local_cloud.core.patching import patch_attribute
from local_cloud.core.service_quotas import CONCURRENT_EXECUTIONS, quota

# Lambda keeps this much for functions without a reservation; in an account with a lower limit, the whole limit.
_MIN_UNRESERVED = 100
# The default quotas of a region: bytes of all deployed code, of an unpacked package, and of an uploaded package.
_CODE_LIMITS = {"TotalCodeSize": 80530636800, "CodeSizeUnzipped": 262144000, "CodeSizeZipped": 52428800}


class TooManyRequestsError(JsonRESTError):
    """An invocation exceeds its limit."""

    code = 429

    def __init__(self, reason: str) -> None:
        super().__init__("TooManyRequestsException", "Rate Exceeded.")
        self.description = json.dumps({"Reason": reason, "Type": "User", "message": "Rate Exceeded."})


class Concurrency:
    """The running invocations.

    Args:
        quotas: The file of the quotas that differ from the default.
    """

    def __init__(self, quotas: Path) -> None:
        self._quotas = quotas
        self._running: Counter[str] = Counter()  # by the function's ARN
        self._changed = threading.Condition()

    @contextmanager
    def counted(self, function: LambdaFunction, *, wait: bool) -> Iterator[None]:
        """Count an invocation as running.

        Args:
            function: The invoked function.
            wait: Whether to wait until the limit allows the invocation, as Lambda does with events.

        Raises:
            TooManyRequestsError: The invocation exceeds the limit.
        """
        with self._changed:
            while (reason := self._exceeded(function)) is not None:
                if not wait:
                    raise TooManyRequestsError(reason)
                self._changed.wait()
            self._running[function.function_arn] += 1
        try:
            yield
        finally:
            with self._changed:
                self._running[function.function_arn] -= 1
                self._changed.notify_all()

    def limit(self) -> int:
        """Return the limit of an account in a region."""
        return int(quota(self._quotas, CONCURRENT_EXECUTIONS))

    def unreserved(self, backend: LambdaBackend, *, without: str = "") -> int:
        """Return the limit of all functions of a region that have no reservation.

        Args:
            backend: The functions of the region.
            without: Name of a function whose reservation does not count.
        """
        functions = [each for each in backend.list_functions() if each.function_name != without]
        return self.limit() - sum(int(each.reserved_concurrency or 0) for each in functions)

    def check_reservation(self, backend: LambdaBackend, name: str, reserved: int) -> None:
        """Refuse a reservation that leaves too little for the functions without one.

        Raises:
            InvalidParameterValueException: The reservation is too large.
        """
        minimum = min(_MIN_UNRESERVED, self.limit())
        if self.unreserved(backend, without=name) - reserved < minimum:
            raise InvalidParameterValueException(
                "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
                f"below its minimum value of [{minimum}]."
            )

    def _exceeded(self, function: LambdaFunction) -> str | None:
        """Return the reason for which Lambda refuses an invocation now; None if it accepts the invocation."""
        if function.reserved_concurrency is not None:
            exceeded = self._running[function.function_arn] >= int(function.reserved_concurrency)
            return "ReservedFunctionConcurrentInvocationLimitExceeded" if exceeded else None
        backend = get_backend(function.account_id, function.region)
        shared = [each for each in backend.list_functions() if each.reserved_concurrency is None]
        exceeded = sum(self._running[each.function_arn] for each in shared) >= self.unreserved(backend)
        return "ConcurrentInvocationLimitExceeded" if exceeded else None


def install(concurrency: Concurrency) -> None:
    """Check reservations, and add GetAccountSettings to moto's Lambda."""

    def checking(original: Callable[..., str]) -> Callable[..., str]:
        def put_function_concurrency(self: LambdaBackend, name: str, reserved: int) -> str:
            concurrency.check_reservation(self, name, int(reserved))
            return original(self, name, reserved)

        return put_function_concurrency

    def checking_templates(original: Callable[..., Any]) -> object:
        def create_from_cloudformation_json(
            _model: object, /, name: str, definition: dict[str, Any], account: str, region: str, **kwargs: object
        ) -> object:
            reserved = definition["Properties"].get("ReservedConcurrentExecutions")
            if reserved is not None:
                concurrency.check_reservation(get_backend(account, region), name, int(reserved))
            return original(name, definition, account, region, **kwargs)

        return classmethod(create_from_cloudformation_json)

    def reserving_after_update(original: Callable[..., Any]) -> object:
        def update_from_cloudformation_json(
            _model: object, /, original_resource: LambdaFunction, cloudformation_json: dict[str, Any], **kwargs: str
        ) -> object:
            """Change the reservation, which moto ignores."""
            reserved = cloudformation_json["Properties"].get("ReservedConcurrentExecutions")
            if reserved is not None:
                backend = get_backend(kwargs["account_id"], kwargs["region_name"])
                concurrency.check_reservation(backend, str(original_resource.function_name), int(reserved))
            original_resource.reserved_concurrency = reserved
            return original(original_resource=original_resource, cloudformation_json=cloudformation_json, **kwargs)

        return classmethod(update_from_cloudformation_json)

    def get_account_settings(self: LambdaResponse) -> tuple[int, dict[str, str], str]:
        functions = list(self.backend.list_functions())
        unreserved = concurrency.unreserved(self.backend)
        limits = {"ConcurrentExecutions": concurrency.limit(), "UnreservedConcurrentExecutions": unreserved}
        usage = {"TotalCodeSize": sum(each.code_size for each in functions), "FunctionCount": len(functions)}
        return 200, {}, json.dumps({"AccountLimit": {**_CODE_LIMITS, **limits}, "AccountUsage": usage})

    patch_attribute(LambdaBackend, "put_function_concurrency", checking)
    patch_attribute(LambdaFunction, "create_from_cloudformation_json", checking_templates)
    patch_attribute(LambdaFunction, "update_from_cloudformation_json", reserving_after_update)
    LambdaResponse.get_account_settings = get_account_settings  # type: ignore[attr-defined]
    urls.url_paths["{0}/(?P<api_version>[^/]+)/account-settings/?$"] = LambdaResponse.dispatch
