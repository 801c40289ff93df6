#!/bin/sh
# A device keeps its certificate good by itself: run this from cron, once a day. Needs openssl, and curl or mosquitto_rr.
#
#   renew.sh DIR https://HOST:8943     over EST
#   renew.sh DIR mqtts://HOST:8883     over MQTT 5.0 (a renewal only)
#
# DIR has ca.pem (the root), and key.pem and cert.pem, or for the first time a file "token": one line, ID:TOKEN; or a file "id",
# one line, where an operator approves devices that have no token.
# It renews when 30 days are left, and up to ten days earlier, by the certificate: a fleet does not come at once.
#
#   RENEW_BEFORE_DAYS=30   when; the broker tells too in its CONNACK (cert-renew-after)
#   RELOAD='...'           a command to run with the new certificate in place: restart what connects
#   REPLY_TOPIC=...        over MQTT, where the answer comes; default: reply/ID
#
# Exit codes: 0 renewed, or not yet time; 1 not renewed, the old ones are in place, try again.
set -eu
umask 077

fail() {
    echo "renew: $*" >&2
    exit 1
}

[ $# -eq 2 ] || fail "usage: renew.sh DIR https://HOST:PORT|mqtts://HOST:PORT"
cd "$1" || exit 1
url=${2%/}
[ -r ca.pem ] || fail "$1 has no ca.pem"

# One at a time. The lock of a run that was killed is an hour old at most.
find . -maxdepth 1 -name .renewing -mmin +60 -exec rmdir {} \;
mkdir .renewing 2>/dev/null || fail "another run is at work (or was killed: rmdir $1/.renewing)"
work=$(mktemp -d)
trap 'rm -rf "$work"; rmdir .renewing' EXIT
trap 'exit 1' HUP INT TERM

# Puts the next key and certificate in place. What is killed in here is finished by the next run: next-cert.pem is there
# only when it is whole and verified.
install_next() {
    if [ -e next-key.pem ]; then
        for part in key cert; do
            [ ! -e $part.pem ] || cp -p $part.pem old-$part.pem
        done
        mv next-key.pem key.pem
    fi
    mv next-cert.pem cert.pem
    rm -f token id
    echo "renew: $(openssl x509 -in cert.pem -noout -subject -enddate | tr '\n' ' ')"
    [ -z "${RELOAD:-}" ] || sh -c "$RELOAD" || fail "the new certificate is in place, and RELOAD failed"
}

if [ -e next-cert.pem ]; then
    install_next
    exit 0
fi

if [ -e cert.pem ]; then
    before=$((${RENEW_BEFORE_DAYS:-30} * 86400))
    spread=$(($(cksum < cert.pem | cut -d' ' -f1) % (before / 3 + 1)))
    if openssl x509 -in cert.pem -noout -checkend $((before + spread)) > /dev/null; then
        echo "renew: not yet"
        exit 0
    fi
    id=$(openssl x509 -in cert.pem -noout -subject -nameopt multiline | sed -n 's/^ *commonName *= //p')
else
    if [ -r token ]; then
        id=$(sed 's/:[^:]*$//;1q' token) # an id may have a colon, a token has none
    else
        [ -r id ] || fail "$1 has neither cert.pem nor token nor id"
        id=$(sed 1q id)
    fi
fi

# The key stays until it has a certificate: after a lost answer the same request gets the same certificate.
if [ ! -s next-key.pem ]; then
    openssl ecparam -name prime256v1 -genkey -noout -out "$work/key.pem"
    mv "$work/key.pem" next-key.pem
fi
openssl req -new -key next-key.pem -subj "/CN=$id" -outform DER -out "$work/csr.der"

# The end. A key that is never certified goes: with it every run would end like this one.
refused() {
    case $2 in
        key_same* | key_revoked* | key_taken* | '{"code":"key_same"'* | '{"code":"key_revoked"'* | '{"code":"key_taken"'*)
            rm -f next-key.pem
            set -- "$1" "$2 (the next run makes another key)"
            ;;
    esac
    fail "$1$2"
}

# What curl got, or the end: 200, and the base64 in $work/$1.
est() {
    operation=$1
    shift
    status=$(curl --silent --show-error --cacert ca.pem --max-time 60 --output "$work/$operation" \
        --write-out '%{http_code}' "$@" "$url/.well-known/est/$operation") || fail "$url is not reached"
    [ "$status" != 202 ] || fail "an operator has not decided yet; the key is $(openssl pkey -in next-key.pem -pubout \
        -outform DER | openssl dgst -sha256 -r | cut -d' ' -f1)"
    [ "$status" = 200 ] || refused "$operation: $status " "$(head -c 300 "$work/$operation" 2> /dev/null)"
    openssl base64 -d -in "$work/$operation" | openssl pkcs7 -inform DER -print_certs -out "$work/$operation.pem"
}

# The last certificate in a file: of cacerts, the one that issues devices'.
last() {
    awk '/BEGIN CERTIFICATE/ {c = ""; on = 1} on {c = c $0 "\n"} /END CERTIFICATE/ {on = 0} END {printf "%s", c}' "$1"
}

case $url in
    https://*)
        openssl base64 -in "$work/csr.der" -out "$work/csr.b64"
        set -- --header 'Content-Type: application/pkcs10' --data-binary "@$work/csr.b64"
        est cacerts
        if [ -e cert.pem ]; then
            est simplereenroll --cert cert.pem --key key.pem "$@"
            answer=simplereenroll
        else
            if [ -r token ]; then
                # not as an argument, which others on the device can read
                printf 'user = "%s"\n' "$(sed 1q token)" > "$work/token"
                set -- --config "$work/token" "$@"
            fi
            est simpleenroll "$@"
            answer=simpleenroll
        fi
        { last "$work/$answer.pem"; last "$work/cacerts.pem"; } > "$work/cert.pem"
        ;;
    mqtts://*)
        [ -e cert.pem ] || fail "the first certificate comes over https"
        host=${url#mqtts://}
        port=${host##*:}
        openssl req -inform DER -in "$work/csr.der" -out "$work/csr.pem"
        # -m, because with -f mosquitto_rr 2.0.11 does not send what is in the file
        mosquitto_rr -V 5 -h "${host%:*}" -p "$port" --cafile ca.pem --cert cert.pem --key key.pem -q 1 -W 60 \
            -t '$pki/v1/reenroll' -e "${REPLY_TOPIC:-reply/$id}" -m "$(cat "$work/csr.pem")" > "$work/cert.pem" ||
            fail "$url did not answer"
        grep -q 'BEGIN CERTIFICATE' "$work/cert.pem" || refused "refused: " "$(head -c 300 "$work/cert.pem")"
        ;;
    *) fail "https://HOST:PORT or mqtts://HOST:PORT, found $url" ;;
esac

# It is ours, by our root, for our key, or it is not taken.
openssl verify -CAfile ca.pem -untrusted "$work/cert.pem" "$work/cert.pem" > /dev/null 2> "$work/why" ||
    fail "what came is not by the authority in ca.pem: $(cat "$work/why")"
[ "$(openssl x509 -in "$work/cert.pem" -noout -pubkey)" = "$(openssl pkey -in next-key.pem -pubout)" ] ||
    fail "what came is for another key"
cp "$work/cert.pem" next-cert.new
mv next-cert.new next-cert.pem
install_next
