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
log=target/kill.log
mkdir -p target
if mvn -B -ntp -q -Dquick test -Dtest=KillTest -Dgatehouse.kills="$cycles" -Dgatehouse.storage="$storage" \
    ${seed:+-Dgatehouse.seed="$seed"} >"$log" 2>&1; then
    grep ' kills, seed ' "$log"
else
    grep -E ' kills, seed |subscriber|publisher|churn|retain|expiring|ERROR' "$log" | head -40
    echo "the whole log: $log" >&2
    exit 1
fi
