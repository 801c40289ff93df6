package io.gatehouse.enrolment;

import io.gatehouse.authn.AuthMethod;
import io.gatehouse.authn.SystemPrincipals;
import io.gatehouse.enrolment.EnrolmentDesk.Asker;
import io.gatehouse.json.Json;
import io.gatehouse.pki.EnrolmentAnswer;
import io.gatehouse.pki.EnrolmentAnswer.Granted;
import io.gatehouse.pki.EnrolmentAnswer.Refused;
import io.gatehouse.pki.EnrolmentFault;
import io.gatehouse.pki.Pem;
import io.gatehouse.policy.AuthorizedConnect;
import io.gatehouse.policy.AuthorizedPublish;
import io.gatehouse.policy.Authorizer;
import io.gatehouse.policy.Denied;
import io.gatehouse.policy.PublishDecision;
import io.gatehouse.policy.Rights;
import io.gatehouse.protocol.ClientId;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.MessageProperties;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.TopicName;
import io.gatehouse.tls.Peer;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renewal over MQTT, for devices without an HTTP client: a request is published, and the certificate comes as a message.
 * Any thread; never blocks.
 *
 * <p>A client of MQTT 5.0 says with its response topic where; others, and whoever says nothing, publish below their
 * client identifier and are answered at {@code accepted} or {@code rejected} below that. Who asks is whom the certificate
 * of the connection names, whatever the request says.
 */
final class RenewalTopics {
    private static final Logger LOG = LoggerFactory.getLogger(RenewalTopics.class);
    private static final String TOPIC = "$pki/v1/reenroll";
    private static final int MAX_REQUEST_BYTES = 64 << 10;
    private static final int BURST = 10;

    private final EnrolmentDesk desk;
    private final Authorizer authorizer;
    private final Consumer<? super AuthorizedPublish> answers;
    private final Rights own;
    private final RequestRate rate = new RequestRate(1, BURST, System::nanoTime);

    RenewalTopics(EnrolmentDesk desk, Authorizer authorizer, Consumer<? super AuthorizedPublish> answers) {
        this.desk = desk;
        this.authorizer = authorizer;
        this.answers = answers;
        if (!(authorizer.connect(SystemPrincipals.enrolment(), new ClientId("$enrolment"), null)
                instanceof AuthorizedConnect enrolment)) {
            throw new IllegalStateException("enrolment's own principal may not publish");
        }
        this.own = enrolment.rights();
    }

    static boolean isRequest(TopicName topic) {
        return topic.text().equals(TOPIC) || topic.text().startsWith(TOPIC + "/");
    }

    /** @param certificate of the connection, if this authority issued it */
    void ask(Rights asker, Peer peer, Optional<X509Certificate> certificate, Message request) {
        InetAddress address = peer.address().getAddress();
        Asker who = new Asker(
                address.getHostAddress(), "mqtt", "renew", asker.principal().user());
        if (!request.topic().text().equals(TOPIC)
                && !request.topic().text().equals(TOPIC + "/" + asker.clientId().text())) {
            refuse(asker, request, who, "bad_request", "the topic is another client's");
        } else if (!rate.take(address)) {
            refuse(asker, request, who, "rate", "one request a second");
        } else if (request.payload().sizeBytes() > MAX_REQUEST_BYTES) {
            refuse(asker, request, who, "too_large", "more than " + MAX_REQUEST_BYTES + " bytes");
        } else if (certificate.isEmpty()
                || !asker.principal().subject().methods().contains(AuthMethod.CERTIFICATE)) {
            refuse(asker, request, who, "cert_none", "it did not log in with a certificate of this authority");
        } else {
            desk.ask(
                    who,
                    registrar ->
                            registrar.renew(certificate.get(), request.payload().bytes()),
                    answer -> tell(asker, request, answer));
        }
    }

    private void refuse(Rights asker, Message request, Asker who, String word, String detail) {
        desk.refused(who, who.name(), word, detail);
        rejected(asker, request, word, detail);
    }

    private void tell(Rights asker, Message request, EnrolmentAnswer answer) {
        if (answer instanceof Granted granted) {
            String chain = desk.issuer()
                    .map(issuer -> Pem.of(granted.certificate(), issuer))
                    .orElseGet(() -> Pem.of(granted.certificate()));
            send(asker, request, "accepted", "application/pem-certificate-chain", chain);
        } else if (answer instanceof Refused refused) {
            // what is wrong in here is for the operator to read
            String detail = refused.fault() == EnrolmentFault.UNAVAILABLE ? "come again later" : refused.detail();
            rejected(asker, request, refused.fault().word(), detail);
        }
    }

    private void rejected(Rights asker, Message request, String word, String detail) {
        Map<String, Object> said = new LinkedHashMap<>();
        said.put("code", word);
        said.put("reason", detail);
        send(asker, request, "rejected", "application/json", Json.line(said));
    }

    private void send(Rights asker, Message request, String outcome, String type, String text) {
        MessageProperties asked = request.properties();
        TopicName wanted = asked.responseTopic();
        String clientId = asker.clientId().text();
        if (wanted == null && clientId.chars().anyMatch(letter -> "/+#".indexOf(letter) >= 0)) {
            LOG.warn("\"{}\" cannot be answered below its client id, and named no response topic", clientId);
            return;
        }
        TopicName topic = wanted == null ? TopicName.of(TOPIC + "/" + clientId + "/" + outcome) : wanted;
        Message answer = new Message(
                topic,
                Qos.AT_LEAST_ONCE,
                false,
                new MessageProperties(
                        true, MessageProperties.NEVER_EXPIRES, type, null, asked.correlationData(), List.of()),
                Payload.of(text));
        PublishDecision decision = authorizer.answer(own, asker, answer);
        if (decision instanceof AuthorizedPublish authorized) {
            answers.accept(authorized);
        } else if (decision instanceof Denied denied) {
            LOG.warn(
                    "\"{}\" is not told that its renewal was {}: {}",
                    asker.principal().user(),
                    outcome,
                    denied.explanation());
        }
    }
}
