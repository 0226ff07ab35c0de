"""Tables of the Glue catalog for Athena: one with every published run, and one with the current run.

Publish creates the tables, because their column types depend on the keys in the demand. No template can know them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from contract.limits import PARTITION_KEYS

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_glue.type_defs import PartitionInputTypeDef, StorageDescriptorTypeDef, TableInputTypeDef

RUNS, CURRENT = "forecast_runs", "forecasts"
KEYS = {RUNS: PARTITION_KEYS, CURRENT: PARTITION_KEYS[:1]}
PARQUET: "StorageDescriptorTypeDef" = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
}
DESCRIPTIONS = {
    RUNS: "All published runs, by run_id",
    CURRENT: "The currently published run of each partition",
}


@dataclass(frozen=True)
class Catalog:
    """The tables of one deployment.

    Attributes:
        glue: A Glue client.
        database: Name of the database.
        folder: S3 URI of the prefix of all runs.
    """

    glue: "GlueClient"
    database: str
    folder: str

    def show(self, *, partition: str, run_id: str, location: str, types: Mapping[str, str]) -> None:
        """Add a run to the table of runs and make it the current run. Readers see both in one switch.

        Args:
            partition: Name of the partition.
            run_id: The run.
            location: S3 URI of the run's prefix.
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
