#!/usr/bin/env bash
# How long a policy of 100,000 users, each with a role of its own and ten literal rules, takes to load: 1,000,000 rules in
# 40 files, read, checked and compiled by 'gatehouse policy check' in 512 MiB of heap, the start of the JVM included.
#
#   bench/policy-load.sh [USERS]
#
# Fails if it does not load, or if it takes ten seconds of processor time or more: other load on the machine makes the wall
# clock say more than that.
set -euo pipefail
cd "$(dirname "$0")/.."
users=${1:-100000}

. bench/compile.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/policies"
awk -v users="$users" -v to="$work/policies/" 'BEGIN {
  each = 2500
  for (u = 0; u < users; u++) {
    file = sprintf("%s%03d.yaml", to, u / each)
    if (u % each == 0) print "version: 1\nroles:" > file
    place = "site/" int(u / 100) % 100 "/line/" int(u / 10000) "/dev" u "/m"
    printf "  d%d:\n", u > file
    printf "    publish: [%s0, %s1, %s2, %s3, %s4]\n", place, place, place, place, place > file
    printf "    subscribe: [%s5, %s6, %s7, %s8, %s9]\n", place, place, place, place, place > file
    if (u % each == each - 1 || u == users - 1) {
      print "users:" > file
      for (v = u - u % each; v <= u; v++) printf "  dev%d: [d%d]\n", v, v > file
      close(file)
    }
  }
}'
chmod 640 "$work"/policies/*
echo "load average before: $(cut -d' ' -f1-3 /proc/loadavg)"
TIMEFORMAT='%R %U %S'
{ time java -Xmx512m -XX:+UseSerialGC -cp "$bench_classpath" io.gatehouse.cli.Main policy check "$work/policies"; } \
  2>"$work/time"
echo "load average after: $(cut -d' ' -f1-3 /proc/loadavg)"
tail -1 "$work/time" | awk '{
  printf "%.1f s by the clock, %.1f s of processor time; bar: under 10 s of processor time in 512 MiB: %s\n", $1, $2 + $3, \
    ($2 + $3 < 10 ? "pass" : "MISS")
  exit ($2 + $3 >= 10)
}'
