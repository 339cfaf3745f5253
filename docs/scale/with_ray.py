"""Applies a model in shards by Ray: python with_ray.py AE MODEL DATA OUT.npy [SHARDS] [WORKERS]

On a cluster, AE, MODEL and DATA are paths that all nodes see, and ray.init(address="auto") finds it.
"""

import subprocess
import sys
from pathlib import Path

import ray

ae, model, data, out = sys.argv[1:5]
shards, workers = (int(text) for text in (sys.argv[5:] + ["8", "2"][len(sys.argv) - 5 :]))
parts = Path(out + ".parts")
parts.mkdir(exist_ok=True)
ray.init(num_cpus=workers, include_dashboard=False)


@ray.remote(num_cpus=1, max_retries=3, retry_exceptions=True)
def shard(number: int) -> str:
    part = str(parts.resolve() / f"{number}.npy")
    command = [ae, "encode", model, data, "--shard", f"{number}/{shards}", "-o", part]
    subprocess.run([*command, "--quiet", "--threads", "1"], check=True)
    return part


made = ray.get([shard.remote(number) for number in range(1, shards + 1)])
subprocess.run([ae, "join", *made, "-o", out, "--force"], check=True)
