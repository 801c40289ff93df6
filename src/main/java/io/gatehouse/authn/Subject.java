package io.gatehouse.authn;

import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is known of whoever connects: data that a policy looks at, proof of nothing.
 *
 * <p>A {@link Principal} holds the one its login made; a policy's own tests and {@code policy explain} make up others.
 *
 * @param user the user name; empty for anonymous
 * @param methods the methods that succeeded
 * @param listener the name of the listener it came in by; empty where unknown
 * @param address where it came from; null where unknown, which a policy's network condition treats as unknown
 * @param attributes every value of {@code cert.cn}, {@code cert.san.uri}, {@code cert.san.dns}, {@code cert.san.email},
 *     {@code cert.serial} (lower-case hex), {@code cert.issuer} and {@code cert.subject} (RFC 4514), {@code cert.sha256}
 *     (lower-case hex) and {@code jwt.CLAIM} (nested claims with dots, arrays as several values, {@code jwt.scope} split
 *     at spaces); a missing key is an absent attribute
 */
public record Subject(
        String user,
        Set<AuthMethod> methods,
        String listener,
        @Nullable InetAddress address,
        Map<String, List<String>> attributes) {
    public Subject {
        methods = Set.copyOf(methods);
        attributes = Map.copyOf(attributes);
    }

    /**
     * The values of an attribute as a login yields them, of what somebody wrote who makes a subject up: {@code jwt.scope} word by
     * word, fingerprints in lower case, serial numbers without
     * what leads them.
     */
    public static List<String> yielded(String attribute, List<String> written) {
        return switch (attribute) {
            case "jwt.scope" -> written.stream().flatMap(JwtClaims::words).toList();
            case "cert.sha256" ->
                written.stream().map(text -> text.toLowerCase(Locale.ROOT)).toList();
            // OpenSSL prints whole bytes
            case "cert.serial" ->
                written.stream()
                        .map(text ->
                                text.toLowerCase(Locale.ROOT).replace(":", "").replaceFirst("^0+(?=.)", ""))
                        .toList();
            default -> written;
        };
    }

    /** All values of an attribute; empty where absent. */
    public List<String> values(String attribute) {
        return attributes.getOrDefault(attribute, List.of());
    }
}
