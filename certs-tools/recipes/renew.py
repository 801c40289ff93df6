#!/usr/bin/env python3
"""A device gets its certificate and keeps it good by itself, over EST: run this from cron, once a day.

Needs Python 3.7 and the program openssl, and no module that does not come with Python.

  renew.py DIR https://HOST:8943

DIR has ca.pem (the root), and key.pem and cert.pem. For the first time it has instead a file "token", one line, ID:TOKEN,
or a file "id", one line, where an operator approves devices that have no token.

It renews when a third of the certificate's life is left, and up to a tenth earlier, by the certificate: a fleet does not
come at once. The old pair stays, as old-key.pem and old-cert.pem.

Exit codes: 0 done, or not yet time; 1 not done, what was there is in place, try again; 2 usage; 3 an operator has not
decided yet, try again.
"""

import argparse
import base64
import fcntl
import hashlib
import http.client
import os
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse

OPENSSL = os.environ.get("OPENSSL", "openssl")
# With a key that is never certified every run would end alike.
KEY_IS_SPENT = ("key_same", "key_revoked", "key_taken", "key_weak")


class Failed(Exception):
    """Ends the run with one line."""


class Waits(Exception):
    """An operator decides; says how many seconds until the device may ask again."""

    def __init__(self, seconds):
        super().__init__("an operator has not decided yet")
        self.seconds = seconds


def openssl(*arguments, data=None):
    """What the program says, or the end."""
    done = subprocess.run([OPENSSL, *arguments], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        text = done.stderr.decode(errors="replace").strip().replace("\n", " ")
        raise Failed("openssl %s: %s" % (arguments[0], text))
    return done.stdout


def write(name, content):
    """The whole file or none of it, for its owner only."""
    fresh = name + ".new"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    os.replace(fresh, name)


def first_line(name):
    with open(name, encoding="ascii") as text:
        return text.readline().strip()


def dates(name):
    """Beginning and end of a certificate, in seconds."""
    lines = openssl("x509", "-in", name, "-noout", "-startdate", "-enddate").decode().splitlines()
    return [ssl.cert_time_to_seconds(line.split("=", 1)[1]) for line in lines]


def due(name):
    start, end = dates(name)
    life = end - start
    with open(name, "rb") as content:
        slot = int.from_bytes(hashlib.sha256(content.read()).digest()[:2], "big") / 65536
    return time.time() >= end - life / 3 - life / 10 * slot


def common_name(name):
    subject = openssl("x509", "-in", name, "-noout", "-subject", "-nameopt", "multiline").decode()
    return next(line.split("=", 1)[1].strip() for line in subject.splitlines() if "commonName" in line)


def certificates(pem):
    """Each certificate of a text, as PEM."""
    end = b"-----END CERTIFICATE-----"
    begin = b"-----BEGIN CERTIFICATE-----"
    return [part[part.index(begin):] + end + b"\n" for part in pem.split(end)[:-1]]


class Est:
    """The service; one connection a request, as it wants it."""

    def __init__(self, url, with_certificate):
        address = urllib.parse.urlsplit(url)
        if address.scheme != "https" or not address.hostname or address.path not in ("", "/"):
            raise Failed("https://HOST:PORT, found %s" % url)
        self.host, self.port = address.hostname, address.port or 443
        self.tls = ssl.create_default_context(cafile="ca.pem")
        self.tls.minimum_version = ssl.TLSVersion.TLSv1_2
        if with_certificate:
            self.tls.load_cert_chain("cert.pem", "key.pem")

    def ask(self, operation, body=None, authorization=None):
        headers = {"Content-Type": "application/pkcs10", "Content-Transfer-Encoding": "base64"} if body else {}
        if authorization:
            headers["Authorization"] = "Basic " + base64.b64encode(authorization.encode()).decode()
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=60, context=self.tls)
        try:
            method = "POST" if body else "GET"
            connection.request(method, "/.well-known/est/" + operation, body, headers)
            answer = connection.getresponse()
            content = answer.read(1 << 20)
        except (OSError, http.client.HTTPException) as problem:
            raise Failed("%s:%d is not reached: %s" % (self.host, self.port, problem))
        finally:
            connection.close()
        if answer.status == 202:
            after = answer.getheader("Retry-After", "")
            raise Waits(int(after) if after.isdigit() else 60)
        if answer.status != 200:
            said = content.decode(errors="replace").strip()
            spent = said.split(":", 1)[0] in KEY_IS_SPENT
            if spent:
                os.unlink("next-key.pem")
            more = " (the next run makes another key)" if spent else ""
            raise Failed("%s: %d %s%s" % (operation, answer.status, said, more))
        der = base64.b64decode(content)
        return openssl("pkcs7", "-inform", "DER", "-print_certs", data=der)


