"""The server's process: moto with the extensions applied, for as long as the process that started it lives.

Started by `LocalCloud` as `python -m local_cloud.server OPTIONS`, with `ServerOptions` in JSON. It prints one line of
JSON, `{"port": N}`, when it answers, and ends when its standard input does: the opener holds the other end of that
pipe, so that the server ends however the opener ends.
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

from local_cloud.cloudformation import resource_types
from local_cloud.containers import ecr
from local_cloud.core.held_states import HeldStates
from local_cloud.core.patching import replace
from local_cloud.core.processes import ProcessRegistry
from local_cloud.core.server_options import ServerOptions
from local_cloud.core.server_settings import ServerSettings
from local_cloud.core.state_layout import StateLayout
from local_cloud.middleware.api_faults import ApiFaults
from local_cloud.middleware.authorization import Authoriser, with_authorisation
from local_cloud.middleware.fault_injection import with_faults
from local_cloud.sagemaker import api
from local_cloud.services import event_rules, lambda_runner, s3, service_quotas
from local_cloud.step_functions import interpreter


class _QuietHandler(MotoRequestHandler):
    """Writes no line a request; errors still reach the log."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Logs only requests the server could not answer."""
        if str(code).startswith("5"):
            super().log_request(code, size)


def main(options: ServerOptions) -> None:
    """Serves until standard input ends or a signal asks to end."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)  # failures of states are in the history
    # Every caller is in this account; moto looks there before it looks at the access key.
    os.environ["MOTO_ACCOUNT_ID"] = options.account
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    server = make_server("127.0.0.1", 0, _application(options), threaded=True, request_handler=_QuietHandler)
    os.environ["MOTO_PORT"] = str(server.server_port)
    settings = ServerSettings(options=options, port=server.server_port)
    processes = ProcessRegistry()
    _extend_moto(settings, processes)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _wait_for_the_end({"port": server.server_port})
    processes.end_all()
    if options.temporary:
        shutil.rmtree(options.state_folder, ignore_errors=True)
    os._exit(0)  # executions and jobs have threads that wait for what will never come


def _application(options: ServerOptions) -> WSGIApplication:
    """Wraps moto's application in the layers that see each request first."""
    layout = StateLayout(options.state_folder)
    application: WSGIApplication = DomainDispatcherApplication(create_backend_app)
    if options.iam:
        application = with_authorisation(application, Authoriser(options.account, layout.permissions))
    application = with_faults(application, ApiFaults(layout.api_faults))
    return ecr.with_layers(application, layout.layers)


def _extend_moto(settings: ServerSettings, processes: ProcessRegistry) -> None:
    """Puts this package's services in the place of moto's."""
    # Moto looks through its own folder at every request, one request at a time; what is there does not change.
    replace(backends, "list_of_moto_modules", lambda original: functools.cache(lambda: frozenset(original())))
    s3.install()
    resource_types.install()
    interpreter.install(time_scale=settings.options.time_scale, held=HeldStates(settings.layout.held_states))
    api.install(settings, processes)
    lambda_runner.install(settings, processes)
    event_rules.install(settings)
    ecr.install(settings)
    service_quotas.install(settings.layout.quotas)


def _wait_for_the_end(greeting: dict[str, int]) -> None:
    """Greets the opener, and returns when standard input ends or a signal asks to end."""
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
