#!/bin/sh
# Rotates server certificate, key and client authorities under the traffic of a fleet, through both TLS providers: fails if a
# connection ends or a message is lost. src/test/java/io/gatehouse/security/FleetRotationTest.java says how.
# usage: bench/rotate.sh [CONNECTIONS]     default 1000
set -u
cd "$(dirname "$0")/.." || exit 3
fleet=${1:-1000}
case $fleet in
'' | 0* | *[!0-9]*)
    echo "usage: bench/rotate.sh [CONNECTIONS]" >&2
    exit 2
    ;;
esac
# fleet and broker are one process: two descriptors for each connection
ulimit -n "$(ulimit -H -n)" 2>/dev/null
mkdir -p target
log=target/rotate.log
mvn -B -ntp -Dquick test -Dtest=FleetRotationTest "-Dgatehouse.fleet=$fleet" \
    "-Dtest.jvm.extra=-Dio.netty.leakDetection.level=simple" >"$log" 2>&1
exit=$?
sed -n 's/^rotate: //p' "$log"
if [ "$exit" -ne 0 ]; then
    echo "rotate: FAILED, see $log" >&2
    exit 1
fi
