package io.gatehouse.pki;

import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * Who gives devices that ask for it their certificate: the authority in this process, or a process of its own that holds
 * the key. Any thread; blocks for as long as a signature and a write to disk take.
 */
public interface Registrar extends AutoCloseable {

    /** The first certificate of a device that has a token. */
    EnrolmentAnswer enrol(String id, String token, byte[] csr);

    /** The first certificate of a device that has none: its manufacturer gave it one, or an operator decides about it. */
    EnrolmentAnswer enrol(Applicant applicant, byte[] csr);

    /**
     * The next certificate of a device that has one.
     *
     * @param current what it proved to hold the key of
     */
    EnrolmentAnswer renew(X509Certificate current, byte[] csr);

    /** A device logged in with a certificate; says whether that was the first time with a pending one. */
    boolean loggedIn(BigInteger serial) throws PkiProblem;

    /** What devices trust, and who issues their certificates: root first. */
    List<X509Certificate> authorities() throws PkiProblem;

    /** What a device should ask for, as the answer to {@code csrattrs} (RFC 7030, 4.5; RFC 9908), DER. */
    byte[] template() throws PkiProblem;

    /** How many certificates there were today, and how many devices wait. */
    Standing standing() throws PkiProblem;

    @Override
    void close();
}
