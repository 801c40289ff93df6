/* mbedtls-connect CA CHAIN KEY HOST PORT 1.2|1.3: shakes hands with a certificate as a device would, sends what stands on the
 * standard input, and writes what comes back. Exits 3 if this mbedTLS does not speak that version of TLS. */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#if MBEDTLS_VERSION_MAJOR >= 3
#include <psa/crypto.h>
#endif

static int fail(const char *what, int code) {
    char text[200] = "";
    mbedtls_strerror(code, text, sizeof text);
    fprintf(stderr, "%s: -0x%04x %s\n", what, (unsigned) -code, text);
    return 1;
}

int main(int count, char **words) {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_x509_crt ca, chain;
    mbedtls_pk_context key;
    mbedtls_net_context net;
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    unsigned char bytes[1024];
    int code;
    if (count != 7) {
        return 2;
    }
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&random);
    mbedtls_x509_crt_init(&ca);
    mbedtls_x509_crt_init(&chain);
    mbedtls_pk_init(&key);
    mbedtls_net_init(&net);
    mbedtls_ssl_config_init(&config);
    mbedtls_ssl_init(&ssl);
#if MBEDTLS_VERSION_MAJOR >= 3
    if (psa_crypto_init() != PSA_SUCCESS) {
        return 1;
    }
#endif
    if ((code = mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0)) != 0) {
        return fail("random numbers", code);
    }
    if ((code = mbedtls_x509_crt_parse_file(&ca, words[1])) != 0) {
        return fail("the authority", code);
    }
    if ((code = mbedtls_x509_crt_parse_file(&chain, words[2])) != 0) {
        return fail("the chain", code);
    }
#if MBEDTLS_VERSION_MAJOR >= 3
    code = mbedtls_pk_parse_keyfile(&key, words[3], NULL, mbedtls_ctr_drbg_random, &random);
#else
    code = mbedtls_pk_parse_keyfile(&key, words[3], NULL);
#endif
    if (code != 0) {
        return fail("the key", code);
    }
    if ((code = mbedtls_ssl_config_defaults(
             &config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT)) != 0) {
        return fail("the settings", code);
    }
    if (strcmp(words[6], "1.3") == 0) {
#if MBEDTLS_VERSION_MAJOR >= 3 && defined(MBEDTLS_SSL_PROTO_TLS1_3)
        mbedtls_ssl_conf_min_tls_version(&config, MBEDTLS_SSL_VERSION_TLS1_3);
#else
        return 3;
#endif
    } else {
#if MBEDTLS_VERSION_MAJOR >= 3
        mbedtls_ssl_conf_max_tls_version(&config, MBEDTLS_SSL_VERSION_TLS1_2);
#else
        mbedtls_ssl_conf_min_version(&config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
#endif
    }
    mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(&config, &ca, NULL);
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random);
    if ((code = mbedtls_ssl_conf_own_cert(&config, &chain, &key)) != 0
        || (code = mbedtls_ssl_setup(&ssl, &config)) != 0
        || (code = mbedtls_ssl_set_hostname(&ssl, words[4])) != 0) {
        return fail("the settings", code);
    }
    if ((code = mbedtls_net_connect(&net, words[4], words[5], MBEDTLS_NET_PROTO_TCP)) != 0) {
        return fail("the connection", code);
    }
    mbedtls_ssl_set_bio(&ssl, &net, mbedtls_net_send, mbedtls_net_recv, NULL);
    if ((code = mbedtls_ssl_handshake(&ssl)) != 0) {
        return fail("the handshake", code);
    }
    ssize_t length = read(0, bytes, sizeof bytes);
    if (length <= 0 || (code = mbedtls_ssl_write(&ssl, bytes, (size_t) length)) != length) {
        return fail("writing", code);
    }
    do { /* a ticket comes before the first byte */
        code = mbedtls_ssl_read(&ssl, bytes, sizeof bytes);
#if MBEDTLS_VERSION_MAJOR >= 3 && defined(MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
    } while (code == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET);
#else
    } while (0);
#endif
    if (code <= 0) {
        return fail("reading", code);
    }
    fwrite(bytes, 1, (size_t) code, stdout);
    fflush(stdout);
    mbedtls_ssl_close_notify(&ssl);
    return 0;
}
