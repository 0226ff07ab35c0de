"""Show the last runs on the dashboard, with links to executions, logs and reports."""

import os
from typing import TypedDict

from botocore.config import Config

from contract.environments.monitoring import RunsWidgetEnvironment
from contract.partitions import WHOLE
from lambdas.shared.clients import clients
from lambdas.shared.logs import log_invocation
from lambdas.shared.partitions import partition_names
from lambdas.shared.registry_record import UNRESOLVED_CUTOFF
from lambdas.shared.registry_table import RunTable

from .of_partitions import CONCURRENT_READS, latest_runs, partitions_as_html
from .rows import runs_as_html

SHOWN = 10
HELP = "Shows the last runs in the registry, or the last run of each partition. The widget has no parameters."

# One connection per concurrent read.
_client = clients(Config(max_pool_connections=CONCURRENT_READS))


class WidgetEvent(TypedDict, total=False):
    """CloudWatch's event to draw the widget, or to describe it."""

    describe: bool


@log_invocation
def handler(event: WidgetEvent, _context: object) -> str:
    """Handle CloudWatch's event: return the widget's HTML, or its description."""
    if event.get("describe"):
        return HELP
    environment, client = RunsWidgetEnvironment.from_environment(os.environ), _client("dynamodb")
    table, region = RunTable(client, environment.table), client.meta.region_name
    if environment.source is not None:
        partitions = partition_names(_client("s3"), environment.source)
        return partitions_as_html(latest_runs(table, partitions), region=region)
    return runs_as_html([table.get(WHOLE, UNRESOLVED_CUTOFF), *table.recent(WHOLE, SHOWN)], region=region)
