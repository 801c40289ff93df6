package io.gatehouse.pki;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * An id and its token as one text, and as the picture of it that goes with a device: with the address of the enrolment
 * service a URL that curl takes as it is, without it what curl takes after {@code -u}. Immutable.
 */
public record EnrolmentTicket(String text) {
    /** What {@link #blocks} draws with. */
    public static final String INK = "\u2580\u2584\u2588";

    private static final int PIXELS_A_MODULE = 8;

    /** @param service where devices enrol, such as {@code https://mqtt.example.com:8943}; empty: the text does not say */
    public static EnrolmentTicket of(String id, String token, Optional<String> service) throws PkiProblem {
        Profile.requireId(id);
        if (service.isEmpty()) {
            return new EnrolmentTicket(id + ":" + token);
        }
        URI uri = uri(service.get());
        String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
        String path = uri.getPath() == null || uri.getPath().matches("/?") ? "/.well-known/est" : uri.getPath();
        return new EnrolmentTicket("https://" + encoded(id) + ":" + token + "@" + uri.getHost() + port + path);
    }

    /** Tries what {@link #of} and the drawing need of everything but the token, before there is one to lose. */
    public static void require(String id, Optional<String> service) throws PkiProblem {
        of(id, StoredPassphrase.random(), service).code();
    }

    private static URI uri(String service) throws PkiProblem {
        try {
            URI uri = new URI(service);
            if ("https".equals(uri.getScheme()) && uri.getHost() != null && uri.getUserInfo() == null) {
                return uri;
            }
        } catch (URISyntaxException e) {
            // said below, like whatever else is no address of the service
        }
        throw new PkiProblem(
                PkiProblem.Kind.INPUT,
                "\"" + Profile.shown(service) + "\" is not an address such as https://mqtt.example.com:8943");
    }

    /** Of what ids are made of, these two end the user's part of a URL. */
    private static String encoded(String id) {
        return id.replace(":", "%3A").replace("@", "%40");
    }

    /** A QR code of it, as PNG. */
    public byte[] png() throws PkiProblem {
        return code().png(PIXELS_A_MODULE);
    }

    /** A QR code of it, for a terminal. */
    public String blocks() throws PkiProblem {
        return code().blocks();
    }

    private QrCode code() throws PkiProblem {
        try {
            return QrCode.of(text);
        } catch (IllegalArgumentException e) {
            throw new PkiProblem(
                    PkiProblem.Kind.INPUT,
                    "too long for a QR code: " + text.getBytes(StandardCharsets.UTF_8).length + " bytes");
        }
    }

    @Override
    public String toString() {
        return "***"; // who has the token is the device
    }
}
