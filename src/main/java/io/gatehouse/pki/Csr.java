package io.gatehouse.pki;

import io.gatehouse.pki.PkiProblem.Kind;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;

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
        if (bytes.length > MAX_BYTES) {
            throw new PkiProblem(Kind.INPUT, name + ": larger than a certification request can be");
        }
        try {
            JcaPKCS10CertificationRequest request = new JcaPKCS10CertificationRequest(decode(name, bytes));
            request.setProvider(BouncyCastle.PROVIDER);
            if (!request.isSignatureValid(new JcaContentVerifierProviderBuilder()
                    .setProvider(BouncyCastle.PROVIDER)
                    .build(request.getSubjectPublicKeyInfo()))) {
                throw unproven(name);
            }
            Csr csr = new Csr(request.getPublicKey(), request.getSubject());
            csr.sort(request);
            return csr;
        } catch (PKCSException | OperatorCreationException e) {
            throw unproven(name);
        } catch (GeneralSecurityException | IOException e) {
            throw new PkiProblem(Kind.INPUT, name + ": not a certification request: " + e.getMessage());
        } catch (RuntimeException e) { // what the library throws for bytes that are not one is of many kinds
            throw new PkiProblem(Kind.INPUT, name + ": not a certification request");
        }
    }

    private static PkiProblem unproven(String name) {
        return new PkiProblem(
                Kind.POLICY, name + ": the signature is not by the key in it; nobody has proven to hold that key");
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
            Extension.subjectKeyIdentifier.getId(), "subjectKeyIdentifier");

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
