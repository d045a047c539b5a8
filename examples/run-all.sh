#!/usr/bin/env bash
# Runs every example of this folder and of the README's policies against the built program, without network or hardware.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --locked --quiet
offpeak=target/debug/offpeak
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT

echo "-- check: every policy of rules/ and examples/"
"$offpeak" check --strict rules examples examples/two-sites examples/two-sites/shared

echo "-- fmt and test: the policies to start from are canonical, and do what their tests say"
"$offpeak" fmt --check rules examples examples/two-sites examples/two-sites/shared
"$offpeak" test rules

echo "-- plan: a night tariff, nothing but files"
code=0
"$offpeak" plan examples/first.yaml --given soc=41% load=430W solar=0W battery=430W grid=0W \
  --device examples/device.json --at '2026-11-20 20:41' || code=$?
test "$code" -eq 2

echo "-- demo: the whole story"
"$offpeak" demo --state "$state"

echo "-- a service's tick, and a plan that finds what it wrote"
"$offpeak" run rules/simulated-home.yaml --once --state "$state/tick"
"$offpeak" plan rules/simulated-home.yaml --state "$state/tick"
"$offpeak" status --state "$state/tick"

echo "-- why: a moment that never was"
"$offpeak" why examples/first.yaml --given soc=41% load=430W solar=0W ev=7kW --at '2026-11-20 23:45'

echo "-- backtest: two days that were worked out by hand"
"$offpeak" backtest examples/two-days.yaml --history examples/two-days.csv --soc 20% | tee "$state/worth"
grep -q '^  the policy  *1.76 .* 2.33$' "$state/worth"
sed 's/charge to 60%/charge to 80%/' examples/two-days.yaml >"$state/two-days.yaml"
code=0
"$offpeak" compare examples/two-days.yaml "$state/two-days.yaml" --history examples/two-days.csv --soc 20% || code=$?
test "$code" -eq 2

echo "-- pull requests: what a change to a policy changes"
if command -v git >/dev/null; then
  program=$PWD/$offpeak
  review=$PWD/examples/pull-request/review.sh
  mkdir "$state/policies"
  cp examples/first.yaml "$state/policies/home.yaml"
  sed -e '1s/$/,export_price/' -e '2,$s/$/,0.05/' examples/two-days.csv >"$state/policies/review.csv"
  (
    cd "$state/policies"
    git init --quiet
    git add home.yaml
    git -c user.name=owner -c user.email=owner@example.org commit --quiet --message "home: the night tariff"
    sed -i 's/charge to 90%/charge to 80%/' home.yaml
    OFFPEAK=$program bash "$review" HEAD | tee "$state/review.md"
  )
  grep -q '^+.*charge to 80 %' "$state/review.md"
  grep -q '^### The two command otherwise for' "$state/review.md"
else
  echo "git is not installed: skipped"
fi
