package io.gatehouse.authn;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.bouncycastle.asn1.ASN1Object;
import org.bouncycastle.asn1.ASN1OutputStream;
import org.bouncycastle.asn1.ASN1Primitive;

/** A string of ASN.1 with any content, legal for its type or not. */
final class RawString extends ASN1Object {
    private final int tag;
    private final byte[] content;

    RawString(int tag, byte... content) {
        this.tag = tag;
        this.content = content;
    }

    @Override
    public ASN1Primitive toASN1Primitive() {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            bytes.write(tag);
            bytes.write(content.length);
            bytes.write(content);
            return ASN1Primitive.fromByteArray(bytes.toByteArray());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void encodeTo(java.io.OutputStream output, String encoding) throws IOException {
        ASN1OutputStream.create(output, encoding).writeObject(toASN1Primitive());
    }
}
