// What a small device needs to enrol with Gatehouse over EST: its key, its request, and the certificate out of the answer.
// C++11 and mbedTLS 2.28 or 3, nothing else: no heap of its own, no clock, no network. Of each function the answer is 0, or
// mbedTLS's error.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <mbedtls/asn1.h>
#include <mbedtls/base64.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <mbedtls/x509_csr.h>

// A request and a certificate, in DER, are shorter.
#define GH_DER_BYTES 2048

// Fills a buffer with random bytes, as mbedTLS asks for them.
typedef int (*gh_random_t)(void *, unsigned char *, size_t);

// A new key on P-256, as csrattrs asks for it by default.
static inline int gh_new_key(mbedtls_pk_context *key, gh_random_t random, void *state) {
    int failed = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    return failed ? failed : mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), random, state);
}

// A key that was kept, PEM with its NUL.
static inline int gh_read_key(mbedtls_pk_context *key, const char *pem, gh_random_t random, void *state) {
    const unsigned char *bytes = (const unsigned char *) pem;
#if MBEDTLS_VERSION_MAJOR >= 3
    return mbedtls_pk_parse_key(key, bytes, strlen(pem) + 1, NULL, 0, random, state);
#else
    (void) random;
    (void) state;
    return mbedtls_pk_parse_key(key, bytes, strlen(pem) + 1, NULL, 0);
#endif
}

// The request for a certificate of the id, in base64 as EST wants it, with its NUL.
static inline int gh_request(
        mbedtls_pk_context *key, const char *id, char *base64, size_t size, gh_random_t random, void *state) {
    char subject[4 + 64];
    int written = snprintf(subject, sizeof subject, "CN=%s", id);
    if (written < 4 || (size_t) written >= sizeof subject) {
        return MBEDTLS_ERR_X509_BAD_INPUT_DATA; // an id has 1 to 64 characters
    }
    unsigned char der[GH_DER_BYTES];
    mbedtls_x509write_csr request;
    mbedtls_x509write_csr_init(&request);
    mbedtls_x509write_csr_set_md_alg(&request, MBEDTLS_MD_SHA256);
    mbedtls_x509write_csr_set_key(&request, key);
    int length = mbedtls_x509write_csr_set_subject_name(&request, subject);
    if (length == 0) {
        length = mbedtls_x509write_csr_der(&request, der, sizeof der, random, state);
    }
    mbedtls_x509write_csr_free(&request);
    if (length < 0) {
        return length;
    }
    size_t used;
    return mbedtls_base64_encode((unsigned char *) base64, size, &used, der + sizeof der - length, (size_t) length);
}

// Enters a value of a kind: at becomes its first byte, end its end.
static inline int gh_enter(unsigned char **at, const unsigned char **end, int tag) {
    size_t length;
    int failed = mbedtls_asn1_get_tag(at, *end, &length, tag);
    if (failed == 0) {
        *end = *at + length;
    }
    return failed;
}

// Passes over a value of a kind.
static inline int gh_skip(unsigned char **at, const unsigned char *end, int tag) {
    const unsigned char *over = end;
    int failed = gh_enter(at, &over, tag);
    if (failed == 0) {
        *at = (unsigned char *) over;
    }
    return failed;
}

