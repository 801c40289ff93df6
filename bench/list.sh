#!/usr/bin/env bash
# What `gatehouse certs list` costs with many certificates: seconds, seconds of CPU and the most memory of
#   first        the whole journal is read and its index written
#   all          the index is there: every certificate is printed
#   revoked      one in a hundred is
#   100 more     were journalled since: the journal is held against the index, and its end is read
#   once more    as "all", after that
#
#   bench/list.sh [CERTIFICATES]        default 100000; of 1000000 about two minutes, and 1.1 GB below the temporary folder
#
# bench/src/java/io/gatehouse/pki/ManyEntries.java fills the journal by the journal's own writer. Fails if a list lacks one.
set -euo pipefail
cd "$(dirname "$0")/.."
count=${1:-100000}
[[ $count =~ ^[1-9][0-9]{0,7}$ ]] || { echo "usage: bench/list.sh [CERTIFICATES]" >&2; exit 2; }
[[ -x /usr/bin/time ]] || { echo "GNU time is missing: apt-get install time" >&2; exit 2; }
gatehouse=${GATEHOUSE:-./gatehouse}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$gatehouse" certs init --generate-passphrase -d "$work/pki" >/dev/null
. bench/compile.sh
fill() { # how many, the number of the first
  java -XX:+UseSerialGC -cp "$bench_classpath" io.gatehouse.pki.ManyEntries "$work/pki" "$work/pki/passphrase" "$@"
}
list() { # what, how many it should be, options
  local what=$1 expected=$2 printed
  shift 2
  /usr/bin/time -o "$work/cost" -f '%e %U %S %M' "$gatehouse" certs list "$@" -d "$work/pki" >"$work/out"
  printed=$(grep -c ' device-' "$work/out")
  [[ $printed -eq $expected ]] || { echo "$what: $printed certificates where there are $expected" >&2; exit 1; }
  awk -v what="$what" -v n="$printed" \
    '{printf "%-10s %8d certificates  %6.2f s  %6.2f CPU s  %4d MB\n", what, n, $1, $2 + $3, $4 / 1024}' "$work/cost"
}

fill "$count" 1
sleep 3 # the file system's clock has to tell the journal's last change from the next
list first "$count"
list all "$count"
list revoked $((count / 100)) --state revoked
fill 100 20000001
sleep 3
list "100 more" $((count + 100))
list "once more" $((count + 100))
