package io.gatehouse.pki;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/** A device's key and certificates as what is compiled into its firmware, or flashed beside it. Stateless. */
final class Firmware {
    /** Nothing in PEM or in an id ends such a literal. */
    private static final String RAW = "PEM";

    private Firmware() {}

    /** For ESP-IDF and other C: mbedTLS takes PEM text that ends with a NUL. */
    static String header(String id, String ca, String chain, String key) {
        return warning(id) + "#pragma once\n\n"
                + literal("GATEHOUSE_CA_PEM", ca)
                + literal("GATEHOUSE_CERT_PEM", chain)
                + literal("GATEHOUSE_KEY_PEM", key)
                + "static const char GATEHOUSE_DEVICE_ID[] = \"" + id + "\";\n";
    }

    /** For Arduino: C++, in flash on the processors that tell it from memory. */
    static String arduino(String id, String ca, String chain, String key) {
        return warning(id) + "#pragma once\n\n"
                + "#ifdef ARDUINO\n#include <Arduino.h>\n#endif\n#ifndef PROGMEM\n#define PROGMEM\n#endif\n\n"
                + raw("GATEHOUSE_CA_PEM", ca)
                + raw("GATEHOUSE_CERT_PEM", chain)
                + raw("GATEHOUSE_KEY_PEM", key)
                + "static const char GATEHOUSE_DEVICE_ID[] = \"" + id + "\";\n";
    }

    /**
     * For the NVS partition generator of ESP-IDF: blobs of the namespace {@code gatehouse}. In base 64, because a string of its
     * own is limited to 4,000 bytes, and with the NUL that mbedTLS looks for.
     */
    static String nvs(String id, String ca, String chain, String key) {
        return "key,type,encoding,value\n"
                + "gatehouse,namespace,,\n"
                + "device_id,data,string," + id + "\n"
                + "ca,data,base64," + withNul(ca) + "\n"
                + "cert,data,base64," + withNul(chain) + "\n"
                + "key,data,base64," + withNul(key) + "\n";
    }

    private static String warning(String id) {
        return "// The key and the certificates of " + id
                + ". The key is a secret: keep this file out of repositories.\n";
    }

    private static String literal(String variable, String pem) {
        StringBuilder text = new StringBuilder("static const char " + variable + "[] =\n");
        pem.lines().forEach(line -> text.append("    \"").append(line).append("\\n\"\n"));
        return text.insert(text.length() - 1, ';').append('\n').toString();
    }

    private static String raw(String variable, String pem) {
        return "static const char " + variable + "[] PROGMEM = R\"" + RAW + "(" + pem + ")" + RAW + "\";\n\n";
    }

    private static String withNul(String pem) {
        byte[] bytes = pem.getBytes(StandardCharsets.US_ASCII);
        return Base64.getEncoder().encodeToString(Arrays.copyOf(bytes, bytes.length + 1));
    }
}
