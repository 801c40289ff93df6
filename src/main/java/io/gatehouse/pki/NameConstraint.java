package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.NameConstraintValidatorException;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.asn1.x509.PKIXNameConstraintValidator;
import org.bouncycastle.util.IPAddress;
import org.jspecify.annotations.Nullable;

/**
 * Which hosts the authority of servers may certify (RFC 5280, 4.2.1.10): domains with all below them, and networks. Immutable.
 *
 * <p>Where no network is named, no address is permitted: a kind of name that is not mentioned would be free. Devices' certificates
 * have no host names, so that their authority has nothing to constrain.
 *
 * @param domains such as {@code example.com}, at least one
 * @param networks such as {@code 10.0.0.0/8}, of one version of IP: the validator of Java 17 compares those of both by index
 */
public record NameConstraint(List<String> domains, List<String> networks) {
    private static final String FORM = "dns:example.com, or ip:10.0.0.0/8";
    private static final String NAME_READ =
            ", which is read as a host's where a certificate has no host name (give it one: --dns HOST),";
    private static final String DOT_READ = ", which is read as a host's because of its dot,";
    private static final Pattern DOMAIN =
            Pattern.compile("[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*");
    private static final Pattern PREFIX = Pattern.compile("[0-9]{1,3}");

    public NameConstraint {
        domains = List.copyOf(domains);
        networks = List.copyOf(networks);
    }

    /**
     * @param words such as {@code dns:example.com} and {@code ip:10.0.0.0/8}
     * @throws PkiProblem naming the word that is neither; or that no domain is named
     */
    public static NameConstraint of(List<String> words) throws PkiProblem {
        List<String> domains = new ArrayList<>();
        List<String> networks = new ArrayList<>();
        for (String word : words) {
            String text = word.strip();
            if (text.startsWith("dns:") && isDomain(text.substring(4).toLowerCase(Locale.ROOT))) {
                domains.add(text.substring(4).toLowerCase(Locale.ROOT));
            } else if (text.startsWith("ip:") && isNetwork(text.substring(3))) {
                networks.add(text.substring(3));
            } else {
                throw new PkiProblem(
                        Kind.INPUT, "\"" + Profile.shown(text) + "\" is no name constraint; one is " + FORM);
            }
        }
        if (domains.isEmpty()) {
            throw new PkiProblem(
                    Kind.INPUT, "name constraints need a domain, or every host name would stay permitted: " + FORM);
        }
        if (networks.stream().map(network -> network.contains(":")).distinct().count() > 1) {
            throw new PkiProblem(
                    Kind.INPUT,
                    "name constraints with networks of both versions of IP: Java 17 fails on a certificate with an address,"
                            + " whichever it is. Name those of one");
        }
        return new NameConstraint(domains, networks);
    }

    private static boolean isDomain(String text) {
        return text.length() <= 253 && DOMAIN.matcher(text).matches() && !LintFacts.isAddress(text);
    }

    private static boolean isNetwork(String text) {
        int slash = text.indexOf('/');
        if (slash < 0 || !IPAddress.isValid(text.substring(0, slash))) {
            return false;
        }
        String prefix = text.substring(slash + 1);
        int most = text.indexOf(':') < 0 ? 32 : 128;
        return PREFIX.matcher(prefix).matches() && Integer.parseInt(prefix) <= most;
    }

    /** The value of the extension, which is critical. */
    NameConstraints extension() {
        List<GeneralSubtree> permitted = new ArrayList<>();
        domains.forEach(domain -> permitted.add(new GeneralSubtree(new GeneralName(GeneralName.dNSName, domain))));
        networks.forEach(network -> permitted.add(new GeneralSubtree(address(octets(network)))));
        if (!networks.isEmpty()) { // OpenSSL and Java take no address of the other version then; GnuTLS does
            return new NameConstraints(permitted.toArray(GeneralSubtree[]::new), null);
        }
        GeneralSubtree[] everyAddress = Stream.of(new byte[8], new byte[32])
                .map(all -> new GeneralSubtree(address(all)))
                .toArray(GeneralSubtree[]::new);
        return new NameConstraints(permitted.toArray(GeneralSubtree[]::new), everyAddress);
    }

    private static GeneralName address(byte[] addressAndMask) {
        return new GeneralName(GeneralName.iPAddress, new DEROctetString(addressAndMask));
    }

    /** Address and mask, 8 or 32 octets; the bits behind the mask are zero. */
    private static byte[] octets(String network) {
        byte[] address = bytes(network.substring(0, network.indexOf('/')));
        int prefix = Integer.parseInt(network.substring(network.indexOf('/') + 1));
        byte[] both = Arrays.copyOf(address, address.length * 2);
        for (int bit = 0; bit < address.length * 8; bit++) {
            int mask = 0x80 >> bit % 8;
            if (bit < prefix) {
                both[address.length + bit / 8] |= (byte) mask;
            } else {
                both[bit / 8] &= (byte) ~mask;
            }
        }
        return both;
    }

