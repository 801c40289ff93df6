#!/usr/bin/env bash
# What the verdict on a SUBSCRIBE costs at 10 and 100,000 rules, in processor time: the median of nine rounds. On a quiet
# machine 'bench/decide.sh subscribe' says the same by the clock, with JMH.
#
#   bench/subscribe.sh
#
# Fails if a verdict takes 2 µs or more.
set -euo pipefail
cd "$(dirname "$0")/.."

. bench/compile.sh
echo "load average before: $(cut -d' ' -f1-3 /proc/loadavg)"
java -Xmx1g -cp "$bench_classpath" io.gatehouse.policy.VerdictCost
echo "load average after: $(cut -d' ' -f1-3 /proc/loadavg)"
