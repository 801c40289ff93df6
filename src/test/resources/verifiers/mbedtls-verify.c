/* mbedtls-verify CA CHAIN client|server [CRL]: whether mbedTLS accepts a chain under its default profile, as a device would. */
#include <mbedtls/error.h>
#include <mbedtls/oid.h>
#include <mbedtls/x509_crl.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <string.h>

static int fail(const char *what, int code) {
    char text[200] = "";
    mbedtls_strerror(code, text, sizeof text);
    printf("%s: -0x%04x %s\n", what, (unsigned) -code, text);
    return 1;
}

int main(int count, char **words) {
    mbedtls_x509_crt ca, chain;
    mbedtls_x509_crl crl;
    uint32_t flags = 0;
    int code;
    if (count < 4) {
        return 2;
    }
    mbedtls_x509_crt_init(&ca);
    mbedtls_x509_crt_init(&chain);
    mbedtls_x509_crl_init(&crl);
    if ((code = mbedtls_x509_crt_parse_file(&ca, words[1])) != 0) {
        return fail("the authority", code);
    }
    if ((code = mbedtls_x509_crt_parse_file(&chain, words[2])) != 0) {
        return fail("the chain", code);
    }
    if (count > 4 && (code = mbedtls_x509_crl_parse_file(&crl, words[4])) != 0) {
        return fail("the list", code);
    }
    code = mbedtls_x509_crt_verify(&chain, &ca, count > 4 ? &crl : NULL, NULL, &flags, NULL, NULL);
    if (code != 0) {
        char text[1000];
        mbedtls_x509_crt_verify_info(text, sizeof text, "", flags);
        printf("%s", text);
        return 1;
    }
    const char *purpose = strcmp(words[3], "client") == 0 ? MBEDTLS_OID_CLIENT_AUTH : MBEDTLS_OID_SERVER_AUTH;
    if (strcmp(words[3], "none") != 0
        && (code = mbedtls_x509_crt_check_extended_key_usage(&chain, purpose, strlen(purpose))) != 0) {
        return fail("the purpose", code);
    }
    printf("ok\n");
    return 0;
}