    private static byte[] bytes(String literal) {
        try {
            return InetAddress.getByName(literal).getAddress();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(literal, e); // it was judged before
        }
    }

    /**
     * Whether an authority may certify these hosts: nobody would take what it may not. Of a certificate without a host name, verifiers
     * read the common name as one: OpenSSL where there is a dot in it, GnuTLS any that a server has.
     *
     * @throws PkiProblem naming the one that it may not
     */
    static void require(X509Certificate authority, Permit permit) throws PkiProblem {
        Request request = permit.request();
        String name = request.id();
        boolean server = permit.profile().hasHostNames();
        if (request.dnsNames().isEmpty() && (server || name.contains("."))) {
            require(authority, List.of(name), request.ipAddresses(), server ? NAME_READ : DOT_READ);
        } else {
            require(authority, request.dnsNames(), request.ipAddresses(), "");
        }
    }

    private static void require(X509Certificate authority, List<String> hosts, List<String> addresses, String why)
            throws PkiProblem {
        byte @Nullable [] extension = authority.getExtensionValue(Extension.nameConstraints.getId());
        if (extension == null) {
            return;
        }
        PKIXNameConstraintValidator rule = new PKIXNameConstraintValidator();
        NameConstraints constraints = NameConstraints.getInstance(
                ASN1OctetString.getInstance(extension).getOctets());
        if (constraints.getPermittedSubtrees() != null) {
            rule.intersectPermittedSubtree(constraints.getPermittedSubtrees());
        }
        if (constraints.getExcludedSubtrees() != null) {
            Arrays.stream(constraints.getExcludedSubtrees()).forEach(rule::addExcludedSubtree);
        }
        for (String host : hosts) {
            // a wildcard stands for every name below it
            String name = host.startsWith("*.") ? host.substring(2) : host;
            require(rule, GeneralName.dNSName, name, "\"" + host + "\"" + why, constraints);
        }
        for (String address : addresses) {
            require(rule, GeneralName.iPAddress, address, "\"" + address + "\"", constraints);
        }
    }

    private static void require(
            PKIXNameConstraintValidator rule, int type, String name, String shown, NameConstraints constraints)
            throws PkiProblem {
        try {
            rule.checkPermitted(new GeneralName(type, name));
            rule.checkExcluded(new GeneralName(type, name));
        } catch (NameConstraintValidatorException e) {
            List<String> words = words(constraints);
            throw new PkiProblem(
                    Kind.POLICY,
                    shown + " is outside what this authority may certify (its name constraints): "
                            + (words.isEmpty() ? "it is excluded" : String.join(", ", words)));
        }
    }

    /** Whether it limits what is not judged here: URIs, and names of other kinds than hosts' and addresses. */
    static boolean isOfOtherNames(X509Certificate authority) {
        byte @Nullable [] extension = authority.getExtensionValue(Extension.nameConstraints.getId());
        if (extension == null) {
            return false;
        }
        NameConstraints constraints = NameConstraints.getInstance(
                ASN1OctetString.getInstance(extension).getOctets());
        return Stream.of(constraints.getPermittedSubtrees(), constraints.getExcludedSubtrees())
                .filter(Objects::nonNull)
                .flatMap(Arrays::stream)
                .map(subtree -> subtree.getBase().getTagNo())
                .anyMatch(tag -> tag != GeneralName.dNSName && tag != GeneralName.iPAddress);
    }

    /** As {@code --name-constraints} takes them; what is excluded is left out. */
    static List<String> words(X509Certificate authority) {
        byte @Nullable [] extension = authority.getExtensionValue(Extension.nameConstraints.getId());
        return extension == null
                ? List.of()
                : words(NameConstraints.getInstance(
                        ASN1OctetString.getInstance(extension).getOctets()));
    }

    private static List<String> words(NameConstraints constraints) {
        GeneralSubtree @Nullable [] permitted = constraints.getPermittedSubtrees();
        return permitted == null
                ? List.of()
                : Arrays.stream(permitted)
                        .map(GeneralSubtree::getBase)
                        .map(base -> switch (base.getTagNo()) {
                            case GeneralName.dNSName -> "dns:" + base.getName();
                            case GeneralName.iPAddress ->
                                "ip:"
                                        + network(ASN1OctetString.getInstance(base.getName())
                                                .getOctets());
                            default -> base.toString();
                        })
                        .toList();
    }

    private static String network(byte[] both) {
        int half = both.length / 2;
        int prefix = 0;
        for (int i = half; i < both.length; i++) {
            prefix += Integer.bitCount(both[i] & 0xFF);
        }
        try {
            return InetAddress.getByAddress(Arrays.copyOf(both, half)).getHostAddress() + "/" + prefix;
        } catch (UnknownHostException e) {
            return "?"; // of no length that an address has
        }
    }
}
