"""The forecasts as tables of the Glue catalogue: every run by its id, and the current one, for Athena to query.

The column types are those of the run: the demand says what its keys are, so that no template can know them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_glue.type_defs import PartitionInputTypeDef, StorageDescriptorTypeDef, TableInputTypeDef

RUNS, CURRENT = "forecast_runs", "forecasts"
KEYS = {RUNS: ("partition", "run_id"), CURRENT: ("partition",)}
PARQUET: "StorageDescriptorTypeDef" = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
}
DESCRIPTIONS = {
    RUNS: "Every run that was ever published, by its run_id",
    CURRENT: "The run that is published now, of each partition",
}


@dataclass(frozen=True)
class Catalog:
    """The tables of one deployment.

    Attributes:
        glue: A Glue client.
        database: Name of the database.
        folder: S3 URI that all runs lie below.
    """

    glue: "GlueClient"
    database: str
    folder: str

    def show(self, *, partition: str, run_id: str, location: str, types: Mapping[str, str]) -> None:
        """Adds a run to the table of runs, and makes it the current one: for its readers, one switch.

        Args:
            partition: Part of the market.
            run_id: The run.
            location: S3 URI of its folder.
            types: Type of each column, in order.
        """
        self._put_partition(RUNS, (partition, run_id), location, types)
        self._put_partition(CURRENT, (partition,), location, types)

    def _put_partition(self, table: str, values: Sequence[str], location: str, types: Mapping[str, str]) -> None:
        self._put_table(table, types)
        given: PartitionInputTypeDef = {"Values": list(values), "StorageDescriptor": _storage(types, location)}
        place = {"DatabaseName": self.database, "TableName": table}
        try:
            self.glue.create_partition(**place, PartitionInput=given)
        except self.glue.exceptions.AlreadyExistsException:
            self.glue.update_partition(**place, PartitionValueList=list(values), PartitionInput=given)

    def _put_table(self, table: str, types: Mapping[str, str]) -> None:
        wanted: TableInputTypeDef = {
            "Name": table,
            "Description": DESCRIPTIONS[table],
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"classification": "parquet"},
            "PartitionKeys": [{"Name": name, "Type": "string"} for name in KEYS[table]],
            "StorageDescriptor": _storage(types, self.folder),
        }
        try:
            known = self.glue.get_table(DatabaseName=self.database, Name=table)["Table"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "EntityNotFoundException":
                raise
            try:
                self.glue.create_table(DatabaseName=self.database, TableInput=wanted)
            except self.glue.exceptions.AlreadyExistsException:
                return self._put_table(table, types)
            return None
        if known["StorageDescriptor"]["Columns"] != wanted["StorageDescriptor"]["Columns"]:
            self.glue.update_table(DatabaseName=self.database, TableInput=wanted)
        return None


def _storage(types: Mapping[str, str], location: str) -> "StorageDescriptorTypeDef":
    return {
        **PARQUET,
        "Columns": [{"Name": name, "Type": kind} for name, kind in types.items()],
        "Location": location,
    }
