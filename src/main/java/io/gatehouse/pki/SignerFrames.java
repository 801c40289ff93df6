package io.gatehouse.pki;

import io.gatehouse.pki.EnrolmentAnswer.Granted;
import io.gatehouse.pki.EnrolmentAnswer.Refused;
import io.gatehouse.pki.EnrolmentAnswer.Waiting;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/**
 * What a broker and its signer say to each other: one request and one answer a connection, each a length and so many bytes.
 * Stateless.
 *
 * <p>Whatever does not read to its last byte as one of these is refused whole.
 */
final class SignerFrames {
    private static final byte VERSION = 2;
    private static final int MAX_BYTES = 256 << 10;
    private static final int MAX_LIST = 64;

    private SignerFrames() {}

    /** What may be asked, in the order of the numbers that stand for it. */
    enum Operation {
        TOKEN,
        APPLICANT,
        RENEW,
        LOGGED_IN,
        AUTHORITIES,
        TEMPLATE,
        STANDING
    }

    /** How an answer begins, in the order of the numbers that stand for it. */
    private enum Kind {
        GRANTED,
        REFUSED,
        WAITING,
        TRUTH,
        CERTIFICATES,
        BYTES,
        STANDING,
        PROBLEM
    }

    /** Writes the fields of a frame. */
    @FunctionalInterface
    interface Fields {
        void write(DataOutputStream out) throws IOException;
    }

    // frames

    static byte[] request(Operation operation, Fields fields) {
        return bytes(out -> {
            out.writeByte(VERSION);
            out.writeByte(operation.ordinal());
            fields.write(out);
        });
    }

