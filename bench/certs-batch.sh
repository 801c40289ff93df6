#!/bin/sh
# Certificates for each second of CPU: `gatehouse certs batch` against a shell loop of openssl, in the same run.
# usage: bench/certs-batch.sh [DEVICES] [LOOP]     default 10000 devices, and a loop of 300
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
devices=${1:-10000}
loop=${2:-300}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
gatehouse=${GATEHOUSE:-$here/../gatehouse}

# user + system seconds of a command and its children
cpu() {
    bash -c 'TIMEFORMAT="%U %S"; { time "$@" >/dev/null 2>"$0"; } 2>&1' "$work/err" "$@" \
        | awk '{printf "%.2f", $1 + $2}'
}

# The most memory a process had, in MB, looked up while it lives.
peak() {
    most=0
    while now=$(awk '/^VmHWM/ {print $2}' "/proc/$1/status" 2>/dev/null) && [ -n "$now" ]; do
        most=$now
        sleep 0.1
    done
    echo $((most / 1024))
}

"$gatehouse" certs init --generate-passphrase -d "$work/pki" >/dev/null
{
    echo id
    seq -f 'device-%.0f' 1 "$devices"
} >"$work/fleet.csv"
tar=$(cpu "$gatehouse" certs batch "$work/fleet.csv" -d "$work/pki" -o "$work/fleet.tar")
"$gatehouse" certs init --generate-passphrase -d "$work/pki2" >/dev/null
folders=$(cpu "$gatehouse" certs batch "$work/fleet.csv" -d "$work/pki2" -o "$work/fleet")

openssl ecparam -name prime256v1 -genkey -noout -out "$work/ca.key"
openssl req -x509 -new -key "$work/ca.key" -subj /CN=ca -days 30 -out "$work/ca.crt"
cat >"$work/loop.sh" <<'LOOP'
i=0
while [ "$i" -lt "$2" ]; do
    i=$((i + 1))
    openssl ecparam -name prime256v1 -genkey -noout -out "$1/$i.key"
    openssl req -new -key "$1/$i.key" -subj "/CN=device-$i" -out "$1/$i.csr"
    openssl x509 -req -in "$1/$i.csr" -CA "$1/ca.crt" -CAkey "$1/ca.key" -set_serial "$i" -days 397 -out "$1/$i.crt"
done
LOOP
reference=$(cpu sh "$work/loop.sh" "$work" "$loop")

# once more for its memory, so that looking costs the figures above nothing
"$gatehouse" certs init --generate-passphrase -d "$work/pki3" >/dev/null
"$gatehouse" certs batch "$work/fleet.csv" -d "$work/pki3" -o "$work/again.tar" >/dev/null &
memory=$(peak $!)
wait

[ "$(tar tf "$work/fleet.tar" | grep -c /cert.pem)" -eq "$devices" ] || { echo "the archive is not whole" >&2; exit 1; }
awk -v m="$memory" -v n="$devices" -v t="$tar" -v f="$folders" -v l="$loop" -v r="$reference" 'BEGIN {
    base = l / r
    printf "openssl loop   %6d certificates  %7.2f CPU s  %8.1f a CPU second\n", l, r, base
    printf "batch, tar     %6d certificates  %7.2f CPU s  %8.1f a CPU second  %6.1f times\n", n, t, n / t, n / t / base
    printf "batch, folders %6d certificates  %7.2f CPU s  %8.1f a CPU second  %6.1f times\n", n, f, n / f, n / f / base
    printf "batch, tar     at most %d MB of memory\n", m
}'
