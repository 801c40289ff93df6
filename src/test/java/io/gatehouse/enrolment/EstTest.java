package io.gatehouse.enrolment;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.enrolment.EstClient.Answer;
import io.gatehouse.pki.Authority;
import io.gatehouse.pki.Csr;
import io.gatehouse.pki.Holds;
import io.gatehouse.pki.Inventory;
import io.gatehouse.pki.Pem;
import io.gatehouse.pki.Profile;
import io.gatehouse.pki.RevocationReason;
import io.gatehouse.pki.TestRequest;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLSocket;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.est.CSRAttributesResponse;
import org.bouncycastle.est.ESTService;
import org.bouncycastle.est.jcajce.JcaHttpAuthBuilder;
import org.bouncycastle.est.jcajce.JsseESTServiceBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** EST as devices speak it, over real TLS: with BouncyCastle's client, and byte by byte. */
class EstTest {
    @TempDir
    private static Path temp;

    private static EstHouse house;
    private static Authority maker;
    private static TestRequest makersDevice;
    private static X509Certificate makersCertificate;

    @BeforeAll
    static void open() throws Exception {
        char[] passphrase = "a passphrase for tests".toCharArray();
        maker = Authority.create(temp.resolve("maker"), "Pump Works", passphrase, Clock.systemUTC());
        makersDevice = TestRequest.of("SN-1");
        makersCertificate = made(makersDevice);
        Files.writeString(temp.resolve("maker.pem"), Pem.of(maker.deviceIssuer()));
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(makersCertificate.getEncoded());
        Files.writeString(
                temp.resolve("devices.csv"),
                "sha256,id,serial_number\n" + HexFormat.of().formatHex(hash) + ",pump-maker,SN-1\n");
        house = new EstHouse(temp, """
                  embedded: true
                  manufacturers: {authorities: maker.pem, devices: devices.csv}
                """);
    }

    /** What a manufacturer puts into a device. */
    private static X509Certificate made(TestRequest request) throws Exception {
        Csr csr = Csr.parse("it", request.der());
        return maker.certify(
                        Profile.DEVICE.permit(csr.request(Profile.DEVICE, Optional.empty(), Duration.ofDays(900))),
                        false)
                .certificate();
    }

    @AfterAll
    static void close() {
        house.close();
        maker.close();
    }

    private static EstClient client() throws Exception {
        return new EstClient(house.tls(null), house.estPort());
    }

    private static EstClient client(TestRequest request, X509Certificate certificate) throws Exception {
        return new EstClient(house.tls(request.pair(), certificate), house.estPort());
    }

