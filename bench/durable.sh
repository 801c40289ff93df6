#!/usr/bin/env bash
# What durability costs: QoS 1 over mutual TLS into sessions whose clients are away, with each kind of storage.
#
#   bench/durable.sh [ROUNDS]        default 3; the kinds take turns, medians are printed
#
# Needs: a JDK 17 or newer. 64 publishers, 20 in flight each, 256 bytes a message, one away session each; afterwards every
# session's client comes back and has to find every message once and in order, or the run fails. CPU is the broker
# process's own; syncs are what it counted itself, over the whole of a round (a quarter as many messages go before, to warm
# up, and coming back needs a few more). The folder is on the disk of $TMPDIR: a memory file system there would measure nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-3}
messages=${MESSAGES:-8000}
dir=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$dir"
}
trap cleanup EXIT

port=${PORT:-18893}
declare -A ports pid_of
for kind in fsync os memory; do
  ports[$kind]=$port
  ./gatehouse quickstart --setup-only --dir "$dir/$kind" --device-port "$port" --app-port $((port + 1)) --web-port $((port + 2)) >/dev/null
  port=$((port + 3))
  rm "$dir/$kind"/policies/*.yaml
  printf 'version: 1\nroles:\n  bench:\n    publish: [bench/#]\n    subscribe: [bench/#]\nusers:\n  greenhouse: [bench]\n' \
    >"$dir/$kind/policies/10-bench.yaml"
  chmod 640 "$dir/$kind/policies/10-bench.yaml"
  case $kind in
    memory) storage=memory ;;
    *) storage="{durability: $kind}" ;;
  esac
  sed -i "s/^storage:.*/storage: $storage/" "$dir/$kind/gatehouse.yaml"
  GATEHOUSE_JAVA_OPTS="${GATEHOUSE_JAVA_OPTS:--Xms256m -Xmx1g}" ./gatehouse run -c "$dir/$kind/gatehouse.yaml" >"$dir/$kind.log" 2>&1 &
  pid_of[$kind]=$!
  pids+=("$!")
done
for kind in fsync os memory; do
  for _ in $(seq 150); do (exec 3<>"/dev/tcp/127.0.0.1/${ports[$kind]}") 2>/dev/null && break; sleep 0.2; done
done

value() { sed -E "s/.*$1=([0-9.]+).*/\1/" "$2" | sort -n | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}'; }
counted() { ./gatehouse status --metrics -c "$dir/$1/gatehouse.yaml" | awk '$1 == "gatehouse_store_syncs" {printf "%d", $2}'; }
for _ in $(seq "$rounds"); do
  for kind in fsync os memory; do
    before=$(counted $kind)
    client="$dir/$kind/clients/greenhouse"
    java -XX:+UseSerialGC bench/Load.java port="${ports[$kind]}" pid="${pid_of[$kind]}" ca="$client/ca.pem" cert="$client/cert.pem" \
      key="$client/key.pem" qos=1 pairs=64 messages="$messages" window=20 size=256 offline=true >>"$dir/$kind.out"
    after=$(counted $kind)
    [ $kind != fsync ] || tail -1 "$dir/$kind.out" | awk -v syncs=$((after - before)) -v each="$messages" '{
      split($3, s, "="); n = 64 * (each + int(each / 4)); t = s[2] * 1.25
      printf "syncs_per_second=%.0f messages_per_sync=%.1f\n", syncs / t, n / syncs }' >>"$dir/syncs.out"
  done
done
if grep -qv 'wrong=0' "$dir"/{fsync,os,memory}.out; then cat "$dir"/*.out; exit 1; fi
echo "load average $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) cores, $(java -version 2>&1 | head -1)"
longest() { sed -E 's/.*longest_wait_ms=([0-9]+).*/\1/' "$1" | sort -n | tail -1; }
printf '%-8s %16s %22s %18s %16s %22s\n' storage acknowledged/s 'per broker CPU second' 'CPU us a message' fetched/s 'longest wait, ms'
for kind in fsync os memory; do
  printf '%-8s %16s %22s %18s %16s %22s\n' $kind "$(value ' rate' "$dir/$kind.out")" "$(value per_cpu_second "$dir/$kind.out")" \
    "$(value us_per_message "$dir/$kind.out")" "$(value fetched_per_second "$dir/$kind.out")" "$(longest "$dir/$kind.out")"
done

echo "fsync: $(value syncs_per_second "$dir/syncs.out") syncs a second, $(value messages_per_sync "$dir/syncs.out") messages a sync"
awk -v rate="$(value ' rate' "$dir/fsync.out")" -v cpu="$(value per_cpu_second "$dir/fsync.out")" \
  -v fsync="$(value us_per_message "$dir/fsync.out")" -v memory="$(value us_per_message "$dir/memory.out")" 'BEGIN {
    printf "bars, fsync: 20,000 acknowledged a second: %s; 40,000 a broker CPU second: %s; CPU %.2f of in memory, at most 2: %s\n",
      (rate >= 20000 ? "met" : "missed"), (cpu >= 40000 ? "met" : "missed"), fsync / memory, \
      (fsync <= 2 * memory ? "met" : "missed") }'
