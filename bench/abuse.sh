#!/bin/sh
# What strangers and bad neighbours do to a broker, ten times as much of it as in ./test, while a well-behaved pair makes
# its round trips over TLS: src/test/java/io/gatehouse/abuse/AbuseTest.java says what each is and what has to hold.
# usage: bench/abuse.sh [SCALE]     default 10: 2,000 half-open handshakes, 500 slow CONNECTs, ...
set -u
cd "$(dirname "$0")/.." || exit 3
scale=${1:-10}
case $scale in
'' | 0* | *[!0-9]*)
    echo "usage: bench/abuse.sh [SCALE]" >&2
    exit 2
    ;;
esac
# strangers and broker are one process: two descriptors for each connection
ulimit -n "$(ulimit -H -n)" 2>/dev/null
mkdir -p target
log=target/abuse.log
mvn -B -ntp -Dquick test -Dtest=AbuseTest "-Dgatehouse.abuse.scale=$scale" \
    "-Dtest.jvm.extra=-Dio.netty.leakDetection.level=simple" >"$log" 2>&1
exit=$?
sed -n 's/^abuse: //p' "$log"
if [ "$exit" -ne 0 ]; then
    echo "abuse: FAILED, see $log" >&2
    exit 1
fi
