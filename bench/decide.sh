#!/usr/bin/env bash
# What one decision of the policy engine costs at 10 to 1,000,000 rules, and that it allocates nothing.
#
#   bench/decide.sh            every number of rules, hits and misses (about three minutes)
#   bench/decide.sh shapes     the other shapes of policies, at 10 and 1,000,000 rules
#   bench/decide.sh quantiles  medians at 10, 10,000 and 1,000,000 rules: what the clock of a busy machine says least of
#   bench/decide.sh subscribe  verdicts on SUBSCRIBE, at 10 and 100,000 rules
#   bench/decide.sh JMH-OPTIONS...
#
# Prints JMH's table, then the growth from the fewest rules to the most and the bytes per decision. Fails if a decision
# allocates, or if one million rules cost more than four times what ten do.
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-}" in
  "") set -- 'DecideBenchmark.decide' ;;
  shapes) set -- 'DecideBenchmark.decide' -p shape=TEMPLATE,LITERAL,WILDCARDS,DENIES -p rules=10,1000000 ;;
  quantiles) set -- 'DecideBenchmark.decide' -p rules=10,10000,1000000 -bm sample ;;
  subscribe) set -- 'DecideBenchmark.verdict' -p rules=10,100000 ;;
esac

. bench/compile.sh
result=$(mktemp)
trap 'rm -f "$result"' EXIT
echo "load average before: $(cut -d' ' -f1-3 /proc/loadavg)"
java -cp "$bench_classpath" org.openjdk.jmh.Main "$@" -prof gc -rf csv -rff "$result" -foe true
echo "load average after: $(cut -d' ' -f1-3 /proc/loadavg)"

# columns: benchmark, mode, threads, samples, score, error, unit, hit, rules, shape. Of sampled times the median counts.
tr -d '"\r' <"$result" | awk -F, '
  NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
  $2 == "sample" { sampled = 1 }
  { key = $column["Param: shape"] (" hit=" $column["Param: hit"]); rules = $column["Param: rules"] + 0 }
  $1 ~ /gc.alloc.rate.norm$/ { if ($5 > worst) worst = $5; measured++; next }
  $1 ~ /p0.50$/ { median[key, rules] = $5; next }
  $1 ~ /:/ { next }
  {
    score[key, rules] = $5
    keys[key] = 1
    if (!(key in least) || rules < least[key]) least[key] = rules
    if (rules > most[key]) most[key] = rules
  }
  END {
    # JMH divides its own bookkeeping by the number of decisions: less than a hundredth of a byte is none. Samples are few,
    # and it keeps more of them: less than a byte is its own, since no object is smaller than 16.
    none = (sampled ? 1 : 0.01)
    failed = (!measured || worst >= none)
    printf "bytes allocated per question: %s; bar: 0: %s\n", (worst < none ? "0" : worst), (failed ? "MISS" : "pass")
    for (key in keys) {
      few = ((key, least[key]) in median ? median[key, least[key]] : score[key, least[key]])
      many = ((key, most[key]) in median ? median[key, most[key]] : score[key, most[key]])
      growth = many / few
      printf "%s: %.0f ns at %d rules, %.0f ns at %d rules: %.1f times; bar: 4 times: %s\n", key, few, least[key], many, \
        most[key], growth, (growth > 4 ? "MISS" : "pass")
      if (growth > 4) failed = 1
    }
    exit failed
  }'
