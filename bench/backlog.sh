#!/bin/sh
# Puts a million messages into ten thousand sessions whose clients are away, kills the broker with SIGKILL, and measures how long
# its next start takes until the first CONNACK, in a heap of 512 MiB.
#
#   bench/backlog.sh [SESSIONS [MESSAGES_EACH]]        default 10000 and 100; about five minutes
set -eu
cd "$(dirname "$0")/.."
log=target/backlog.log
mkdir -p target
if mvn -B -ntp -q -Dquick test -Dtest=BacklogTest -Dgatehouse.backlog.sessions="${1:-10000}" \
    -Dgatehouse.backlog.messages="${2:-100}" >"$log" 2>&1; then
    grep ' messages wait in ' "$log"
else
    grep -E 'ERROR|messages wait' "$log" | head -20
    echo "the whole log: $log" >&2
    exit 1
fi
