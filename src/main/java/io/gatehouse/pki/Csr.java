package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.operator.DefaultAlgorithmNameFinder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.jspecify.annotations.Nullable;

/**
 * A certification request (PKCS#10, RFC 2986) whose sender has proven to hold the key. Immutable.
 *
 * <p>It gives the key and, if nobody says them otherwise, the names. Whatever else it asks for, an authority's rights or
 * another usage say, is not taken over; {@link #dropped} names it.
 */
public final class Csr {
    private static final int MAX_BYTES = 64 * 1024;
    private final PublicKey key;
    private final X500Name subject;
    private final List<String> dnsNames = new ArrayList<>();
    private final List<String> ipAddresses = new ArrayList<>();
    private final List<String> uris = new ArrayList<>();
    private final List<String> otherNames = new ArrayList<>();
    private final List<String> dropped = new ArrayList<>();

    private Csr(PublicKey key, X500Name subject) {
        this.key = key;
        this.subject = subject;
    }

    public static Csr read(Path file) throws PkiProblem {
        return parse(file.toString(), Pem.bytes(file));
    }

    /** Reads PEM or DER, and checks the proof of possession. */
    public static Csr parse(String name, byte[] bytes) throws PkiProblem {
        Parsed parsed = parsed(name, bytes);
        if (!parsed.proven()) {
            throw new PkiProblem(
                    Kind.POLICY, name + ": the signature is not by the key in it; nobody has proven to hold that key");
        }
        return parsed.csr();
    }

    /** What was read, and whether its sender has proven to hold the key: without that nobody gets to see it as a request. */
    private record Parsed(Csr csr, JcaPKCS10CertificationRequest request, boolean proven) {}

    /** What one says, for people who look at it: also one that nobody would grant. */
    static Map<String, Object> describe(String name, byte[] bytes) throws PkiProblem {
        Parsed parsed = parsed(name, bytes);
        Csr csr = parsed.csr();
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("kind", "certification request");
        fields.put("subject", csr.subject.toString());
        fields.put("commonName", csr.commonName().orElse(""));
        fields.put("key", csr.keyDescription());
        fields.put(
                "signature",
                new DefaultAlgorithmNameFinder()
                        .getAlgorithmName(parsed.request().getSignatureAlgorithm()));
        List<String> names = new ArrayList<>();
        csr.dnsNames.forEach(one -> names.add("dns:" + Profile.shown(one)));
        csr.ipAddresses.forEach(one -> names.add("ip:" + one));
        csr.uris.forEach(one -> names.add("uri:" + Profile.shown(one)));
        csr.otherNames.forEach(one -> names.add(Profile.shown(one)));
        fields.put("names", names);
        fields.put("extensions", asked(parsed.request().getRequestedExtensions()));
        fields.put("proofOfPossession", parsed.proven() ? "yes" : "no");
        if (!parsed.proven()) {
            fields.put(
                    "finding",
                    "the signature is not by the key in it: nobody has proven to hold that key; it is refused");
        }
        fields.put("notTakenForDevice", csr.dropped(Profile.DEVICE));
        return fields;
    }

    /** Which extensions it asks for, and what they say where that is short. */
    private static List<String> asked(@Nullable Extensions extensions) {
        List<String> all = new ArrayList<>();
        if (extensions == null) {
            return all;
        }
        for (ASN1ObjectIdentifier oid : extensions.getExtensionOIDs()) {
            String word = NAMES.getOrDefault(oid.getId(), oid.getId());
            String critical = extensions.getExtension(oid).isCritical() ? " (critical)" : "";
            try {
                all.add(word + said(extensions, oid) + critical);
            } catch (RuntimeException e) { // what the library throws for an extension that is none is of many kinds
                all.add(word + ": cannot be read" + critical);
            }
        }
        return all;
    }

    private static String said(Extensions extensions, ASN1ObjectIdentifier oid) {
        if (oid.equals(Extension.basicConstraints)) {
            return BasicConstraints.fromExtensions(extensions).isCA() ? ": an authority" : ": no authority";
        }
        if (oid.equals(Extension.keyUsage)) {
            return ": " + String.join(", ", Inspection.keyUsage(KeyUsage.fromExtensions(extensions)));
        }
        if (oid.equals(Extension.extendedKeyUsage)) {
            return ": "
                    + Arrays.stream(ExtendedKeyUsage.fromExtensions(extensions).getUsages())
                            .map(purpose -> Inspection.purpose(purpose.getId()))
                            .collect(Collectors.joining(", "));
        }
        return "";
    }

    private static Parsed parsed(String name, byte[] bytes) throws PkiProblem {
        if (bytes.length > MAX_BYTES) {
            throw new PkiProblem(Kind.INPUT, name + ": larger than a certification request can be");
        }
        try {
            JcaPKCS10CertificationRequest request = new JcaPKCS10CertificationRequest(decode(name, bytes));
            request.setProvider(BouncyCastle.PROVIDER);
            Csr csr = new Csr(request.getPublicKey(), request.getSubject());
            csr.sort(request);
            return new Parsed(csr, request, isProven(request));
        } catch (GeneralSecurityException | IOException e) {
            throw new PkiProblem(Kind.INPUT, name + ": not a certification request: " + e.getMessage());
        } catch (RuntimeException e) { // what the library throws for bytes that are not one is of many kinds
            throw new PkiProblem(Kind.INPUT, name + ": not a certification request");
        }
    }

    private static boolean isProven(PKCS10CertificationRequest request) {
        try {
            return request.isSignatureValid(new JcaContentVerifierProviderBuilder()
                    .setProvider(BouncyCastle.PROVIDER)
                    .build(request.getSubjectPublicKeyInfo()));
        } catch (PKCSException | OperatorCreationException e) {
            return false; // a signature that cannot be verified proves nothing
        }
    }

