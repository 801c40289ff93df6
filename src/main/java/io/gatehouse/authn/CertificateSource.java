package io.gatehouse.authn;

import io.gatehouse.config.Suggestion;
import java.util.Arrays;
import java.util.List;

/** Where in a certificate a user name may stand: the words of {@code certificate_login: {user: ...}}. */
public enum CertificateSource {
    SAN_URI("cert.san.uri"),
    SAN_DNS("cert.san.dns"),
    SAN_EMAIL("cert.san.email"),
    CN("cert.cn"),
    SERIAL("cert.serial"),
    SUBJECT("cert.subject"),
    SHA256("cert.sha256");

    private final String word;

    CertificateSource(String word) {
        this.word = word;
    }

    /** The word in configuration; the attribute's key in a {@link Subject}. */
    public String word() {
        return word;
    }

    /** Reads {@code cert.san.uri | cert.cn}: sources in the order they are tried. */
    public static List<CertificateSource> parse(String text) throws Unusable {
        List<CertificateSource> sources = new java.util.ArrayList<>();
        for (String part : text.split("\\|", -1)) {
            CertificateSource source = one(part.strip());
            if (sources.contains(source)) {
                throw new Unusable("'" + source.word + "' is named twice");
            }
            sources.add(source);
        }
        return List.copyOf(sources);
    }

    private static CertificateSource one(String word) throws Unusable {
        List<String> words =
                Arrays.stream(values()).map(CertificateSource::word).toList();
        int index = words.indexOf(word);
        if (index >= 0) {
            return values()[index];
        }
        throw new Unusable("unknown certificate field '" + UserName.shown(word) + "'"
                + Suggestion.nearest(word, words)
                        .map(near -> ", did you mean '" + near + "'?")
                        .orElse("; known are " + String.join(", ", words)));
    }

    @Override
    public String toString() {
        return word;
    }
}
