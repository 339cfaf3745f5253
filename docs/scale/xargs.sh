#!/usr/bin/env bash
# Applies a model in shards on one machine, several at a time, and joins them.
#
#   docs/scale/xargs.sh AE MODEL DATA OUT.npy [SHARDS] [AT_ONCE]
#
# A shard that failed is run again by running the script again; those that are there are not computed again.
set -euo pipefail
ae=$1 model=$2 data=$3 out=$4 shards=${5:-8} at_once=${6:-2}
parts=$out.parts
mkdir -p "$parts"
seq "$shards" | xargs -P "$at_once" -I{} \
    "$ae" encode "$model" "$data" --shard "{}/$shards" -o "$parts/{}.npy" --quiet --threads 1
"$ae" join "$parts"/*.npy -o "$out" --force