    private static PKCS10CertificationRequest decode(String name, byte[] bytes) throws IOException, PkiProblem {
        if (bytes.length > 0 && bytes[0] == 0x30) {
            return new PKCS10CertificationRequest(bytes);
        }
        try (PEMParser parser = new PEMParser(new StringReader(new String(bytes, StandardCharsets.US_ASCII)))) {
            if (parser.readObject() instanceof PKCS10CertificationRequest request) {
                return request;
            }
            throw new PkiProblem(Kind.INPUT, name + ": no certification request in it");
        }
    }

    private void sort(PKCS10CertificationRequest request) {
        for (RDN rdn : subject.getRDNs()) {
            if (!rdn.getFirst().getType().equals(BCStyle.CN)) {
                dropped.add("subject "
                        + BCStyle.INSTANCE.oidToDisplayName(rdn.getFirst().getType()));
            }
        }
        Extensions extensions = request.getRequestedExtensions();
        if (extensions == null) {
            return;
        }
        for (var oid : extensions.getExtensionOIDs()) {
            if (oid.equals(Extension.subjectAlternativeName)) {
                names(GeneralNames.fromExtensions(extensions, oid));
            } else {
                dropped.add("extension " + NAMES.getOrDefault(oid.getId(), oid.getId()));
            }
        }
    }

    private static final java.util.Map<String, String> NAMES = java.util.Map.of(
            Extension.basicConstraints.getId(), "basicConstraints",
            Extension.keyUsage.getId(), "keyUsage",
            Extension.extendedKeyUsage.getId(), "extendedKeyUsage",
            Extension.subjectKeyIdentifier.getId(), "subjectKeyIdentifier",
            Extension.subjectAlternativeName.getId(), "subjectAltName");

    private void names(GeneralNames asked) {
        for (GeneralName name : asked.getNames()) {
            switch (name.getTagNo()) {
                case GeneralName.dNSName -> dnsNames.add(name.getName().toString());
                case GeneralName.iPAddress -> ipAddresses.add(address(name));
                case GeneralName.uniformResourceIdentifier ->
                    uris.add(name.getName().toString());
                default -> otherNames.add(name.toString());
            }
        }
    }

    private static String address(GeneralName name) {
        byte[] octets = org.bouncycastle.asn1.ASN1OctetString.getInstance(name.getName())
                .getOctets();
        try {
            return java.net.InetAddress.getByAddress(octets).getHostAddress();
        } catch (java.net.UnknownHostException e) {
            throw new IllegalArgumentException("an address of " + octets.length + " octets", e);
        }
    }

    /**
     * What it asks of a profile.
     *
     * @param id whom it is for; if empty, its common name says it
     */
    public Request request(Profile profile, Optional<String> id, java.time.Duration validity) throws PkiProblem {
        Optional<String> named = commonName();
        if (id.isPresent()
                && named.isPresent()
                && !profile.hasHostNames()
                && !id.get().equals(named.get())) {
            throw new PkiProblem(
                    Kind.POLICY,
                    "the request is of \"" + Profile.shown(named.get()) + "\", not of \"" + Profile.shown(id.get())
                            + "\"");
        }
        String holder = id.or(() -> named)
                .orElseThrow(() -> new PkiProblem(Kind.INPUT, "the request names nobody; say who it is with --id ID"));
        return profile.hasHostNames()
                ? new Request(holder, key, dnsNames, ipAddresses, validity, null)
                : Request.client(holder, key, validity);
    }

    public Optional<String> commonName() {
        RDN[] names = subject.getRDNs(BCStyle.CN);
        return names.length == 1
                ? Optional.of(IETFUtils.valueToString(names[0].getFirst().getValue()))
                : Optional.empty();
    }

    PublicKey key() {
        return key;
    }

    /** Whether every name in it is that of one client, or it names nobody. */
    boolean namesNobodyBut(String id, String uri) {
        RDN[] commonNames = subject.getRDNs(BCStyle.CN);
        for (RDN name : commonNames) {
            if (name.isMultiValued()
                    || !IETFUtils.valueToString(name.getFirst().getValue()).equals(id)) {
                return false;
            }
        }
        return commonNames.length <= 1
                && uris.stream().allMatch(uri::equals)
                && dnsNames.stream().allMatch(id::equals)
                && ipAddresses.isEmpty()
                && otherNames.isEmpty();
    }

    String keyDescription() {
        return Curves.describe(key);
    }

    /** What a profile takes over. */
    public List<String> taken(Profile profile) {
        List<String> all = new ArrayList<>();
        all.add("key " + keyDescription());
        commonName().ifPresent(name -> all.add("subject CN=" + Profile.shown(name)));
        if (profile.hasHostNames()) {
            dnsNames.forEach(name -> all.add("name DNS:" + Profile.shown(name)));
            ipAddresses.forEach(name -> all.add("name IP:" + name));
        }
        return all;
    }

    /** What a profile does not take over; for clients that includes host names. */
    public List<String> dropped(Profile profile) {
        List<String> all = new ArrayList<>(dropped);
        uris.forEach(name -> all.add("name URI:" + Profile.shown(name)));
        otherNames.forEach(name -> all.add("name " + Profile.shown(name)));
        if (!profile.hasHostNames()) {
            dnsNames.forEach(name -> all.add("name DNS:" + Profile.shown(name)));
            ipAddresses.forEach(name -> all.add("name IP:" + name));
        }
        return all;
    }
}
