#!/bin/sh
# Revokes a tenth of a fleet that is connected with certificates: once in the authority's journal, once by a revocation list that is
# replaced. Prints how long the connections of those revoked lasted; fails over 1 s and 5 s, or if one of the others missed a message.
# src/test/java/io/gatehouse/security/FleetRevocationTest.java says how.
# usage: bench/revoke.sh [CONNECTIONS]     default 1000
set -u
cd "$(dirname "$0")/.." || exit 3
fleet=${1:-1000}
case $fleet in
'' | 0* | *[!0-9]*)
    echo "usage: bench/revoke.sh [CONNECTIONS]" >&2
    exit 2
    ;;
esac
# fleet and broker are one process: two descriptors for each connection
ulimit -n "$(ulimit -H -n)" 2>/dev/null
mkdir -p target
log=target/revoke.log
mvn -B -ntp -Dquick test -Dtest=FleetRevocationTest "-Dgatehouse.fleet=$fleet" \
    "-Dtest.jvm.extra=-Dio.netty.leakDetection.level=simple" >"$log" 2>&1
exit=$?
sed -n 's/^revoke: //p' "$log"
if [ "$exit" -ne 0 ]; then
    echo "revoke: FAILED, see $log" >&2
    exit 1
fi
