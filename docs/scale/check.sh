#!/usr/bin/env bash
# Runs the recipes of docs/guide-scale.md and compares each result with one run, byte for byte.
#
#   docs/scale/check.sh AE [PYTHON]
#
# AE is the program `ae`. PYTHON has ray, dask[distributed] and pyarrow (docs/scale/requirements.txt); without it these
# recipes are skipped. GNU parallel and Slurm are used where they are installed.
#
# Exit status: 0 if all that could be run agrees. What was skipped is said in capital letters.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ae=$(realpath "$1")
python=${2:-}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

skipped() { printf 'SKIPPED: %s\n' "$*"; }
same() {
    cmp "$2" whole.npy
    printf 'the same bytes as one run: %s\n' "$1"
}

# A table of 1000 rows, a model of it, and its codes by one run.
awk 'BEGIN { OFS = ","; print "a,b,c,d"; for (i = 0; i < 1000; i++) print i % 7, i * i % 11, (i % 13) / 13, i % 5 }' >rows.csv
"$ae" train --data rows.csv --widths 2 --epochs 2 --out run --quiet --offline >/dev/null
"$ae" encode run rows.csv -o whole.npy --quiet

bash "$here/xargs.sh" "$ae" run rows.csv xargs.npy 5 2 >/dev/null
same "xargs" xargs.npy

if command -v parallel >/dev/null; then
    bash "$here/parallel.sh" "$ae" run rows.csv parallel.npy 5 2 >/dev/null
    same "GNU parallel" parallel.npy
else
    skipped "GNU parallel, which is not installed"
fi

# The tasks of the array one after the other, as Slurm would start them.
for task in 1 2 3; do
    AE=$ae SHARDS=3 SLURM_ARRAY_TASK_ID=$task bash "$here/array.sbatch" run rows.csv array
done
"$ae" join array/*.npy -o array.npy >/dev/null
same "the tasks of the Slurm array, without Slurm" array.npy
if sinfo >/dev/null 2>&1; then
    sbatch --test-only "$here/array.sbatch" run rows.csv parts
    job=$(AE=$ae SHARDS=3 sbatch --parsable --wait --array=1-3 --mem=100M "$here/array.sbatch" run rows.csv slurm)
    "$ae" join slurm/*.npy -o slurm.npy >/dev/null
    same "Slurm, job $job" slurm.npy
else
    skipped "Slurm itself: there is no controller"
fi
if command -v shellcheck >/dev/null; then
    shellcheck "$here"/*.sh "$here/array.sbatch"
else
    skipped "shellcheck, which is not installed"
fi

if [ -n "$python" ]; then
    "$python" "$here/with_ray.py" "$ae" "$PWD/run" "$PWD/rows.csv" ray.npy 4 2 >/dev/null 2>ray.log || { tail ray.log; exit 1; }
    same "Ray, two workers" ray.npy
    "$python" "$here/with_dask.py" "$ae" "$PWD/run" "$PWD/rows.csv" dask.npy 4 2 >/dev/null
    same "Dask, two workers" dask.npy
    "$python" "$here/compare_parquet.py" "$ae" run rows.csv
else
    skipped "Ray, Dask and pyarrow: no PYTHON was named"
fi
