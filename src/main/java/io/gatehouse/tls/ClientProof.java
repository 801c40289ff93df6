package io.gatehouse.tls;

import io.gatehouse.tls.CertificateRefused.Code;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a client of TLS 1.2 signs with to prove that it holds its key (CertificateVerify: RFC 5246, 7.4.8). Confined to the
 * connection's event loop.
 *
 * <p>BoringSSL takes RSA with SHA-1 there and cannot be told not to, which RFC 9155 forbids; in TLS 1.3 no engine does, and the
 * message is encrypted. The hashes that are let through are named; all others are refused.
 */
public final class ClientProof extends ClearHandshake {
    private static final int CERTIFICATE = 11;
    private static final int CERTIFICATE_VERIFY = 15;

    // the first octet of a SignatureAndHashAlgorithm (RFC 5246, 7.4.1.4.1), and of what names both at once (RFC 8446,
    // 4.2.3)
    private static final int SHA_256 = 4;
    private static final int SHA_512 = 6;
    private static final int INTRINSIC = 8;

    private static final int FATAL = 2;
    private static final int INSUFFICIENT_SECURITY = 71;

    /** More than the longest chain that an engine takes, and its proof. */
    private static final int MOST = 64 << 10;

    private byte @Nullable [] certificate;
    private @Nullable CertificateRefused refusal;

    public ClientProof() {
        super(MOST);
    }

    @Override
    void message(int type, ByteBuffer body) {
        if (type == CERTIFICATE) {
            certificate = first(body);
        } else if (type == CERTIFICATE_VERIFY) {
            int algorithm = body.remaining() < 2 ? 0 : body.getShort() & 0xFFFF;
            int hash = algorithm >> 8;
            if (hash < SHA_256 || hash > SHA_512 && hash != INTRINSIC) {
                refuse("the client proves its key with "
                        + switch (hash) {
                            case 1 -> "MD5";
                            case 2 -> "SHA-1";
                            case 3 -> "SHA-224";
                            default -> "algorithm 0x" + HexFormat.of().toHexDigits((short) algorithm);
                        });
            }
            end();
        }
    }

    /** Behind a ChangeCipherSpec all is encrypted; an alert says nothing here. */
    @Override
    void other(int recordType) {
        if (recordType != ALERT) {
            end();
        }
    }

    @Override
    void tooLong() {
        refuse("the client sends more than " + MOST + " bytes before its proof");
    }

    private void refuse(String why) {
        refusal = new CertificateRefused(Code.CERT_WEAK_PROOF, parsed(certificate), why);
    }

    /** The leaf of a list of certificates (RFC 5246, 7.4.2); null: none. */
    private static byte @Nullable [] first(ByteBuffer body) {
        if (body.remaining() < 6) {
            return null;
        }
        int length = body.getInt(body.position() + 2) & 0xFFFFFF;
        if (length > body.remaining() - 6) {
            return null;
        }
        byte[] leaf = new byte[length];
        body.get(body.position() + 6, leaf);
        return leaf;
    }

    private static @Nullable X509Certificate parsed(byte @Nullable [] encoded) {
        if (encoded == null) {
            return null;
        }
        try {
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(encoded));
        } catch (CertificateException e) {
            return null; // the refusal is told without its names
        }
    }

    /** The alert that tells it so: what it offers is too weak (RFC 5246, 7.2.2). In the clear, as all before it. */
    public static ByteBuf alert(ByteBufAllocator allocator) {
        ByteBuf alert = allocator.buffer(7);
        alert.writeByte(ALERT).writeShort(0x0303).writeShort(2);
        return alert.writeByte(FATAL).writeByte(INSUFFICIENT_SECURITY);
    }

    /** Why the client is not let on; empty: nothing against it so far. */
    public Optional<CertificateRefused> refusal() {
        return Optional.ofNullable(refusal);
    }
}