    private static byte[] bytes(Fields fields) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            fields.write(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // into memory
        }
        return bytes.toByteArray();
    }

    static void send(SocketChannel channel, byte[] frame) throws IOException {
        ByteBuffer all = ByteBuffer.allocate(Integer.BYTES + frame.length)
                .putInt(frame.length)
                .put(frame)
                .flip();
        while (all.hasRemaining()) {
            channel.write(all);
        }
    }

    static DataInputStream receive(SocketChannel channel) throws IOException {
        ByteBuffer length = fill(channel, ByteBuffer.allocate(Integer.BYTES));
        int bytes = length.getInt();
        if (bytes < 0 || bytes > MAX_BYTES) {
            throw new IOException("a frame of " + bytes + " bytes");
        }
        ByteBuffer frame = fill(channel, ByteBuffer.allocate(bytes));
        return new DataInputStream(new ByteArrayInputStream(frame.array()));
    }

    private static ByteBuffer fill(SocketChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new EOFException("the other side has gone");
            }
        }
        return buffer.flip();
    }

    // fields

    static void put(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    static void put(DataOutputStream out, String text) throws IOException {
        put(out, text.getBytes(StandardCharsets.UTF_8));
    }

    static void put(DataOutputStream out, List<X509Certificate> certificates) throws IOException {
        out.writeInt(certificates.size());
        for (X509Certificate certificate : certificates) {
            try {
                put(out, certificate.getEncoded());
            } catch (CertificateEncodingException e) {
                throw new IOException(e);
            }
        }
    }

    private static byte[] take(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > in.available()) {
            throw new IOException("a field of " + length + " bytes");
        }
        return in.readNBytes(length);
    }

    private static String text(DataInputStream in) throws IOException {
        return new String(take(in), StandardCharsets.UTF_8);
    }

    private static int count(DataInputStream in) throws IOException {
        int count = in.readInt();
        if (count < 0 || count > MAX_LIST) {
            throw new IOException("a list of " + count);
        }
        return count;
    }

    private static List<X509Certificate> certificates(DataInputStream in) throws IOException {
        List<X509Certificate> certificates = new ArrayList<>();
        for (int left = count(in); left > 0; left--) {
            certificates.add(certificate(in));
        }
        return certificates;
    }

    private static X509Certificate certificate(DataInputStream in) throws IOException {
        try {
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(take(in)));
        } catch (CertificateException e) {
            throw new IOException("not a certificate", e);
        }
    }

    private static <E extends Enum<E>> E one(DataInputStream in, E[] all) throws IOException {
        int number = in.readUnsignedByte();
        if (number >= all.length) {
            throw new IOException("number " + number + " of " + all.length);
        }
        return all[number];
    }

    private static void requireEnd(DataInputStream in) throws IOException {
        if (in.available() > 0) {
            throw new IOException("bytes after the end");
        }
    }

    // the signer's side

    /** Reads a request, asks the registrar, and makes the answer's frame. */
    static byte[] serve(DataInputStream in, Registrar registrar) throws IOException {
        int version = in.readByte();
        if (version != VERSION) {
            throw new IOException("version " + version + "; this is " + VERSION);
        }
        switch (one(in, Operation.values())) {
            case TOKEN -> {
                String id = text(in);
                String token = text(in);
                byte[] csr = take(in);
                requireEnd(in);
                return answer(registrar.enrol(id, token, csr));
            }
            case APPLICANT -> {
                Applicant applicant = new Applicant(text(in), certificates(in));
                byte[] csr = take(in);
                requireEnd(in);
                return answer(registrar.enrol(applicant, csr));
            }
            case RENEW -> {
                X509Certificate current = certificate(in);
                byte[] csr = take(in);
                requireEnd(in);
                return answer(registrar.renew(current, csr));
            }
            case LOGGED_IN -> {
                BigInteger serial = new BigInteger(1, take(in));
                requireEnd(in);
                try {
                    boolean first = registrar.loggedIn(serial);
                    return bytes(out -> {
                        out.writeByte(Kind.TRUTH.ordinal());
                        out.writeBoolean(first);
                    });
                } catch (PkiProblem e) {
                    return problem(e);
                }
            }
            case AUTHORITIES -> {
                requireEnd(in);
                try {
                    List<X509Certificate> authorities = registrar.authorities();
                    return bytes(out -> {
                        out.writeByte(Kind.CERTIFICATES.ordinal());
                        put(out, authorities);
                    });
                } catch (PkiProblem e) {
                    return problem(e);
                }
            }
            case TEMPLATE -> {
                requireEnd(in);
                try {
                    byte[] template = registrar.template();
                    return bytes(out -> {
                        out.writeByte(Kind.BYTES.ordinal());
                        put(out, template);
                    });
                } catch (PkiProblem e) {
                    return problem(e);
                }
            }
            case STANDING -> {
                requireEnd(in);
                try {
                    Standing standing = registrar.standing();
                    return bytes(out -> {
                        out.writeByte(Kind.STANDING.ordinal());
                        out.writeInt(standing.today());
                        out.writeInt(standing.perDay());
                        out.writeInt(standing.waiting());
                    });
                } catch (PkiProblem e) {
                    return problem(e);
                }
            }
        }
        throw new IOException("nothing that is answered");
    }

    private static byte[] answer(EnrolmentAnswer answer) {
        return bytes(out -> {
            if (answer instanceof Granted granted) {
                out.writeByte(Kind.GRANTED.ordinal());
                put(out, granted.id());
                put(out, List.of(granted.certificate()));
                List<String> dropped =
                        granted.dropped().stream().limit(MAX_LIST).toList();
                out.writeInt(dropped.size());
                for (String one : dropped) {
                    put(out, one);
                }
                out.writeBoolean(granted.again());
                out.writeInt(granted.today());
                out.writeInt(granted.perDay());
            } else if (answer instanceof Refused refused) {
                out.writeByte(Kind.REFUSED.ordinal());
                put(out, refused.id());
                out.writeByte(refused.fault().ordinal());
                put(out, refused.detail());
            } else if (answer instanceof Waiting waiting) {
                out.writeByte(Kind.WAITING.ordinal());
                put(out, waiting.id());
                put(out, waiting.fingerprint());
                out.writeBoolean(waiting.first());
            }
        });
    }

    private static byte[] problem(PkiProblem problem) {
        return bytes(out -> {
            out.writeByte(Kind.PROBLEM.ordinal());
            out.writeByte(problem.kind().ordinal());
            put(out, String.valueOf(problem.getMessage()));
        });
    }

    // the broker's side

    static EnrolmentAnswer readAnswer(DataInputStream in) throws IOException, PkiProblem {
        Kind kind = one(in, Kind.values());
        if (kind == Kind.REFUSED) {
            Refused refused = new Refused(text(in), one(in, EnrolmentFault.values()), text(in));
            requireEnd(in);
            return refused;
        }
        if (kind == Kind.WAITING) {
            Waiting waiting = new Waiting(text(in), text(in), in.readBoolean());
            requireEnd(in);
            return waiting;
        }
        require(in, kind, Kind.GRANTED);
        String id = text(in);
        List<X509Certificate> one = certificates(in);
        List<String> dropped = new ArrayList<>();
        for (int left = count(in); left > 0; left--) {
            dropped.add(text(in));
        }
        Granted granted = new Granted(id, one.get(0), dropped, in.readBoolean(), in.readInt(), in.readInt());
        requireEnd(in);
        return granted;
    }

    static boolean readTruth(DataInputStream in) throws IOException, PkiProblem {
        require(in, one(in, Kind.values()), Kind.TRUTH);
        boolean truth = in.readBoolean();
        requireEnd(in);
        return truth;
    }

    static List<X509Certificate> readCertificates(DataInputStream in) throws IOException, PkiProblem {
        require(in, one(in, Kind.values()), Kind.CERTIFICATES);
        List<X509Certificate> certificates = certificates(in);
        requireEnd(in);
        return certificates;
    }

    static byte[] readBytes(DataInputStream in) throws IOException, PkiProblem {
        require(in, one(in, Kind.values()), Kind.BYTES);
        byte[] bytes = take(in);
        requireEnd(in);
        return bytes;
    }

    static Standing readStanding(DataInputStream in) throws IOException, PkiProblem {
        require(in, one(in, Kind.values()), Kind.STANDING);
        Standing standing = new Standing(in.readInt(), in.readInt(), in.readInt());
        requireEnd(in);
        return standing;
    }

    private static void require(DataInputStream in, Kind found, Kind wanted) throws IOException, PkiProblem {
        if (found == Kind.PROBLEM) {
            throw new PkiProblem(one(in, PkiProblem.Kind.values()), text(in));
        }
        if (found != wanted) {
            throw new IOException("an answer to something else");
        }
    }
}
