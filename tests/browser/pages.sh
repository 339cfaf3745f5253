#!/usr/bin/env bash
# Opens every kind of page that stands by itself in Chromium: a run of digits, of a table, of photographs and of a variational
# model, a study, a reproduction, a comparison, and interactive maps, which are used as a person does.
#
# Usage: tests/browser/pages.sh AE [SCREENSHOTS]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/browser.sh"
tables=$here/../fixtures/tables
quietly reproduce --data digits --only regular --only denoising --only dimensionality --epochs 2 --out runs
quietly train --data "$tables/headerless_class.csv" --label-column 5 --epochs 20 --out table
quietly train --data leaves --size 48x48 --network denoiser --features 8 --depth 3 --noise gaussian:25/255 --epochs 1 --out leaves
quietly train --data digits --network vae --set "model.hidden=[64]" --set model.code=2 --epochs 2 --out variational
quietly anomaly fit runs/regular digits
quietly report runs -o again.html
quietly compare runs/regular runs/denoising variational -o compared
quietly project runs/regular digits --limit 2000 -o map.html
quietly project table "$tables/headerless_class.csv" -o rows.html
node "$tools/pages.mjs" "$shots" runs/report.html runs/regular/report.html runs/denoising/report.html \
    runs/dimensionality/report.html table/report.html leaves/report.html variational/report.html again.html \
    compared/compare.html
node "$tools/map.mjs" "$shots" map.html rows.html