    private static void refused(Answer answer, int status, String word, String id) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(answer.body()).startsWith(word + ": ").hasLineCount(1);
        assertThat(house.awaitAudit(word, id)).containsEntry("via", "est");
        assertThat(house.enrolments(word)).isPositive();
    }

    private static ESTService bouncyCastle(javax.net.ssl.KeyManager... keys) throws Exception {
        JsseESTServiceBuilder builder = new JsseESTServiceBuilder("localhost:" + house.estPort(), house.trust());
        builder.withKeyManagers(keys).withTimeout(30_000);
        return builder.build();
    }

    private static X509Certificate first(org.bouncycastle.util.Store<X509CertificateHolder> store) throws Exception {
        return new JcaX509CertificateConverter().getCertificate(ESTService.storeToArray(store)[0]);
    }

    @Test
    void bouncyCastlesClient_readsAuthoritiesAndTemplate_andEnrolsByToken() throws Exception {
        ESTService service = bouncyCastle();
        assertThat(ESTService.storeToArray(service.getCACerts().getCertificateStore()))
                .extracting(holder -> holder.getSubject().toString())
                .containsExactlyInAnyOrder(
                        "O=Greenhouses,CN=Gatehouse Root CA", "O=Greenhouses,CN=Gatehouse Device CA");
        CSRAttributesResponse attributes = service.getCSRAttributes().getAttributesResponse();
        assertThat(attributes.getRequirements())
                .contains(
                        new ASN1ObjectIdentifier("1.2.840.113549.1.9.16.2.61"),
                        new ASN1ObjectIdentifier("1.2.840.10045.2.1"));

        TestRequest request = TestRequest.of("pump-bc");
        X509Certificate certificate = first(service.simpleEnroll(
                        false,
                        new PKCS10CertificationRequest(request.der()),
                        new JcaHttpAuthBuilder(
                                        "enrolment",
                                        "pump-bc",
                                        house.token("pump-bc").toCharArray())
                                .setNonceGenerator(new java.security.SecureRandom())
                                .setProvider(new BouncyCastleProvider())
                                .build())
                .getStore());
        assertThat(certificate.getSubjectX500Principal().getName()).contains("CN=pump-bc");
        certificate.verify(Pem.certificates(house.pki.resolve("trust/device-ca.pem"))
                .get(0)
                .getPublicKey());
        assertThat(house.state(certificate)).isEqualTo(Inventory.State.PENDING);

        java.security.KeyStore own = java.security.KeyStore.getInstance("PKCS12");
        own.load(null, null);
        own.setKeyEntry("own", request.pair().getPrivate(), new char[0], new X509Certificate[] {certificate});
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(own, new char[0]);
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> bouncyCastle(keys.getKeyManagers())
                        .simpleEnroll(
                                true,
                                new PKCS10CertificationRequest(
                                        TestRequest.of("pump-bc").der()),
                                null))
                .hasMessageContaining("403");
        house.awaitAudit("too_early", "pump-bc");
    }

    @Test
    void template_isWhatTheStandardSays() throws Exception {
        Answer answer = client().get("csrattrs");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.head()).contains("application/csrattrs");
        var all = org.bouncycastle.asn1.ASN1Sequence.getInstance(
                java.util.Base64.getMimeDecoder().decode(answer.body()));
        var template = org.bouncycastle.asn1.ASN1Sequence.getInstance(all.getObjectAt(0));
        assertThat(template.getObjectAt(0)).hasToString("1.2.840.113549.1.9.16.2.61");
        var info = org.bouncycastle.asn1.ASN1Sequence.getInstance(
                org.bouncycastle.asn1.ASN1Set.getInstance(template.getObjectAt(1))
                        .getObjectAt(0));
        assertThat(info.getObjectAt(0)).hasToString("0"); // version
        assertThat(info.getObjectAt(1)).hasToString("[[[2.5.4.3]]]"); // a common name, to be filled in
        var key = org.bouncycastle.asn1.ASN1TaggedObject.getInstance(info.getObjectAt(2));
        assertThat(key.getTagNo()).isZero();
        var attributes = org.bouncycastle.asn1.ASN1TaggedObject.getInstance(info.getObjectAt(3));
        assertThat(attributes.getTagNo()).isOne();
        assertThat(org.bouncycastle.asn1.ASN1Set.getInstance(attributes, false)
                        .getObjectAt(0)
                        .toString())
                .contains("1.2.840.113549.1.9.16.2.62", "2.5.29.17");
    }

    @Test
    void enrol_byAManufacturersCertificateOnTheList_isGranted_andByOneThatIsNot_refused() throws Exception {
        TestRequest request = TestRequest.of("pump-maker");
        Answer answer = client(makersDevice, makersCertificate).post("simpleenroll", request.der());
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.certificate().getSubjectX500Principal().toString()).contains("CN=pump-maker", "SN-1");

        try (Authority authority = house.authority()) {
            authority.revoke(authority.inventory().byId("pump-maker"), RevocationReason.CERTIFICATE_HOLD);
        }
        refused(
                client(makersDevice, makersCertificate)
                        .post("simpleenroll", TestRequest.of("pump-maker").der()),
                403,
                "cert_held",
                "pump-maker");

        TestRequest stranger = TestRequest.of("SN-2");
        X509Certificate unlisted = made(stranger);
        refused(
                client(stranger, unlisted)
                        .post("simpleenroll", TestRequest.of("pump-x").der()),
                403,
                "not_listed",
                "");
        refused(
                client(stranger, unlisted)
                        .post("simplereenroll", TestRequest.of("SN-2").der()),
                403,
                "cert_unknown",
                "");
    }

    @Test
    void requests_thatAreNotGood_areRefusedWithCodeWordAuditAndFigure_andNothingIsIssued() throws Exception {
        String token = house.token("pump-bad");
        String other = house.token("pump-other");
        byte[] good = TestRequest.of("pump-bad").der();
        Answer challenge = client().post("simpleenroll", good);
        assertThat(challenge.status()).isEqualTo(401);
        assertThat(challenge.head()).containsIgnoringCase("www-authenticate: Basic realm=");
        refused(client().post("simpleenroll", good, "Authorization: Bearer x"), 401, "unauthenticated", "");
        refused(client().enrol("pump-bad", "0".repeat(26), good), 401, "token_refused", "pump-bad");
        refused(client().enrol("pump-bad", other, good), 401, "token_refused", "pump-bad");
        refused(
                client().enrol("pump-bad", token, TestRequest.of("pump-bad").unproven()),
                400,
                "csr_unproven",
                "pump-bad");
        refused(
                client().send(
                                "POST",
                                "simpleenroll",
                                "!".getBytes(StandardCharsets.US_ASCII),
                                EstClient.basic("pump-bad", token)),
                400,
                "csr_malformed",
                "");
        refused(client().enrol("pump-bad", token, new byte[] {1, 2, 3}), 400, "csr_malformed", "pump-bad");
        refused(
                client().enrol("pump-bad", token, TestRequest.of("pump-other").der()),
                403,
                "name_mismatch",
                "pump-bad");
        refused(
                client().enrol(
                                "pump-bad",
                                token,
                                TestRequest.rsa("pump-bad", 2048).der()),
                403,
                "key_weak",
                "pump-bad");
        TestRequest taken = TestRequest.of("pump-taken");
        assertThat(client().enrol("pump-taken", house.token("pump-taken"), taken.der())
                        .status())
                .isEqualTo(200);
        refused(client().enrol("pump-bad", token, taken.as("pump-bad").der()), 409, "key_taken", "pump-bad");
        refused(client().post("simplereenroll", good), 403, "cert_none", "");
        for (String type : List.of("text/plain", "application/pkcs10x", "multipart/form-data; boundary=x")) {
            String header = "Content-Type: " + type;
            refused(
                    client().post("simpleenroll", good, EstClient.basic("pump-bad", token), header),
                    415,
                    "content_type",
                    "");
        }
        assertThat(client().get("simpleenroll").status()).isEqualTo(405);
        assertThat(client().post("cacerts", good).status()).isEqualTo(405);
        assertThat(client().post("serverkeygen", good).status()).isEqualTo(501);
        assertThat(client().post("fullcmc", good).status()).isEqualTo(501);
        assertThat(client().get("../../etc/passwd").status()).isEqualTo(404);
        assertThat(Authority.view(house.pki).byId("pump-bad")).isEmpty();

        Answer answer = client().post(
                        "simpleenroll",
                        TestRequest.of("pump-bad")
                                .with(Extension.basicConstraints, new BasicConstraints(true))
                                .with(Extension.extendedKeyUsage, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth))
                                .with(Extension.keyUsage, new KeyUsage(KeyUsage.keyCertSign))
                                .der(),
                        EstClient.basic("pump-bad", token.toUpperCase(java.util.Locale.ROOT)), // people type it
                        "Content-Type: Application/PKCS10; charset=us-ascii");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.certificate().getBasicConstraints()).isNegative();
        assertThat(answer.certificate().getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.2");
        assertThat(answer.certificate().getKeyUsage())
                .containsExactly(true, false, false, false, false, false, false, false, false);
        assertThat(house.awaitAudit("granted", "pump-bad").get("detail").toString())
                .contains("basicConstraints", "extendedKeyUsage", "keyUsage");
    }

    @Test
    void renew_byARevokedCertificate_isRefused() throws Exception {
        TestRequest request = TestRequest.of("pump-gone");
        X509Certificate certificate = client().enrol("pump-gone", house.token("pump-gone"), request.der())
                .certificate();
        try (Authority authority = house.authority()) {
            authority.revoke(authority.inventory().byId("pump-gone"), RevocationReason.KEY_COMPROMISE);
        }
        refused(
                client(request, certificate)
                        .post("simplereenroll", TestRequest.of("pump-gone").der()),
                403,
                "cert_revoked",
                "pump-gone");
    }

    @Test
    void renew_byACertificateOnHold_isRefused_untilItIsReleased() throws Exception {
        TestRequest request = TestRequest.of("pump-held");
        X509Certificate certificate = client().enrol("pump-held", house.token("pump-held"), request.der())
                .certificate();
        EstClient renewing = client(request, certificate);
        try (Authority authority = house.authority()) {
            authority.revoke(authority.inventory().byId("pump-held"), RevocationReason.CERTIFICATE_HOLD);
        }
        byte[] next = TestRequest.of("pump-held").der();
        refused(renewing.post("simplereenroll", next), 403, "cert_held", "pump-held");
        try (Authority authority = house.authority()) {
            Holds.lift(authority, authority.inventory().byId("pump-held"));
        }
        assertThat(renewing.post("simplereenroll", next).body())
                .as("released: judged as any other")
                .startsWith("too_early: ");
    }

    @Test
    void enrol_manyAtOnceWithOneToken_yieldsOneCertificate() throws Exception {
        String token = house.token("pump-race");
        List<Callable<Integer>> tries = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            byte[] csr = TestRequest.of("pump-race").der();
            EstClient client = client();
            tries.add(() -> client.enrol("pump-race", token, csr).status());
        }
        ExecutorService pool = Executors.newFixedThreadPool(6);
        try {
            List<Integer> statuses = new ArrayList<>();
            for (var one : pool.invokeAll(tries)) {
                statuses.add(one.get());
            }
            assertThat(statuses).containsExactlyInAnyOrder(200, 401, 401, 401, 401, 401);
        } finally {
            pool.shutdownNow();
        }
        assertThat(Authority.view(house.pki).byId("pump-race")).hasSize(1);
    }

    @Test
    void body_thatIsTooLargeOrTooSlow_andTooManyRequests_areRefused() throws Exception {
        refused(
                client().send("POST", "simpleenroll", new byte[(64 << 10) + 1], EstClient.basic("a", "b")),
                413,
                "too_large",
                "");
        try (SSLSocket socket = client().connect()) {
            socket.getOutputStream()
                    .write("POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\nMII"
                            .getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().flush();
            refused(EstClient.read(socket), 408, "too_slow", "");
        }
        InetAddress one = InetAddress.getByName("127.9.9.9");
        List<Integer> statuses = new ArrayList<>();
        for (int i = 0; i < 25 && !statuses.contains(429); i++) {
            statuses.add(client().from(one).get("csrattrs").status());
        }
        assertThat(statuses)
                .startsWith(200, 200, 200, 200, 200, 200, 200, 200, 200, 200)
                .contains(429);
        house.awaitAudit("rate", "");
    }

    @Test
    void connections_thatAreTurnedAway_takeNoPlaceOfOthers() throws Exception {
        InetAddress one = InetAddress.getByName("127.9.9.8");
        for (int i = 0; i < 400; i++) { // more than are open at once; all but the first thirty and a few are too many
            try (Socket socket = new Socket()) {
                socket.bind(new InetSocketAddress(one, 0));
                socket.connect(new InetSocketAddress("127.0.0.1", house.estPort()), 10_000);
            }
        }
        assertThat(client().get("cacerts").status()).isEqualTo(200);
    }
}