// The first certificate of an answer to simpleenroll, simplereenroll or cacerts (base64 of a PKCS#7 that holds certificates
// only), as PEM with its NUL; or that at a place.
static inline int gh_certificate(const char *answer, size_t length, int place, char *pem, size_t size) {
    const int list = MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_ASN1_CONSTRUCTED;
    const int sequence = MBEDTLS_ASN1_SEQUENCE | MBEDTLS_ASN1_CONSTRUCTED;
    unsigned char der[2 * GH_DER_BYTES];
    size_t bytes = 0;
    int failed = mbedtls_base64_decode(der, sizeof der, &bytes, (const unsigned char *) answer, length);
    unsigned char *at = der;
    const unsigned char *end = der + bytes;
    if (failed || (failed = gh_enter(&at, &end, sequence)) != 0 // ContentInfo
        || (failed = gh_skip(&at, end, MBEDTLS_ASN1_OID)) != 0
        || (failed = gh_enter(&at, &end, list)) != 0
        || (failed = gh_enter(&at, &end, sequence)) != 0 // SignedData
        || (failed = gh_skip(&at, end, MBEDTLS_ASN1_INTEGER)) != 0
        || (failed = gh_skip(&at, end, MBEDTLS_ASN1_SET | MBEDTLS_ASN1_CONSTRUCTED)) != 0
        || (failed = gh_skip(&at, end, sequence)) != 0
        || (failed = gh_enter(&at, &end, list)) != 0) {
        return failed;
    }
    for (; place > 0; place--) {
        if ((failed = gh_skip(&at, end, sequence)) != 0) {
            return failed;
        }
    }
    unsigned char *first = at;
    if ((failed = gh_skip(&at, end, sequence)) != 0) {
        return failed;
    }
    size_t used;
    return mbedtls_pem_write_buffer(
            "-----BEGIN CERTIFICATE-----\n",
            "-----END CERTIFICATE-----\n",
            first,
            (size_t) (at - first),
            (unsigned char *) pem,
            size,
            &used);
}

// Whether a certificate, with its issuer's after it (PEM, one text), leads to the root (PEM), and is for a key.
static inline int gh_verify(const char *chain, const char *root, mbedtls_pk_context *key) {
    mbedtls_x509_crt leaf;
    mbedtls_x509_crt trusted;
    mbedtls_x509_crt_init(&leaf);
    mbedtls_x509_crt_init(&trusted);
    uint32_t flags = 0;
    int failed = mbedtls_x509_crt_parse(&leaf, (const unsigned char *) chain, strlen(chain) + 1);
    if (failed == 0) {
        failed = mbedtls_x509_crt_parse(&trusted, (const unsigned char *) root, strlen(root) + 1);
    }
    if (failed == 0) {
        failed = mbedtls_x509_crt_verify(&leaf, &trusted, NULL, NULL, &flags, NULL, NULL);
    }
    if (failed == 0) {
        unsigned char mine[GH_DER_BYTES / 4];
        unsigned char its[GH_DER_BYTES / 4];
        int one = mbedtls_pk_write_pubkey_der(key, mine, sizeof mine);
        int other = mbedtls_pk_write_pubkey_der(&leaf.pk, its, sizeof its);
        bool same = one > 0 && one == other && memcmp(mine + sizeof mine - one, its + sizeof its - one, (size_t) one) == 0;
        failed = same ? 0 : MBEDTLS_ERR_X509_CERT_VERIFY_FAILED;
    }
    mbedtls_x509_crt_free(&leaf);
    mbedtls_x509_crt_free(&trusted);
    return failed;
}

// Seconds since 1970 of a time in a certificate (days of the civil calendar, counted from a 1st of March).
static inline int64_t gh_seconds(const mbedtls_x509_time *time) {
    int64_t year = time->mon <= 2 ? time->year - 1 : time->year;
    int64_t day = (153 * (time->mon + (time->mon > 2 ? -3 : 9)) + 2) / 5 + time->day - 1;
    int64_t days = 365 * year + year / 4 - year / 100 + year / 400 + day - 719468;
    return ((days * 24 + time->hour) * 60 + time->min) * 60 + time->sec;
}

// Whether it is time to renew a certificate (PEM with its NUL): a third of its life is left, and up to a tenth earlier, by its
// serial number, so that a fleet does not come at once.
static inline int gh_is_due(const char *pem, int64_t now, bool *due) {
    mbedtls_x509_crt certificate;
    mbedtls_x509_crt_init(&certificate);
    int failed = mbedtls_x509_crt_parse(&certificate, (const unsigned char *) pem, strlen(pem) + 1);
    if (failed == 0) {
        int64_t end = gh_seconds(&certificate.valid_to);
        int64_t life = end - gh_seconds(&certificate.valid_from);
        int64_t slot = certificate.serial.len > 0 ? certificate.serial.p[certificate.serial.len - 1] : 0;
        *due = now >= end - life / 3 - life / 10 * slot / 256;
    }
    mbedtls_x509_crt_free(&certificate);
    return failed;
}
