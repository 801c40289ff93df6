// An ESP32 that gets its certificate from Gatehouse by itself, and renews it for the rest of its life (EST, RFC 7030).
//
// For Arduino's core for ESP32. Put the root's certificate, the address and the network below; the token comes over the serial line,
// once, so that one firmware is good for every device:   pump-7:6h8k...
// Without a token, send the id alone: the device waits until an operator approves it, and prints its key's fingerprint.
//
// The key is made here and never leaves the device; it is in flash, in clear unless flash encryption is on.
#include <Arduino.h>
#include <HTTPClient.h>
#include <Preferences.h>
#include <WiFi.h>
#include <WiFiClientSecure.h>
#include <esp_random.h>
#include <mbedtls/sha256.h>
#include <time.h>

#include "gatehouse_enrol.h"

static const char *NETWORK = "network";
static const char *NETWORK_PASSWORD = "";
static const char *SERVICE = "https://mqtt.example.com:8943/.well-known/est/";
static const char ROOT[] = R"PEM(-----BEGIN CERTIFICATE-----
put pki/trust/root.pem here
-----END CERTIFICATE-----
)PEM";

static Preferences flash;

static int randomBytes(void *, unsigned char *out, size_t bytes) {
    esp_fill_random(out, bytes);
    return 0;
}

// What a request came to: a certificate is there, or not, or not yet.
enum Outcome { DONE, NOT_YET, FAILED };

static Outcome failed(const char *what, int code) {
    Serial.printf("enrolment: %s: -0x%04x\n", what, -code);
    return FAILED;
}

// The key of the next certificate. It stays until it has one: after a lost answer the same request gets the same certificate.
static int nextKey(mbedtls_pk_context *key) {
    String kept = flash.getString("next_key", "");
    if (!kept.isEmpty()) {
        return gh_read_key(key, kept.c_str(), randomBytes, NULL);
    }
    char pem[512];
    int code = gh_new_key(key, randomBytes, NULL);
    if (code == 0) {
        code = mbedtls_pk_write_key_pem(key, (unsigned char *) pem, sizeof pem);
    }
    if (code == 0) {
        flash.putString("next_key", pem);
    }
    return code;
}

static void printFingerprint(mbedtls_pk_context *key) {
    unsigned char der[GH_DER_BYTES / 4];
    unsigned char hash[32];
    int length = mbedtls_pk_write_pubkey_der(key, der, sizeof der);
    if (length > 0) {
#if MBEDTLS_VERSION_MAJOR >= 3
        mbedtls_sha256(der + sizeof der - length, (size_t) length, hash, 0);
#else
        mbedtls_sha256_ret(der + sizeof der - length, (size_t) length, hash, 0);
#endif
        Serial.print("enrolment: an operator has not decided yet; the key is ");
        for (unsigned char one : hash) {
            Serial.printf("%02x", one);
        }
        Serial.println();
    }
}

