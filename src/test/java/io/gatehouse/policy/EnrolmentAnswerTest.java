package io.gatehouse.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.authn.SystemPrincipals;
import io.gatehouse.protocol.ClientId;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.Qos;
import org.junit.jupiter.api.Test;

/** A message that the broker sends for somebody: under a name of its own, and only where whoever asked may listen. */
class EnrolmentAnswerTest {
    private final Authorizer authorizer = TestPolicies.authorizer("sub answers/me", "pub other/#");
    private final Rights asker = TestPolicies.rights(authorizer);
    private final Rights enrolment = ((AuthorizedConnect)
                    authorizer.connect(SystemPrincipals.enrolment(), new ClientId("$enrolment"), null))
            .rights();

    @Test
    void answer_whereTheAskerListens_isEnrolmentsOwnMessage() {
        PublishDecision decision = authorizer.answer(enrolment, asker, message("answers/me", false));

        assertThat(decision).isInstanceOf(AuthorizedPublish.class);
        assertThat(((AuthorizedPublish) decision).publisher()).isSameAs(enrolment);
    }

    @Test
    void answer_whereTheAskerMayNotListen_isRefused() {
        assertThat(authorizer.answer(enrolment, asker, message("answers/you", false)))
                .isInstanceOf(Denied.class);
        assertThat(authorizer.answer(enrolment, asker, message("other/x", false)))
                .isInstanceOf(Denied.class);
    }

    @Test
    void answer_toBeKept_orBelowSys_orOfAnybodyElse_isRefused() {
        assertThat(authorizer.answer(enrolment, asker, message("answers/me", true)))
                .isInstanceOf(Denied.class);
        assertThat(authorizer.answer(enrolment, asker, message("$SYS/x", false)))
                .isInstanceOf(Denied.class);
        assertThat(authorizer.answer(asker, asker, message("answers/me", false)))
                .isInstanceOf(Denied.class);
    }

    @Test
    void publish_byEnrolment_isAllowedNowhere() {
        assertThat(authorizer.publish(enrolment, message("answers/me", false))).isInstanceOf(Denied.class);
        assertThat(authorizer.publish(enrolment, message("other/x", false))).isInstanceOf(Denied.class);
    }

    private static Message message(String topic, boolean retain) {
        return Message.of(topic, Qos.AT_LEAST_ONCE, retain, Payload.EMPTY);
    }
}
