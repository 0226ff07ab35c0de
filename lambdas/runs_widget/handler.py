"""Shows the last runs on the dashboard, with links to their executions, logs and reports."""

import os
from typing import TypedDict

from botocore.config import Config

from contract.environments.monitoring import RunsWidgetEnvironment
from contract.partitions import WHOLE
from lambdas.shared.clients import clients
from lambdas.shared.logs import logged
from lambdas.shared.partitions import partition_names
from lambdas.shared.registry_record import UNRESOLVED_CUTOFF
from lambdas.shared.registry_table import RunTable

from .of_partitions import LOOKS_AT_A_TIME, latest_runs, partitions_as_html
from .rows import runs_as_html

SHOWN = 10
HELP = "The last runs of the registry, or the last one of each partition; the widget takes no parameters."

# One connection a look.
_client = clients(Config(max_pool_connections=LOOKS_AT_A_TIME))


class WidgetEvent(TypedDict, total=False):
    """What CloudWatch sends to draw the widget, or to ask what it takes."""

    describe: bool


@logged
def handler(event: WidgetEvent, _context: object) -> str:
    """Answers CloudWatch, which draws a custom widget: HTML, or what it takes where it asks."""
    if event.get("describe"):
        return HELP
    environment, client = RunsWidgetEnvironment.from_environment(os.environ), _client("dynamodb")
    table, region = RunTable(client, environment.table), client.meta.region_name
    if environment.source is not None:
        partitions = partition_names(_client("s3"), environment.source)
        return partitions_as_html(latest_runs(table, partitions), region=region)
    return runs_as_html([table.get(WHOLE, UNRESOLVED_CUTOFF), *table.recent(WHOLE, SHOWN)], region=region)
