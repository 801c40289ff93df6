package io.gatehouse.authn;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.BERTags;

/**
 * The strings of X.509 as bytes and as text. Stateless; any thread.
 *
 * <p>Decoding is strict, because two readers that disagree about a certificate's text disagree about who it is: bytes
 * that a type does not allow are a fault, never a replacement character.
 */
final class DerText {
    private DerText() {}

    /** A string of ASN.1: its universal tag and its content. */
    record Raw(int tag, byte[] content, byte[] encoded) {}

    /** Takes a value apart, whatever it is. */
    static Raw raw(ASN1Primitive value) throws CertificateFault {
        try {
            byte[] encoded = value.getEncoded(ASN1Encoding.DER);
            int tag = encoded[0] & 0x1F;
            int first = encoded[1] & 0xFF;
            int header = first < 0x80 ? 2 : 2 + (first & 0x7F);
            return new Raw(tag, Arrays.copyOfRange(encoded, header, encoded.length), encoded);
        } catch (java.io.IOException e) {
            throw new CertificateFault("a value of its subject cannot be encoded");
        }
    }

    /** The text of a string type; empty where the type is no string. */
    static Optional<String> text(Raw raw) throws CertificateFault {
        return switch (raw.tag()) {
            case BERTags.UTF8_STRING -> Optional.of(decode(raw, StandardCharsets.UTF_8));
            case BERTags.PRINTABLE_STRING,
                    BERTags.IA5_STRING,
                    BERTags.VISIBLE_STRING,
                    BERTags.NUMERIC_STRING,
                    // T61String means different letters to different programs; its ASCII part does not
                    BERTags.T61_STRING -> Optional.of(decode(raw, StandardCharsets.US_ASCII));
            case BERTags.BMP_STRING -> Optional.of(withoutSurrogates(decode(raw, StandardCharsets.UTF_16BE)));
            case BERTags.UNIVERSAL_STRING -> Optional.of(decode(raw, Charset.forName("UTF-32BE")));
            default -> Optional.empty();
        };
    }

    private static String withoutSurrogates(String text) throws CertificateFault {
        if (text.chars().anyMatch(c -> Character.isSurrogate((char) c))) {
            // BMPString is UCS-2: it has no pairs (X.690 8.23.9)
            throw new CertificateFault("a BMPString of its subject holds surrogates");
        }
        return text;
    }

    private static String decode(Raw raw, Charset charset) throws CertificateFault {
        try {
            CharBuffer text = charset.newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(raw.content()));
            return text.toString();
        } catch (CharacterCodingException e) {
            throw new CertificateFault("a text of its subject holds bytes that its type does not allow");
        }
    }
}
