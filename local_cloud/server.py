"""The server process: moto with this package's extensions. It lives as long as the process that started it.

`LocalCloud` starts it as `python -m local_cloud.server OPTIONS`, with `ServerOptions` in JSON. It prints one line of
JSON, `{"port": N}`, when it is ready. It ends when its standard input ends. The opener holds the other end of that
pipe, so the server ends even if the opener is killed.
"""

import functools
import json
import logging
import os
import shutil
import signal
import sys
import threading
import types
from wsgiref.types import WSGIApplication

from moto import backends
from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from local_cloud.athena import api as athena_api
from local_cloud.cloudformation import resource_types
from local_cloud.containers import ecr
from local_cloud.core.breakpoints import Breakpoints
from local_cloud.core.patching import patch_attribute
from local_cloud.core.processes import ProcessRegistry
from local_cloud.core.resource_faults import ResourceFaults
from local_cloud.core.server_options import ServerOptions
from local_cloud.core.server_settings import ServerSettings
from local_cloud.core.state_layout import StateLayout
from local_cloud.iam.authorizer import Authorizer
from local_cloud.middleware.api_faults import ApiFaults
from local_cloud.middleware.authorization import with_authorization
from local_cloud.middleware.bucket_regions import with_bucket_regions
from local_cloud.middleware.fault_injection import with_faults
from local_cloud.sagemaker import api
from local_cloud.services import (
    event_rules,
    lambda_runner,
    log_groups,
    s3,
    schedules,
    service_quotas,
    sns,
    web_identity,
)
from local_cloud.step_functions import interpreter
from local_cloud.step_functions.role_permissions import RolePermissions


class _QuietHandler(MotoRequestHandler):
    """Logs only failed requests."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log a request that the server failed to answer (status 5xx)."""
        if str(code).startswith("5"):
            super().log_request(code, size)


def main(options: ServerOptions) -> None:
    """Serve until standard input ends, or until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)  # the history has the failures of states
    # Every caller is in this account. Moto reads this variable before it reads the access key.
    os.environ["MOTO_ACCOUNT_ID"] = options.account
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    server = make_server("127.0.0.1", 0, _application(options), threaded=True, request_handler=_QuietHandler)
    os.environ["MOTO_PORT"] = str(server.server_port)
    settings = ServerSettings(options=options, port=server.server_port)
    processes = ProcessRegistry()
    _extend_moto(settings, processes)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _wait_until_ended({"port": server.server_port})
    processes.end_all()
    if options.temporary:
        shutil.rmtree(options.state_folder, ignore_errors=True)
    os._exit(0)  # threads of executions and jobs may wait forever


def _application(options: ServerOptions) -> WSGIApplication:
    """Wrap moto's application in the layers that see each request first."""
    layout = StateLayout(options.state_folder)
    application: WSGIApplication = DomainDispatcherApplication(create_backend_app)
    application = with_bucket_regions(application, options.account)
    if options.iam:
        application = with_authorization(application, _authorizer(options))
    application = with_faults(application, ApiFaults(layout.api_faults))
    return ecr.with_layers(application, layout.layers)


def _authorizer(options: ServerOptions) -> Authorizer:
    return Authorizer(options.account, StateLayout(options.state_folder).permissions)


def _extend_moto(settings: ServerSettings, processes: ProcessRegistry) -> None:
    """Replace moto's services by this package's extensions."""
    # Moto lists its own folder at every request, under a lock. The folder does not change, so one listing is enough.
    patch_attribute(backends, "list_of_moto_modules", lambda original: functools.cache(lambda: frozenset(original())))
    s3.install()
    resource_types.install(ResourceFaults(settings.layout.resource_faults))
    interpreter.install(
        time_scale=settings.options.time_scale,
        paused=Breakpoints(settings.layout.paused_states),
        permissions=RolePermissions(_authorizer(settings.options) if settings.options.iam else None),
    )
    api.install(settings, processes)
    lambda_runner.install(settings, processes)
    event_rules.install(settings)
    ecr.install(settings)
    service_quotas.install(settings.layout.quotas)
    athena_api.install(settings)
    schedules.install(settings)
    if settings.options.iam:
        log_groups.install(_authorizer(settings.options))
        sns.install(_authorizer(settings.options))
        web_identity.install(settings.account)


def _wait_until_ended(greeting: dict[str, int]) -> None:
    """Print the greeting, and return when standard input ends or a signal arrives."""
    ended = threading.Event()

    def end(_number: int, _frame: types.FrameType | None) -> None:
        ended.set()

    def wait_for_end_of_input() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    threading.Thread(target=wait_for_end_of_input, daemon=True).start()
    sys.stdout.write(json.dumps(greeting) + "\n")
    sys.stdout.flush()
    ended.wait()


if __name__ == "__main__":
    main(ServerOptions.from_json(sys.argv[1]))
