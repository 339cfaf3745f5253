#!/bin/sh
# Stands in for `ae train SPEC --out RUN ...`: notes its arguments in the run's folder and runs SPEC,
# a shell script, which finds that folder in $out.
set -eu
spec=$2
out=$4
echo "$@" > "$out/arguments"
echo '{"printed": "on standard output"}'
. "$spec"
