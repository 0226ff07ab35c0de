"""Limits of AWS services and of the data that several parts of the application use."""

from datetime import date

# Dates outside are placeholders such as 9999-12-31.
MIN_DATE, MAX_DATE = date(1900, 1, 1), date(2199, 12, 31)

# Instances of one processing job.
MAX_INSTANCES = 100

# Partition keys of the Glue tables of forecasts. A key column of the forecasts is another column of these tables.
PARTITION_KEYS = ("partition", "run_id")
# Column names that Athena reserves, from its user guide, "Reserved keywords": the lists for DDL and for SELECT. A
# reserved name needs quotes in every query, of one kind in DDL and another in SELECT. So the settings reject it.
_KEYWORDS = """
all alter and array as authorization between bigint binary boolean both by case cashe cast char column commit conf
constraint create cross cube current current_catalog current_date current_path current_schema current_time
current_timestamp current_user cursor database date dayofweek deallocate decimal delete describe distinct div double
drop else end escape except exchange execute exists extended external extract false fetch first float floor following
for foreign from full function grant group grouping having if import in inner insert int integer intersect interval
into is join json_array json_exists json_object json_query json_table json_value last lateral left less like listagg
local localtime localtimestamp macro map more natural none normalize not null numeric of on only or order out outer
over partialscan partition percent preceding precision prepare preserve primary procedure range reads recursive reduce
references regexp revoke right rlike rollback rollup row rows select set skip smallint start table tablesample then
time timestamp to transform trigger trim true truncate uescape unbounded union uniquejoin unnest update user using
utc_timestamp values varchar views when where window with
"""
RESERVED_COLUMNS = frozenset(_KEYWORDS.split())
