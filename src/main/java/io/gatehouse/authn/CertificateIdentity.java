package io.gatehouse.authn;

import java.net.URI;
import java.net.URISyntaxException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Who a certificate says its holder is: one user name or a refusal, and what a policy can ask of it. Stateless.
 *
 * <p>The certificate was accepted by the handshake before. A field that occurs more than once is refused, not picked
 * from: whoever signed two names into one certificate has not said which one counts here.
 *
 * @param user the name, after every rule for names
 */
record CertificateIdentity(String user, Map<String, List<String>> attributes) {

    static CertificateIdentity of(X509Certificate certificate, CertificateLogin settings) throws CertificateFault {
        Map<String, List<String>> attributes = CertificateAttributes.of(certificate);
        for (CertificateSource source : settings.user()) {
            List<String> values = attributes.getOrDefault(source.word(), List.of());
            if (values.size() > 1) {
                throw new CertificateFault("it has " + values.size() + " values of " + source + ", not one");
            }
            if (values.size() == 1) {
                return new CertificateIdentity(name(source, values.get(0), settings), attributes);
            }
        }
        throw new CertificateFault("it has none of "
                + String.join(
                        ", ",
                        settings.user().stream().map(CertificateSource::word).toList()));
    }

    private static String name(CertificateSource source, String value, CertificateLogin settings)
            throws CertificateFault {
        String name = switch (source) {
            case SAN_URI -> uri(value, settings);
            case SAN_DNS -> host(value);
            case SAN_EMAIL -> mail(value);
            default -> value;
        };
        boolean spiffe = source == CertificateSource.SAN_URI && isSpiffe(value);
        int maxBytes = spiffe ? CertificateLogin.MAX_SPIFFE_BYTES : settings.maxBytes();
        Optional<String> fault = UserName.fault(name, maxBytes);
        if (fault.isPresent()) {
            throw new CertificateFault("the name in its " + source + " " + fault.get());
        }
        return name;
    }

    private static String uri(String value, CertificateLogin settings) throws CertificateFault {
        if (isSpiffe(value)) {
            requireSpiffe(value, settings);
            return value;
        }
        String prefix = settings.uriPrefix();
        if (prefix == null) {
            return value;
        }
        if (!value.startsWith(prefix)) {
            throw new CertificateFault("its cert.san.uri '" + UserName.shown(value) + "' does not begin with '"
                    + UserName.shown(prefix) + "'");
        }
        return value.substring(prefix.length());
    }

    private static boolean isSpiffe(String value) {
        return value.regionMatches(true, 0, "spiffe:", 0, "spiffe:".length());
    }

    /** SPIFFE-ID, section 2: scheme, trust domain and path and nothing else. */
    private static void requireSpiffe(String value, CertificateLogin settings) throws CertificateFault {
        String shown = "its SPIFFE identifier '" + UserName.shown(value) + "' ";
        String domain = settings.spiffeTrustDomain();
        if (domain == null) {
            throw new CertificateFault(shown + "is of a trust domain that is not configured (spiffe_trust_domain)");
        }
        try {
            URI uri = new URI(value);
            if (!"spiffe".equals(uri.getScheme())
                    || uri.getRawQuery() != null
                    || uri.getRawFragment() != null
                    || !domain.equals(uri.getRawAuthority())) {
                throw new CertificateFault(shown + "is not spiffe://" + domain + "/...");
            }
            String path = uri.getRawPath();
            if (!path.startsWith("/")) {
                throw new CertificateFault(shown + "has no path");
            }
            for (String segment : path.substring(1).split("/", -1)) {
                if (!segment.matches("[A-Za-z0-9._-]+") || segment.equals(".") || segment.equals("..")) {
                    throw new CertificateFault(shown + "has a segment that is empty, a dot, or of other characters");
                }
            }
        } catch (URISyntaxException e) {
            throw new CertificateFault(shown + "is not a URI");
        }
    }

    private static String host(String value) throws CertificateFault {
        if (value.startsWith("*")) {
            throw new CertificateFault("its cert.san.dns '" + UserName.shown(value) + "' names many hosts, not one");
        }
        return value.toLowerCase(Locale.ROOT);
    }

    /** The domain is the same in either case, the part before the at sign is not (RFC 5321 2.4). */
    private static String mail(String value) throws CertificateFault {
        int at = value.lastIndexOf('@');
        if (at <= 0 || at == value.length() - 1) {
            throw new CertificateFault("its cert.san.email '" + UserName.shown(value) + "' is no address");
        }
        return value.substring(0, at) + value.substring(at).toLowerCase(Locale.ROOT);
    }
}
