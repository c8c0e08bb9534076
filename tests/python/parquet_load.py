"""Reads results.parquet with pyarrow and with pandas; prints the schema and the rows."""

import sys

import pandas
import pyarrow.parquet

table = pyarrow.parquet.read_table(sys.argv[1])
frame = pandas.read_parquet(sys.argv[1])
assert len(frame) == table.num_rows
print(*(f"{field.name}:{field.type}" for field in table.schema))
for row in table.to_pylist():
    print(*row.values(), sep=" | ")
print("groups", pyarrow.parquet.ParquetFile(sys.argv[1]).num_row_groups, "sum", round(float(frame["score"].sum()), 6))