// Sends the request, and takes the certificate if it is one.
static Outcome ask(mbedtls_pk_context *key, const String &id, const String &token) {
    static char text[2 * GH_DER_BYTES];
    int code = gh_request(key, id.c_str(), text, sizeof text, randomBytes, NULL);
    if (code) {
        return failed("the request cannot be made", code);
    }
    WiFiClientSecure tls;
    tls.setCACert(ROOT);
    String certificate = flash.getString("cert", "");
    String privateKey = flash.getString("key", ""); // both have to live as long as the connection
    bool renewal = !certificate.isEmpty();
    if (renewal) {
        tls.setCertificate(certificate.c_str());
        tls.setPrivateKey(privateKey.c_str());
    }
    HTTPClient http;
    http.begin(tls, String(SERVICE) + (renewal ? "simplereenroll" : "simpleenroll"));
    http.addHeader("Content-Type", "application/pkcs10");
    http.addHeader("Content-Transfer-Encoding", "base64");
    if (!renewal && !token.isEmpty()) {
        http.setAuthorization(id.c_str(), token.c_str());
    }
    int status = http.POST((uint8_t *) text, strlen(text));
    String answer = http.getString();
    http.end();
    if (status == 202) {
        printFingerprint(key);
        return NOT_YET;
    }
    if (status != 200) {
        Serial.printf("enrolment: %d %s\n", status, answer.c_str());
        bool spent = answer.startsWith("key_same") || answer.startsWith("key_revoked") || answer.startsWith("key_taken");
        if (spent) {
            flash.remove("next_key"); // with it every try would end like this one
        }
        return FAILED;
    }
    static char issuer[GH_DER_BYTES];
    http.begin(tls, String(SERVICE) + "cacerts");
    status = http.GET();
    String authorities = http.getString();
    http.end();
    if (status != 200) {
        return failed("cacerts", -status);
    }
    code = gh_certificate(authorities.c_str(), authorities.length(), 1, issuer, sizeof issuer); // root first
    if (code == 0) {
        code = gh_certificate(answer.c_str(), answer.length(), 0, text, sizeof text);
    }
    if (code == 0) {
        code = gh_verify((String(text) + issuer).c_str(), ROOT, key);
    }
    if (code) {
        return failed("what came is not a certificate for this key", code);
    }
    flash.putString("next_cert", String(text) + issuer);
    return DONE;
}

// Puts the next key and certificate in place. What is cut off in here is finished at the next start.
static void installNext() {
    String key = flash.getString("next_key", "");
    if (!key.isEmpty()) {
        flash.putString("key", key);
    }
    flash.putString("cert", flash.getString("next_cert", ""));
    flash.remove("next_cert"); // before the key: both are in place
    flash.remove("next_key");
    flash.remove("token");
    Serial.println("enrolment: the new certificate is in place; connect with it");
}

static Outcome enrol() {
    if (flash.isKey("next_cert")) {
        installNext();
        return DONE;
    }
    String certificate = flash.getString("cert", "");
    if (!certificate.isEmpty()) {
        bool due = false;
        int code = gh_is_due(certificate.c_str(), time(NULL), &due);
        if (code) {
            return failed("the certificate in flash cannot be read", code);
        }
        if (!due) {
            return DONE;
        }
    }
    String id = flash.getString("id", "");
    String token = flash.getString("token", "");
    if (id.isEmpty()) {
        return NOT_YET;
    }
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    int code = nextKey(&key);
    Outcome outcome = code ? failed("no key", code) : ask(&key, id, token);
    mbedtls_pk_free(&key);
    if (outcome == DONE) {
        installNext();
    }
    return outcome;
}

// A line on the serial port: ID:TOKEN, or ID alone. An id may have a colon, a token has none.
static void readTicket() {
    if (!Serial.available()) {
        return;
    }
    String line = Serial.readStringUntil('\n');
    line.trim();
    int colon = line.lastIndexOf(':');
    bool token = colon > 0 && line.length() - colon - 1 == 26;
    flash.putString("id", token ? line.substring(0, colon) : line);
    flash.putString("token", token ? line.substring(colon + 1) : String(""));
}

void setup() {
    Serial.begin(115200);
    flash.begin("gatehouse", false);
    WiFi.begin(NETWORK, NETWORK_PASSWORD);
    while (WiFi.status() != WL_CONNECTED) {
        delay(500);
    }
    // or, without NTP: the broker's CONNACK has server-time and cert-renew-after
    configTime(0, 0, "pool.ntp.org");
}

void loop() {
    readTicket();
    if (time(NULL) < 1700000000) { // the clock is not set yet
        delay(1000);
        return;
    }
    Outcome outcome = enrol();
    unsigned long wait = outcome == DONE ? 6UL * 3600 : outcome == NOT_YET ? 60 : 600;
    for (; wait > 0 && !Serial.available(); wait--) {
        delay(1000); // a device of yours does its work here, and looks after its certificate once a day
    }
}
