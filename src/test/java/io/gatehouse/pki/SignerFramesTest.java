package io.gatehouse.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gatehouse.pki.EnrolmentAnswer.Granted;
import io.gatehouse.pki.EnrolmentAnswer.Refused;
import io.gatehouse.pki.EnrolmentAnswer.Waiting;
import io.gatehouse.pki.SignerFrames.Operation;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a broker and its signer say to each other: all of it is understood, and nothing else is. */
class SignerFramesTest {
    private final X509Certificate certificate;
    private final List<Object> asked = new ArrayList<>();

    SignerFramesTest() throws Exception {
        certificate = LintTest.certificateOf(TestRequest.of("pump-7").pair());
    }

    /** Writes down what it is asked, and answers what it was given. */
    private final class Recording implements Registrar {
        private final EnrolmentAnswer answer;

        Recording(EnrolmentAnswer answer) {
            this.answer = answer;
        }

        @Override
        public EnrolmentAnswer enrol(String id, String token, byte[] csr) {
            asked.add(List.of(id, token, csr.length));
            return answer;
        }

        @Override
        public EnrolmentAnswer enrol(Applicant applicant, byte[] csr) {
            asked.add(List.of(applicant, csr.length));
            return answer;
        }

        @Override
        public EnrolmentAnswer renew(X509Certificate current, byte[] csr) {
            asked.add(List.of(current, csr.length));
            return answer;
        }

        @Override
        public boolean loggedIn(BigInteger serial) {
            asked.add(serial);
            return true;
        }

        @Override
        public List<X509Certificate> authorities() {
            return List.of(certificate, certificate);
        }

        @Override
        public byte[] template() throws PkiProblem {
            throw new PkiProblem(PkiProblem.Kind.CORRUPT, "no template today");
        }

        @Override
        public Standing standing() {
            return new Standing(7, 9, 3);
        }

        @Override
        public void close() {}
    }

    private static DataInputStream in(byte[] bytes) {
        return new DataInputStream(new ByteArrayInputStream(bytes));
    }

    private byte[] applicant() {
        return SignerFrames.request(Operation.APPLICANT, out -> {
            SignerFrames.put(out, "192.0.2.1");
            SignerFrames.put(out, List.of(certificate));
            SignerFrames.put(out, new byte[300]);
        });
    }

    @Test
    void answers_ofEveryKind_areReadAsTheyWereSaid() throws Exception {
        for (EnrolmentAnswer answer : List.of(
                new Granted("pump-7", certificate, List.of("extension keyUsage"), true, 3, 9),
                new Refused("pump-7", EnrolmentFault.APPROVAL_FULL, "too many wait"),
                new Waiting("pump-7", "ab".repeat(32), true),
                new Waiting("", "", false))) {
            byte[] said = SignerFrames.serve(in(applicant()), new Recording(answer));
            assertThat(SignerFrames.readAnswer(in(said))).isEqualTo(answer);
            assertThatThrownBy(() -> SignerFrames.readAnswer(in(Arrays.copyOf(said, said.length + 1))))
                    .isInstanceOf(IOException.class);
            for (int i = 0; i < said.length; i++) {
                byte[] cut = Arrays.copyOf(said, i);
                assertThatThrownBy(() -> SignerFrames.readAnswer(in(cut))).isInstanceOf(IOException.class);
            }
        }
        assertThat(asked).containsOnly(List.of(new Applicant("192.0.2.1", List.of(certificate)), 300));
        Registrar registrar = new Recording(new Waiting("", "", false));
        byte[] problem = SignerFrames.serve(in(SignerFrames.request(Operation.TEMPLATE, out -> {})), registrar);
        assertThatThrownBy(() -> SignerFrames.readBytes(in(problem)))
                .isInstanceOfSatisfying(
                        PkiProblem.class, it -> assertThat(it.kind()).isEqualTo(PkiProblem.Kind.CORRUPT))
                .hasMessage("no template today");
        byte[] authorities = SignerFrames.serve(in(SignerFrames.request(Operation.AUTHORITIES, out -> {})), registrar);
        assertThat(SignerFrames.readCertificates(in(authorities))).hasSize(2);
        byte[] standing = SignerFrames.serve(in(SignerFrames.request(Operation.STANDING, out -> {})), registrar);
        assertThat(SignerFrames.readStanding(in(standing))).isEqualTo(new Standing(7, 9, 3));
        assertThatThrownBy(() -> SignerFrames.readBytes(in(authorities)))
                .isInstanceOf(IOException.class)
                .hasMessage("an answer to something else");
    }

    @Test
    void requests_thatAreCutOrLongerOrOfAnotherRelease_areNotServed() throws Exception {
        byte[] good = applicant();
        Registrar registrar = new Recording(new Waiting("", "", false));
        for (int i = 0; i < good.length; i++) {
            byte[] cut = Arrays.copyOf(good, i);
            assertThatThrownBy(() -> SignerFrames.serve(in(cut), registrar)).isInstanceOf(IOException.class);
        }
        assertThatThrownBy(() -> SignerFrames.serve(in(Arrays.copyOf(good, good.length + 1)), registrar))
                .hasMessage("bytes after the end");
        byte[] old = good.clone();
        old[0] = 1;
        assertThatThrownBy(() -> SignerFrames.serve(in(old), registrar)).hasMessage("version 1; this is 2");
        byte[] unknown = good.clone();
        unknown[1] = 99;
        assertThatThrownBy(() -> SignerFrames.serve(in(unknown), registrar)).isInstanceOf(IOException.class);
        assertThat(asked).isEmpty();
    }
}
