"""Applies a model in shards by Dask: python with_dask.py AE MODEL DATA OUT.npy [SHARDS] [WORKERS]

On a cluster, AE, MODEL and DATA are paths that all nodes see, and Client("tcp://scheduler:8786") finds it.
"""

import subprocess
import sys
from pathlib import Path

from dask.distributed import Client, LocalCluster


def shard(number, shards, ae, model, data, parts):
    part = f"{parts}/{number}.npy"
    command = [ae, "encode", model, data, "--shard", f"{number}/{shards}", "-o", part]
    subprocess.run([*command, "--quiet", "--threads", "1"], check=True)
    return part


def main():
    ae, model, data, out = sys.argv[1:5]
    shards, workers = (int(text) for text in (sys.argv[5:] + ["8", "2"][len(sys.argv) - 5 :]))
    parts = Path(out + ".parts").resolve()
    parts.mkdir(exist_ok=True)
    cluster = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
    with cluster, Client(cluster) as client:
        numbers = range(1, shards + 1)
        futures = client.map(shard, numbers, shards=shards, ae=ae, model=model, data=data, parts=str(parts), retries=3)
        made = client.gather(futures)
    subprocess.run([ae, "join", *made, "-o", out, "--force"], check=True)


if __name__ == "__main__":
    main()
