#!/usr/bin/env bash
# Broker CPU per publish for one user with 1 to 10,000 rules, Gatehouse against mosquitto's acl_file, in the same run.
#
#   bench/acl.sh [ROUNDS]        default 5; the brokers and the numbers of rules take turns
#
# Needs: mosquitto (apt-get install mosquitto), a JDK 17 or newer. Traffic stays on loopback. Each number of rules has a
# user of its own in one broker process, so that all of them meet the same compiled code; the rules are those of a tree
# of devices that share their first level, and the one that grants is the last. Both brokers get the same rules, the same
# certificates, TLS 1.3 and the same load (bench/Load.java): publishers with QoS 0, each with a subscriber that counts.
# CPU is the broker process's own user and system time.
#
# What other programs do can only add to a round, so the least of the rounds is what is compared. Noise is how far the two
# least rounds of one number lie apart, at the worst of all numbers. Gatehouse is flat if the least of no number lies above
# that of one rule by more than the noise, or by more than 10 % where there is less noise. Fails if it is not flat, or if the
# noise is over 50 % and so says nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-5}
numbers=(1 10 100 1000 10000)
command -v mosquitto >/dev/null || PATH=$PATH:/usr/sbin
command -v mosquitto >/dev/null || { echo "mosquitto is missing: apt-get install mosquitto" >&2; exit 2; }

dir=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$dir"
}
trap cleanup EXIT

gatehouse_port=${GATEHOUSE_PORT:-18883}
mosquitto_port=$((gatehouse_port + 1))

./gatehouse quickstart --setup-only --dir "$dir/gh" --device-port "$gatehouse_port" --app-port $((gatehouse_port + 2)) \
  --web-port $((gatehouse_port + 3)) >/dev/null
rm "$dir"/gh/policies/*.yaml
sed -i 's/^storage:.*/storage: memory/' "$dir/gh/gatehouse.yaml"
grep -q '^storage: memory' "$dir/gh/gatehouse.yaml" || echo 'storage: memory' >>"$dir/gh/gatehouse.yaml"

# Rules beside the topics in use, and then the one that grants: bench/+ covers none of the others.
topics() { # number
  awk -v n="$1" 'BEGIN {
    for (i = 1; i < n; i++) printf "bench/site-%d/line-%d/device-%05d/temperature\n", i % 10, i / 10 % 10, i
    print "bench/+"
  }'
}
for n in "${numbers[@]}"; do
  ./gatehouse certs device "rules-$n" -d "$dir/gh/pki" -o "$dir/$n" >/dev/null
  {
    printf 'version: 1\nroles:\n  rules-%d:\n' "$n"
    echo '    publish:'
    topics "$n" | sed 's/^/      - /'
    echo '    subscribe: [bench/+]'
    printf 'users: {rules-%d: [rules-%d]}\n' "$n" "$n"
    printf 'tests:\n  - {as: {user: rules-%d}, can: [publish bench/1], cannot: [publish bench/1/2]}\n' "$n"
  } >"$dir/gh/policies/$n.yaml"
  { printf 'user rules-%d\n' "$n"; topics "$n" | sed 's/^/topic readwrite /'; } >>"$dir/acl"
done
chmod 640 "$dir"/gh/policies/*.yaml

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
cat "$dir"/gh/tls/device-ca.pem "$dir/1/ca.pem" >"$dir/mosquitto-ca.pem"
mosquitto -c "$dir/mosquitto.conf" >"$dir/mosquitto.log" 2>&1 &
mosquitto_pid=$!
pids+=("$mosquitto_pid")
GATEHOUSE_JAVA_OPTS="${GATEHOUSE_JAVA_OPTS:--Xms256m -Xmx1g}" ./gatehouse run -c "$dir/gh/gatehouse.yaml" >"$dir/gatehouse.log" 2>&1 &
gatehouse_pid=$!
pids+=("$gatehouse_pid")
for port in $gatehouse_port $mosquitto_port; do
  for _ in $(seq 150); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.2; done
done

load() { # broker rules messages
  local port pid
  if [ "$1" = gatehouse ]; then port=$gatehouse_port pid=$gatehouse_pid; else port=$mosquitto_port pid=$mosquitto_pid; fi
  java -XX:+UseSerialGC bench/Load.java port=$port pid="$pid" ca="$dir/1/ca.pem" cert="$dir/$2/cert.pem" \
    key="$dir/$2/key.pem" qos=0 pairs=8 messages="$3"
}

echo "load average $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) cores, $(mosquitto -h | head -1), $(java -version 2>&1 | head -1)"
load gatehouse 1 100000 >/dev/null # what is interpreted still is not what is measured
count=${#numbers[@]}
for round in $(seq 0 $((rounds - 1))); do
  for i in $(seq 0 $((count - 1))); do
    n=${numbers[$(((i + round * 2) % count))]}
    # a linear list of many rules needs no more messages for as much CPU time
    few=$((n >= 10000 ? 1000 : n >= 1000 ? 5000 : 20000))
    load gatehouse "$n" 100000 >>"$dir/gatehouse.$n"
    load mosquitto "$n" $few >>"$dir/mosquitto.$n"
  done
done
if grep -qv 'wrong=0' "$dir"/gatehouse.[0-9]* "$dir"/mosquitto.[0-9]*; then
  cat "$dir"/gatehouse.[0-9]* "$dir"/mosquitto.[0-9]* "$dir/gatehouse.log"
  exit 1
fi

for n in "${numbers[@]}"; do
  for broker in gatehouse mosquitto; do
    sed -E 's/.*us_per_message=([0-9.]+).*/\1/' "$dir/$broker.$n" | sort -n |
      awk -v who="$broker $n" '{v[NR] = $1} END {second = (NR == 1 ? v[1] : v[2]); print who, v[1], second, v[int((NR + 1) / 2)]}'
  done
done | awk '
  $1 == "gatehouse" {
    least[$2] = $3; median[$2] = $5; order[++k] = $2
    if ($4 / $3 - 1 > noise) noise = $4 / $3 - 1
    next
  }
  { theirs[$2] = $3; middle[$2] = $5 }
  END {
    printf "broker CPU, µs a message (the least of the rounds, and their median)\n"
    printf "%8s %10s %10s %14s %10s\n", "rules", "gatehouse", "", "mosquitto", ""
    for (i = 1; i <= k; i++) {
      n = order[i]
      printf "%8d %10.2f %10.2f %14.2f %10.2f\n", n, least[n], median[n], theirs[n], middle[n]
      growth = least[n] / least[1] - 1
      if (growth > most) most = growth
    }
    bar = (noise > 0.10 ? noise : 0.10)
    printf "from 1 to %d rules: gatehouse %.2f times, mosquitto %.1f times\n", order[k], \
      least[order[k]] / least[1], theirs[order[k]] / theirs[1]
    printf "most above one rule: %.0f %%; bar: %.0f %% (the noise of these rounds is %.0f %%): %s\n", most * 100, \
      bar * 100, noise * 100, (noise > 0.5 ? "too noisy to say" : (most <= bar ? "pass" : "MISS"))
    exit (!k || noise > 0.5 || most > bar)
  }'