def install_next(reload_command):
    """Puts the next key and certificate in place. What is killed in here is finished by the next run."""
    if os.path.exists("next-key.pem"):
        for part in ("key.pem", "cert.pem"):
            if os.path.exists(part):
                with open(part, "rb") as old:
                    write("old-" + part, old.read())
        os.replace("next-key.pem", "key.pem")
    os.replace("next-cert.pem", "cert.pem")
    for spent in ("token", "id"):
        if os.path.exists(spent):
            os.unlink(spent)
    print("renew: the certificate of %s is good until %s" % (common_name("cert.pem"), time.ctime(dates("cert.pem")[1])))
    if reload_command and subprocess.run(reload_command, shell=True).returncode:
        raise Failed("the new certificate is in place, and the command of --reload failed")


def request(identity):
    """The request for the next key. The key stays until it has a certificate: the same request gets the same answer."""
    if not os.path.exists("next-key.pem"):
        write("next-key.pem", openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"))
    der = openssl("req", "-new", "-key", "next-key.pem", "-subj", "/CN=" + identity, "-outform", "DER")
    return base64.encodebytes(der)


def verified(chain):
    """It is by our root and for our key, or it is not taken."""
    with tempfile.NamedTemporaryFile(dir=".", prefix=".chain") as file:
        file.write(chain)
        file.flush()
        openssl("verify", "-CAfile", "ca.pem", "-untrusted", file.name, file.name)
        key = openssl("x509", "-in", file.name, "-noout", "-pubkey")
    if key != openssl("pkey", "-in", "next-key.pem", "-pubout"):
        raise Failed("what came is for another key")
    return chain


def renew(url, reload_command):
    if os.path.exists("next-cert.pem"):
        install_next(reload_command)
        return
    token = None
    renewal = os.path.exists("cert.pem")
    if renewal:
        if not due("cert.pem"):
            print("renew: not yet")
            return
        identity = common_name("cert.pem")
    elif os.path.exists("token"):
        token = first_line("token")
        identity = token.rsplit(":", 1)[0]  # an id may have a colon, a token has none
    elif os.path.exists("id"):
        identity = first_line("id")
    else:
        raise Failed("there is neither cert.pem nor token nor id")
    body = request(identity)
    est = Est(url, renewal)
    issuer = certificates(est.ask("cacerts"))[-1]  # root first, and last who issues devices' certificates
    answer = est.ask("simplereenroll" if renewal else "simpleenroll", body, token)
    write("next-cert.pem", verified(certificates(answer)[0] + issuer))
    install_next(reload_command)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="DIR")
    parser.add_argument("url", metavar="URL")
    parser.add_argument("--reload", metavar="COMMAND", help="runs with the new certificate in place: restart what connects")
    parser.add_argument("--wait", action="store_true", help="while an operator decides, ask again instead of ending with 3")
    arguments = parser.parse_args()
    os.umask(0o077)
    try:
        os.chdir(arguments.folder)
        if not os.path.exists("ca.pem"):
            raise Failed("%s has no ca.pem" % arguments.folder)
        with open(".lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ends with the process, however that ends
            except BlockingIOError:
                raise Failed("another run is at work")
            while True:
                try:
                    return renew(arguments.url, arguments.reload)
                except Waits as waits:
                    if not arguments.wait:
                        raise
                    time.sleep(waits.seconds)
    except Waits as waits:
        der = openssl("pkey", "-in", "next-key.pem", "-pubout", "-outform", "DER")
        print("renew: %s; the key is %s" % (waits, hashlib.sha256(der).hexdigest()), file=sys.stderr)
        sys.exit(3)
    except (Failed, OSError, ValueError) as problem:
        print("renew: %s" % problem, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
