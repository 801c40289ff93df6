// Runs what is in gatehouse_enrol.h, with the mbedTLS of this machine:
//   enrol_core new ID KEYFILE         makes the key if it is not there, and prints the request
//   enrol_core certificate N          reads an answer of EST, and prints its certificate N
//   enrol_core verify KEYFILE CERT CA
//   enrol_core due CERT SECONDS
//   enrol_core damaged                reads an answer, and tries it cut short and changed everywhere
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>

#include "gatehouse_enrol.h"

static std::string all(std::istream &in) {
    return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

static std::string file(const char *name) {
    std::ifstream in(name);
    return all(in);
}

static int ended(int code) {
    if (code) {
        std::cerr << "-0x" << std::hex << -code << "\n";
    }
    return code ? 1 : 0;
}

int main(int count, char **words) {
    std::string command = count > 1 ? words[1] : "";
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_pk_context key;
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&random);
    mbedtls_pk_init(&key);
    static char text[4 * GH_DER_BYTES];
    int code = mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, nullptr, 0);
    if (code == 0 && command == "new" && count == 4) {
        std::string kept = file(words[3]);
        if (kept.empty()) {
            code = gh_new_key(&key, mbedtls_ctr_drbg_random, &random);
            if (code == 0) {
                code = mbedtls_pk_write_key_pem(&key, (unsigned char *) text, sizeof text);
                std::ofstream(words[3]) << text;
            }
        } else {
            code = gh_read_key(&key, kept.c_str(), mbedtls_ctr_drbg_random, &random);
        }
        if (code == 0) {
            code = gh_request(&key, words[2], text, sizeof text, mbedtls_ctr_drbg_random, &random);
        }
        if (code == 0) {
            std::cout << text << "\n";
        }
    } else if (code == 0 && command == "certificate" && count == 3) {
        std::string answer = all(std::cin);
        code = gh_certificate(answer.data(), answer.size(), std::atoi(words[2]), text, sizeof text);
        if (code == 0) {
            std::cout << text;
        }
    } else if (code == 0 && command == "verify" && count == 5) {
        code = gh_read_key(&key, file(words[2]).c_str(), mbedtls_ctr_drbg_random, &random);
        if (code == 0) {
            code = gh_verify(file(words[3]).c_str(), file(words[4]).c_str(), &key);
        }
    } else if (code == 0 && command == "due" && count == 4) {
        bool due = false;
        code = gh_is_due(file(words[2]).c_str(), std::atoll(words[3]), &due);
        std::cout << (due ? "due" : "not yet") << "\n";
    } else if (code == 0 && command == "damaged") {
        std::string base64 = all(std::cin);
        unsigned char der[2 * GH_DER_BYTES];
        size_t bytes = 0;
        code = mbedtls_base64_decode(der, sizeof der, &bytes, (const unsigned char *) base64.data(), base64.size());
        long refused = 0;
        for (size_t i = 0; code == 0 && i < 2 * bytes; i++) {
            std::string one((const char *) der, bytes);
            if (i < bytes) {
                one.resize(i);
            } else {
                one[i - bytes] = (char) (one[i - bytes] ^ (0x41 + i % 64));
            }
            static char again[4 * GH_DER_BYTES];
            size_t used;
            mbedtls_base64_encode((unsigned char *) again, sizeof again, &used, (const unsigned char *) one.data(), one.size());
            refused += gh_certificate(again, used, 0, text, sizeof text) != 0;
        }
        std::cout << refused << "\n";
    } else if (code == 0) {
        std::cerr << "see the source\n";
        return 2;
    }
    mbedtls_pk_free(&key);
    mbedtls_ctr_drbg_free(&random);
    mbedtls_entropy_free(&entropy);
    return ended(code);
}
