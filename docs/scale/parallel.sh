#!/usr/bin/env bash
# The same as xargs.sh by GNU parallel, which tries a failed shard three times and keeps a log.
#
#   docs/scale/parallel.sh AE MODEL DATA OUT.npy [SHARDS] [AT_ONCE]
set -euo pipefail
ae=$1 model=$2 data=$3 out=$4 shards=${5:-8} at_once=${6:-2}
parts=$out.parts
mkdir -p "$parts"
seq "$shards" | parallel --jobs "$at_once" --retries 3 --joblog "$parts/log.tsv" \
    "$ae" encode "$model" "$data" --shard "{}/$shards" -o "$parts/{}.npy" --quiet --threads 1
"$ae" join "$parts"/*.npy -o "$out" --force
