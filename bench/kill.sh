#!/bin/sh
# Kills the broker with SIGKILL at random moments under a mixed load, and counts what it had promised and did not keep.
#
#   bench/kill.sh [CYCLES [STORAGE [SEED]]]
#
# 200 cycles with {folder: data/store, durability: fsync} if not told otherwise. Ends with one line of figures; exit code 1 if
# anything was lost, delivered twice, forgotten or resurrected.
set -eu
cd "$(dirname "$0")/.."
cycles=${1:-200}
storage=${2:-'{folder: data/store, durability: fsync}'}
seed=${3:-}
how=${GATEHOUSE_KILL:-kills} # bench/power-cut.sh sets it
log=target/$how.log
mkdir -p target
if mvn -B -ntp -q -Dquick test "-Dtest=io.gatehouse.durability.KillTest#${how}*" -Dgatehouse.kills="$cycles" -Dgatehouse.storage="$storage" \
    ${seed:+-Dgatehouse.seed="$seed"} >"$log" 2>&1; then
    grep -E ' (kills|power cuts), seed ' "$log" || { echo "nothing was done: $(grep -m1 -o 'SKIPPED:.*' "$log")" >&2; exit 1; }
else
    grep -E ' (kills|power cuts), seed |subscriber|publisher|churn|retain|expiring|ERROR' "$log" | head -40
    echo "the whole log: $log" >&2
    exit 1
fi
