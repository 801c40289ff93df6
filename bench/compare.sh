#!/usr/bin/env bash
# Broker CPU per message over mutual TLS, Gatehouse against the mosquitto of this machine, in the same run.
#
#   bench/compare.sh [ROUNDS]        default 3; the brokers take turns, medians and their ratio are printed
#
# Needs: mosquitto (apt-get install mosquitto), a JDK 17 or newer. Traffic stays on loopback. Both brokers get the same
# certificates, TLS 1.3, one rule for the topics in use, and the same load (bench/Load.java). CPU is the broker
# process's own user and system time, so that the load generator does not count.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-3}
command -v mosquitto >/dev/null || PATH=$PATH:/usr/sbin
command -v mosquitto >/dev/null || { echo "mosquitto is missing: apt-get install mosquitto" >&2; exit 2; }

dir=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$dir"
}
trap cleanup EXIT

gatehouse_port=18883
mosquitto_port=18884

./gatehouse quickstart --setup-only --dir "$dir/gh" --device-port $gatehouse_port --app-port 18885 --web-port 18886 >/dev/null
rm "$dir"/gh/policies/*.yaml
cat >"$dir/gh/policies/10-bench.yaml" <<'EOF'
version: 1
roles:
  bench:
    publish: [bench/#]
    subscribe: [bench/#]
users:
  greenhouse: [bench]
tests:
  - as: {user: greenhouse}
    can: [publish bench/1]
    cannot: [publish other/1]
EOF
chmod 640 "$dir/gh/policies/10-bench.yaml"
sed -i 's/^storage:.*/storage: memory/' "$dir/gh/gatehouse.yaml"
grep -q '^storage: memory' "$dir/gh/gatehouse.yaml" || echo 'storage: memory' >>"$dir/gh/gatehouse.yaml"
client="$dir/gh/clients/greenhouse"

cat >"$dir/mosquitto.conf" <<EOF
user root
listener $mosquitto_port 127.0.0.1
cafile $dir/mosquitto-ca.pem
certfile $dir/gh/tls/server.pem
keyfile $dir/gh/tls/server.key
tls_version tlsv1.3
require_certificate true
use_identity_as_username true
max_queued_messages 0
set_tcp_nodelay true
persistence false
acl_file $dir/acl
EOF
# OpenSSL wants the whole path up to the root
cat "$dir"/gh/tls/device-ca.pem "$client/ca.pem" >"$dir/mosquitto-ca.pem"
printf 'user greenhouse\ntopic readwrite bench/#\n' >"$dir/acl"
mosquitto -c "$dir/mosquitto.conf" >"$dir/mosquitto.log" 2>&1 &
mosquitto_pid=$!
pids+=("$mosquitto_pid")
GATEHOUSE_JAVA_OPTS="${GATEHOUSE_JAVA_OPTS:--Xms256m -Xmx1g}" ./gatehouse run -c "$dir/gh/gatehouse.yaml" >"$dir/gatehouse.log" 2>&1 &
gatehouse_pid=$!
pids+=("$gatehouse_pid")
for port in $gatehouse_port $mosquitto_port; do
  for _ in $(seq 150); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.2; done
done

load() { # broker scenario-arguments...
  local port pid
  if [ "$1" = gatehouse ]; then port=$gatehouse_port pid=$gatehouse_pid; else port=$mosquitto_port pid=$mosquitto_pid; fi
  shift
  java -XX:+UseSerialGC bench/Load.java port=$port pid="$pid" ca="$client/ca.pem" cert="$client/cert.pem" key="$client/key.pem" "$@"
}
median() { sort -n | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}'; }
value() { sed -E "s/.*$1=([0-9.]+).*/\1/"; }

echo "load average $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) cores, $(mosquitto -h | head -1), $(java -version 2>&1 | head -1)"
printf '%-34s %14s %14s %8s\n' "messages per broker CPU second" gatehouse mosquitto ratio
scenarios=(
  "QoS 0, 50 pairs|qos=0 pairs=50 messages=4000"
  "QoS 1, 50 pairs, 20 in flight|qos=1 pairs=50 messages=2000 window=20"
  "QoS 1, 100 pairs, 1 in flight|qos=1 pairs=100 messages=300 window=1"
  "QoS 0, 1 to 100 subscribers|qos=0 pairs=1 fanout=100 messages=4000"
)
for scenario in "${scenarios[@]}"; do
  read -ra arguments <<<"${scenario#*|}"
  : >"$dir/gatehouse.out"; : >"$dir/mosquitto.out"
  for _ in $(seq "$rounds"); do
    for broker in gatehouse mosquitto; do load $broker "${arguments[@]}" >>"$dir/$broker.out"; done
  done
  if grep -qv 'wrong=0' "$dir/gatehouse.out" "$dir/mosquitto.out"; then cat "$dir"/*.out; exit 1; fi
  ours=$(value per_cpu_second <"$dir/gatehouse.out" | median)
  theirs=$(value per_cpu_second <"$dir/mosquitto.out" | median)
  printf '%-34s %14s %14s %8.2f\n' "${scenario%%|*}" "$ours" "$theirs" "$(echo "$ours $theirs" | awk '{print $1/$2}')"
done
