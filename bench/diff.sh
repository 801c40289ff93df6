#!/usr/bin/env bash
# What comparing two policies costs that differ in one rule of a role of 1,000 and of 10,000 rules (JMH).
#
#   bench/diff.sh [JMH-OPTIONS...]
#
# Prints JMH's table. Fails if a comparison of roles of 10,000 rules takes a second.
set -euo pipefail
cd "$(dirname "$0")/.."

. bench/compile.sh
result=$(mktemp)
trap 'rm -f "$result"' EXIT
echo "load average before: $(cut -d' ' -f1-3 /proc/loadavg)"
java -cp "$bench_classpath" org.openjdk.jmh.Main DiffBenchmark "$@" -rf csv -rff "$result" -foe true
echo "load average after: $(cut -d' ' -f1-3 /proc/loadavg)"
# columns: benchmark, mode, threads, samples, score, error, unit, rules
tr -d '"\r' <"$result" | awk -F, '
  NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
  {
    printf "roles of %d rules that differ in one: compared in %.1f ms\n", $column["Param: rules"], $5
    if ($5 > worst) worst = $5
    measured++
  }
  END {
    failed = (worst >= 1000 || !measured)
    printf "slowest: %.1f ms; bar: under 1000 ms: %s\n", worst, (failed ? "MISS" : "pass")
    exit failed
  }'
