package io.gatehouse.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * {@code gatehouse.yaml}, read and checked: what the broker is made of. Immutable.
 *
 * @param file as the user named it
 * @param data the broker's own folder
 * @param effective every key with the value in force, as {@code gatehouse check} prints it; holds no secrets, because a
 *     configuration names the files that hold them
 */
public record Configuration(
        Path file,
        Path data,
        List<Listener> listeners,
        CertificateLogin certificateLogin,
        Optional<PasswordLogin> passwordLogin,
        Optional<JwtLogin> jwtLogin,
        Path policyFolder,
        Optional<Path> policyVerifyKey,
        OnRevoke onRevoke,
        RequireTests requireTests,
        PolicyProfile policyProfile,
        Sessions sessions,
        Storage storage,
        Limits limits,
        Optional<Enrolment> enrolment,
        Audit audit,
        Duration sysInterval,
        Map<String, Object> effective) {

    /**
     * One door.
     *
     * @param bind an address, or {@code *} for all
     * @param tls empty only where {@code insecure} is not
     * @param websocket empty: plain MQTT
     * @param insecureAcknowledgement what the operator wrote to have plaintext; empty with TLS
     */
    public record Listener(
            String name,
            String bind,
            int port,
            Optional<Tls> tls,
            Optional<WebSocket> websocket,
            Optional<String> insecureAcknowledgement,
            Login login,
            List<String> versions,
            int maxConnections,
            Place place) {}

    /** What becomes of a client that loses the right to one of its subscriptions: that one sleeps, or the client goes. */
    public enum OnRevoke {
        DORMANT,
        DISCONNECT
    }

    /** How much of what may be meant otherwise keeps a policy out. */
    public enum PolicyProfile {
        STANDARD,
        /** What {@code policy lint --hardened} calls a mistake, roles without tests, files of somebody else. */
        HARDENED
    }

    /** Which tests a policy must have to be put in force. */
    public enum RequireTests {
        NONE,
        /** One of what it can and one of what it cannot, for every role. */
        ROLE
    }

    /** Whether a client must, may or need not present a certificate. */
    public enum ClientCertificate {
        REQUIRED,
        REQUESTED,
        NONE
    }

    /** The TLS settings that go together; see docs/tls.md. */
    public enum TlsProfile {
        HARDENED,
        MODERN,
        CNSA
    }

    /** Who does TLS: BoringSSL where its library loads, else the JDK; or one of them by name. */
    public enum TlsProvider {
        AUTO,
        BORINGSSL,
        JDK
    }

    /** What happens when a revocation list is past its next update. */
    public enum Stale {
        /** It is enforced, with an alarm, for a while; then its authority's certificates are refused. */
        GRACE,
        /** Its authority's certificates are refused at once. */
        FAIL
    }

    /** Whether a responder is asked about client certificates, and what counts when it does not answer. */
    public enum Ocsp {
        OFF,
        /** No answer accepts. */
        SOFT,
        /** No answer refuses. */
        HARD
    }

    /** What becomes of a certificate that the attached authority's journal does not know. */
    public enum Unknown {
        REJECT,
        ACCEPT
    }

    /** What becomes of the will of a client that is disconnected because its certificate was revoked. */
    public enum RevokedWill {
        /** It is published, if the policy lets it: the client is gone, and others want to know. */
        PUBLISH,
        /** It is dropped: whoever had the key may have written it. */
        SUPPRESS
    }

    /** What becomes of that client's session. */
    public enum RevokedSession {
        /** It waits for its owner, who may come back with another certificate. */
        KEEP,
        /** It ends, with all that waits in it. */
        PURGE
    }

    /**
     * @param files revocation lists, PEM or DER, and folders of them
     * @param addresses http and https addresses of such lists
     * @param authority the folder of an authority whose journal is read on and on
     * @param responder asked instead of the one that a certificate names
     */
    public record Revocation(
            List<Path> files,
            List<URI> addresses,
            Duration refresh,
            Stale stale,
            Duration staleGrace,
            Optional<Path> authority,
            Unknown unknown,
            Ocsp ocsp,
            Optional<URI> responder,
            Duration ocspTimeout,
            RevokedWill will,
            RevokedSession session) {
        /** Whether anything at all is asked. */
        public boolean isEmpty() {
            return files.isEmpty() && addresses.isEmpty() && authority.isEmpty() && ocsp == Ocsp.OFF;
        }
    }

    /**
     * For how long a client's certificate is accepted.
     *
     * @param clockSkew how far the clock of whoever issued it may be from this one's
     * @param max the longest time from its beginning to its end; empty: any
     * @param expiryGrace how long whoever is connected when it ends may stay; nobody logs in in that time
     */
    public record Validity(Duration clockSkew, Optional<Duration> max, Duration expiryGrace) {}

    /** The kinds of keys that a client's certificate may have. */
    public enum ClientKey {
        P256,
        P384,
        P521,
        RSA,
        ED25519
    }

    /**
     * @param certificate the server's certificate with its chain, PEM
     * @param clientCa the authorities whose client certificates are accepted, PEM
     * @param revocation who is no longer accepted, and where that is said
     * @param names what clients call this server; empty: whatever its certificate says
     * @param validity for how long client certificates are accepted
     * @param protocol what clients speak that offer protocols (ALPN)
     * @param sni certificates for the names that have one of their own
     * @param sniStrict whether a client that wants a server that is not here is refused
     * @param resumption whether a client may go on with a session of before, instead of a whole handshake
     */
    public record Tls(
            Path certificate,
            Path key,
            Optional<Path> clientCa,
            ClientCertificate clientCertificate,
            Revocation revocation,
            TlsProfile profile,
            TlsProvider provider,
            Set<ClientKey> clientKeys,
            Validity validity,
            List<String> names,
            boolean ocspStapling,
            Optional<Renew> renew,
            String protocol,
            List<ServerName> sni,
            boolean sniStrict,
            boolean resumption) {

        /** The same for a name that has a certificate of its own. */
        public Tls of(ServerName name) {
            return new Tls(
                    name.certificate(),
                    name.key(),
                    clientCa,
                    clientCertificate,
                    revocation,
                    profile,
                    provider,
                    clientKeys,
                    validity,
                    List.of(name.host()),
                    ocspStapling,
                    Optional.empty(),
                    protocol,
                    List.of(),
                    false,
                    resumption);
        }
    }

    /**
     * A name that clients may ask for, and the certificate that answers.
     *
     * @param host in lower case
     */
    public record ServerName(String host, Path certificate, Path key) {}

    /**
     * The broker renews its own certificate.
     *
     * @param authority the folder of the authority that issued it
     * @param before its end
     */
    public record Renew(Path authority, Path passphraseFile, Duration before) {}

    /**
     * @param origins the {@code Origin} headers that are let in; a client that sends none is no browser and is let in
     */
    public record WebSocket(String path, List<String> origins) {}

    /** How the methods of a login go together. */
    public enum Combination {
        /** The one that the client presents. */
        ANY,
        /** Every one. */
        ALL
    }

    /**
     * @param methods {@code certificate}, {@code password}, {@code jwt} or {@code none}, in order
     * @param sameUser whether all must name the same user
     */
    public record Login(Combination combination, List<String> methods, boolean sameUser) {
        public boolean has(String method) {
            return methods.contains(method);
        }
    }

    /**
     * @param user the sources of the user name, in order
     * @param prefix what a {@code cert.san.uri} must start with, stripped from it; empty: nothing
     */
    public record CertificateLogin(
            List<String> user, String prefix, Optional<String> spiffeTrustDomain, int maxNameBytes) {}

    /** @param min the weakest way of storing a password that the file may have */
    public record PasswordLogin(Path file, boolean allowWeakHashes, PasswordMin min) {}

    /** Ways of storing a password, the weakest first. */
    public enum PasswordMin {
        /** As {@code mosquitto_passwd} and for SCRAM. */
        PBKDF2,
        BCRYPT,
        ARGON2ID
    }

    public record JwtLogin(List<Issuer> issuers) {}

    /**
     * @param jwks a file or an https address
     * @param user the claim that names the user
     * @param authorities whose certificates the key set's server may have; empty: those that the Java runtime trusts
     * @param revokeOnKeyRemoval whether a key that leaves the set ends what logged in with it
     */
    public record Issuer(
            String iss,
            String jwks,
            boolean remote,
            String audience,
            List<String> algorithms,
            String user,
            Optional<String> type,
            Duration maxLifetime,
            Optional<Path> authorities,
            boolean revokeOnKeyRemoval) {}

    /**
     * @param maxExpiry what a client's session expiry interval is cut down to
     */
    public record Sessions(Duration maxExpiry, int maxQueued, long maxQueuedBytes, int maxInflight) {}

    /**
     * Enrolment of devices over EST.
     *
     * @param bind an address, or {@code *} for all
     * @param certificate the listener's certificate with its chain, PEM
     */
    public record Enrolment(
            String bind, int port, Path certificate, Path key, TlsProvider provider, Signing signing, Place place) {}

    /** Who signs. */
    public sealed interface Signing {}

    /**
     * A signer in a process of its own, which has the authority and its terms.
     *
     * @param socket where it answers
     */
    public record Separate(Path socket) implements Signing {}

    /**
     * The authority that signs, in the broker's process.
     *
     * @param folder of the authority
     * @param passphraseFile empty: from the environment, the system's credentials or the authority's folder
     * @param manufacturers whose devices enrol with the certificate they were made with
     */
    public record Embedded(
            Path folder, Optional<Path> passphraseFile, EnrolmentTerms terms, Optional<ManufacturerList> manufacturers)
            implements Signing {}

    /** What devices get that enrol and renew by themselves. */
    public record EnrolmentTerms(
            Duration validity,
            Duration overlap,
            Duration unusedFor,
            Duration renewAfterExpiry,
            boolean sameKey,
            int perMinute,
            int perDay,
            ApprovalTerms approval) {}

    /** Whose requests without a token wait for an operator. */
    public enum ApprovalOf {
        NOBODY,
        MANUFACTURED,
        ANYONE
    }

    /**
     * How many requests wait for an operator, and for how long.
     *
     * @param maxWaiting of all devices together
     * @param perAddress of one address
     */
    public record ApprovalTerms(ApprovalOf of, int maxWaiting, int perAddress, Duration waitFor) {}

    /**
     * @param authorities the manufacturers' authorities, PEM
     * @param devices the table of devices that may enrol
     */
    public record ManufacturerList(Path authorities, Path devices) {}

    /** What "acknowledged" means for what is stored. */
    public enum Durability {
        /** It is on the disk: a power cut does not lose it. */
        FSYNC,
        /** The operating system has it: the end of the broker does not lose it, a power cut may. */
        OS
    }

    /**
     * Where sessions and retained messages live.
     *
     * @param folder empty: in memory; they end with the broker
     * @param minFreeBytes with less room on the disk, publishers are refused
     * @param keyFile the key that its values are encrypted with; empty: the environment's, or none
     */
    public record Storage(Optional<Path> folder, Durability durability, long minFreeBytes, Optional<Path> keyFile) {
        public static final Storage MEMORY = new Storage(Optional.empty(), Durability.OS, 0, Optional.empty());
    }

    /**
     * What is written for auditors.
     *
     * @param file empty: nothing is
     * @param sampleAllowed one of so many decisions that allowed is written, too; 0: none is
     */
    public record Audit(Optional<Path> file, int sampleAllowed) {}

    /**
     * All finite.
     *
     * @param maxHandshakes that have begun and not ended, of a listener; of an address, of all listeners, the next one
     * @param connectTimeout for handshake and CONNECT together
     */
    public record Limits(
            long maxPacketBytes,
            long maxPacketBeforeLoginBytes,
            int maxTopicLevels,
            int maxTopicBytes,
            int maxUserProperties,
            long maxUserPropertyBytes,
            int maxFiltersPerSubscribe,
            int maxSubscriptionsPerClient,
            int maxTopicAliases,
            int receiveMaximum,
            int maxRetainedMessages,
            long maxRetainedBytes,
            long maxQueuedBytesTotal,
            int maxConnections,
            int maxConnectionsPerAddress,
            int maxConnectionsPerUser,
            int connectsPerSecond,
            int connectsPerSecondPerAddress,
            int maxHandshakes,
            int maxHandshakesPerAddress,
            int publishesPerSecondPerClient,
            Duration maxKeepAlive,
            Duration connectTimeout,
            long memoryBeforeLoginBytes,
            Penalty penalty) {}

    /**
     * What it costs an address to fail again and again, before anybody of it is logged in.
     *
     * @param after so many failures in a row; 0: nothing
     * @param first how long it is shut out the first time; then twice as long each time
     * @param longest at most
     * @param exempt addresses that nothing is counted against
     */
    public record Penalty(int after, Duration first, Duration longest, List<Network> exempt) {
        /** This machine. */
        static final List<String> EXEMPT = List.of("127.0.0.0/8", "::1");

        /** Where nothing is said. */
        public static final Penalty DEFAULT = new Penalty(
                5,
                Duration.ofSeconds(1),
                Duration.ofMinutes(5),
                EXEMPT.stream().flatMap(text -> Network.parse(text).stream()).toList());
    }
}
