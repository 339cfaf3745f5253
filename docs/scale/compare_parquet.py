"""Compares tables and codes in Parquet with those in CSV and .npy: python compare_parquet.py AE MODEL ROWS.csv"""

import subprocess
import sys

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq

ae, model, rows = sys.argv[1:4]
table = pyarrow.csv.read_csv(rows)
for compression in ["snappy", "zstd", "none"]:
    pq.write_table(table, "rows.parquet", compression=compression, row_group_size=300)
    subprocess.run([ae, "encode", model, "rows.parquet", "-o", "codes.npy", "--quiet", "--force"], check=True)
    assert open("codes.npy", "rb").read() == open("whole.npy", "rb").read(), compression
subprocess.run([ae, "encode", model, rows, "-o", "codes.parquet", "--quiet", "--force"], check=True)
codes = pq.read_table("codes.parquet")
columns = np.stack([column.to_numpy() for column in codes.columns], axis=1)
assert columns.dtype == np.float32 and np.array_equal(columns, np.load("whole.npy"))
print("Parquet: rows of pyarrow (Snappy, Zstandard, none) give the same codes; pyarrow reads the same codes")
