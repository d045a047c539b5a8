#!/usr/bin/env bash
# Runs every example of this folder and of the README's policies against the built program, without network or hardware.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --locked --quiet
offpeak=target/debug/offpeak
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT

echo "-- check: every policy of rules/ and examples/"
"$offpeak" check --strict rules examples

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
