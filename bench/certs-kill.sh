#!/bin/sh
# Kills `gatehouse certs batch` with SIGKILL at random moments, resumes it, and counts what was lost and which serial
# number was given twice; a third of the kills each to tar, zip and folders.
#
#   bench/certs-kill.sh [KILLS [SEED]]
#
# 100 kills if not told otherwise. Ends with three lines of figures; exit code 1 if anything was lost, given twice or changed.
set -eu
cd "$(dirname "$0")/.."
kills=${1:-100}
seed=${2:-}
log=target/certs-kill.log
mkdir -p target
if mvn -B -ntp -q -Dquick test -Dtest=CertsKillTest -Dgatehouse.certs.kills="$kills" \
    ${seed:+-Dgatehouse.seed="$seed"} >"$log" 2>&1; then
    grep ' kills, seed ' "$log"
else
    grep -E ' kills, seed |ERROR' "$log" | head -40
    echo "the whole log: $log" >&2
    exit 1
fi
