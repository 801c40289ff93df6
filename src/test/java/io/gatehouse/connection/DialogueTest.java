package io.gatehouse.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatehouse.audit.AuditEvent;
import io.gatehouse.authn.Authentication;
import io.gatehouse.authn.TestPrincipals;
import io.gatehouse.policy.TestPolicies;
import io.gatehouse.protocol.Message;
import io.gatehouse.protocol.MessageProperties;
import io.gatehouse.protocol.Packet;
import io.gatehouse.protocol.Payload;
import io.gatehouse.protocol.ProtocolVersion;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.ReasonCode;
import io.gatehouse.protocol.RetainHandling;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import io.gatehouse.protocol.Will;
import io.gatehouse.session.SessionLimits;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A broker's whole dialogue with its clients, without sockets. */
class DialogueTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private final House house = new House("pub a/#", "sub a/#", "deny sub a/secret/#", "deny pub a/forbidden");

    // CONNECT

    @Test
    void connect_unknownUser_isRefusedAuditedAndClosed() {
        House.Visitor visitor = house.client("stranger", "c1");

        assertThat(visitor.connack().reason()).isEqualTo(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
        assertThat(visitor.wire.closed).isTrue();
        assertThat(house.audit).singleElement().satisfies(event -> {
            assertThat(event.name()).isEqualTo("login");
            assertThat(event.fields()).containsEntry("outcome", "refused").containsEntry("reason", 0x86);
        });
    }

    @Test
    void connect_packetsBehindIt_waitForItsAnswer() {
        house.decideLater = true;
        House.Visitor visitor = house.client("ann", "c1");
        visitor.subscribe("a/b", Qos.AT_MOST_ONCE);
        assertThat(visitor.wire.sent).isEmpty();

        house.undecided.get(0).complete(new Authentication.Accepted(TestPrincipals.user("ann"), null));

        assertThat(visitor.connack().reason()).isEqualTo(ReasonCode.SUCCESS);
        assertThat(visitor.suback()).containsExactly(ReasonCode.SUCCESS);
    }

    @Test
    void mqtt_3_1_4_6_packetsBehindARefusedConnect_areDropped() {
        house.decideLater = true;
        House.Visitor visitor = house.client("ann", "c1");
        visitor.publish("a/b", "x", Qos.AT_MOST_ONCE, 0);

        house.undecided.get(0).complete(new Authentication.Rejected(ReasonCode.NOT_AUTHORIZED, "no"));

        assertThat(visitor.connack().reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
        assertThat(house.metrics.publishReceived.value()).isZero();
    }

    @Test
    void connect_authenticatorFails_isRefusedAsUnavailable() {
        house.decideLater = true;
        House.Visitor visitor = house.client("ann", "c1");

        house.undecided.get(0).completeExceptionally(new IllegalStateException("backend gone"));

        assertThat(visitor.connack().reason()).isEqualTo(ReasonCode.SERVER_UNAVAILABLE);
        assertThat(house.audit)
                .singleElement()
                .satisfies(event -> assertThat(event.fields())
                        .containsEntry("outcome", "refused")
                        .containsEntry("reason", 0x88)
                        .containsEntry("detail", "an authenticator failed"));
    }

    /** Whatever an authenticator says: one way out, in both versions, with the reason for the record only. */
    @ParameterizedTest
    @CsvSource({
        "BAD_USER_NAME_OR_PASSWORD, 4",
        "NOT_AUTHORIZED, 5",
        "SERVER_UNAVAILABLE, 3",
        "SERVER_BUSY, 3",
        "BAD_AUTHENTICATION_METHOD, 5",
        "CONNECTION_RATE_EXCEEDED, 3"
    })
    void connect_refusedByAnAuthenticator_isToldItsCode_andRecorded(ReasonCode reason, int returnCode) {
        house.decideLater = true;
        for (ProtocolVersion version : ProtocolVersion.values()) {
            house.audit.clear();
            House.Visitor visitor = house.visitor();
            visitor.send(House.connect(version, "ann", "c1", true, 0, null));
            house.undecided.remove(0).complete(new Authentication.Rejected(reason, "because of this"));

            Packet.ConnAck answer = visitor.connack();
            assertThat(answer.reason()).isEqualTo(reason);
            assertThat(answer.reason().connectReturnCode()).isEqualTo(returnCode);
            assertThat(answer.properties()).isEqualTo(Packet.ConnAckProperties.NONE);
            assertThat(visitor.wire.closed).isTrue();
            assertThat(house.audit)
                    .singleElement()
                    .satisfies(event -> assertThat(event.fields())
                            .containsEntry("outcome", "refused")
                            .containsEntry("reason", reason.code())
                            .containsEntry("detail", "because of this"));
        }
    }

    @Test
    void connect_withoutIdentifier_getsOneInMqtt5AndInCleanMqtt311() {
        assertThat(house.client("ann", "").connack().properties().assignedClientId())
                .startsWith("auto-");
        House.Visitor clean = house.visitor();
        clean.send(House.connect(ProtocolVersion.MQTT_3_1_1, "ann", "", true, 0, null));
        assertThat(clean.connack().reason()).isEqualTo(ReasonCode.SUCCESS);
        House.Visitor kept = house.visitor();
        kept.send(House.connect(ProtocolVersion.MQTT_3_1_1, "ann", "", false, 100, null));
        assertThat(kept.connack().reason()).isEqualTo(ReasonCode.CLIENT_IDENTIFIER_NOT_VALID);
    }

    @Test
    void connect_willThatPolicyForbids_isRefused() {
        House.Visitor visitor = house.client("ann", "c1", true, 0, will("a/forbidden", 0));

        assertThat(visitor.connack().reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
    }

    // takeover and ownership

    @Test
    void connect_sameOwner_takesTheSessionOver() {
        House.Visitor first = house.client("ann", "c1", false, 100, null);
        first.subscribe("a/b", Qos.AT_LEAST_ONCE);
        first.wire.takeAll();
        House.Visitor second = house.client("ann", "c1", false, 100, null);

        assertThat(first.wire.take(Packet.Disconnect.class).reason()).isEqualTo(ReasonCode.SESSION_TAKEN_OVER);
        assertThat(first.wire.closed).isTrue();
        assertThat(second.connack().sessionPresent()).isTrue();
        first.dialogue.closed(); // late: it must not disturb the new connection
        house.client("bob", "p").publish("a/b", "x", Qos.AT_MOST_ONCE, 0);
        assertThat(second.heard()).containsExactly("a/b x");
    }

    @Test
    void connect_anotherOwner_isRefusedAndChangesNothing() {
        House.Visitor ann = house.client("ann", "c1", false, 100, null);
        ann.subscribe("a/b", Qos.AT_LEAST_ONCE);
        ann.wire.takeAll();

        House.Visitor bob = house.client("bob", "c1", true, 0, null);

        assertThat(bob.connack().reason()).isEqualTo(ReasonCode.CLIENT_IDENTIFIER_NOT_VALID);
        assertThat(ann.wire.closed).isFalse();
        house.client("carl", "p").publish("a/b", "x", Qos.AT_MOST_ONCE, 0);
        assertThat(ann.heard()).containsExactly("a/b x");
        assertThat(house.audit)
                .anySatisfy(event -> assertThat(event.fields()).containsEntry("cause", "clientid_conflict"));
        ann.drop();
        assertThat(house.client("bob", "c1", true, 0, null).connack().reason())
                .isEqualTo(ReasonCode.CLIENT_IDENTIFIER_NOT_VALID);
    }

    @Test
    void session_present_isToldTruly() {
        assertThat(house.client("ann", "c1", false, 100, null).connack().sessionPresent())
                .isFalse();
        assertThat(house.client("ann", "c1", false, 100, null).connack().sessionPresent())
                .isTrue();
        House.Visitor clean = house.client("ann", "c1", true, 100, null);
        assertThat(clean.connack().sessionPresent()).isFalse();
        clean.drop();
        house.pass(Duration.ofSeconds(101));
        assertThat(house.client("ann", "c1", false, 100, null).connack().sessionPresent())
                .isFalse();
    }

    // publish

    @ParameterizedTest
    @EnumSource(Qos.class)
    void publish_allQos_reachesTheSubscriberAtTheLowerOfBoth(Qos granted) {
        House.Visitor reader = house.client("ann", "r");
        reader.subscribe("a/+", granted);
        assertThat(reader.suback()).containsExactly(ReasonCode.granted(granted));
        House.Visitor writer = house.client("bob", "w");
        for (Qos qos : Qos.values()) {
            writer.publish("a/b", qos.name(), qos, 7);
            assertThat(reader.delivered().qos()).isEqualTo(qos.atMost(granted));
            if (qos == Qos.EXACTLY_ONCE) {
                writer.send(new Packet.PubRel(7, ReasonCode.SUCCESS));
            }
        }
        assertThat(writer.wire.take(Packet.PubAck.class).reason()).isEqualTo(ReasonCode.SUCCESS);
        assertThat(writer.wire.take(Packet.PubRec.class).reason()).isEqualTo(ReasonCode.SUCCESS);
        assertThat(writer.wire.take(Packet.PubComp.class).reason()).isEqualTo(ReasonCode.SUCCESS);
    }

    @Test
    void mqtt_4_3_3_10_qos2Repetition_isDeliveredOnce() {
        House.Visitor reader = house.client("ann", "r");
        reader.subscribe("a/b", Qos.AT_MOST_ONCE);
        House.Visitor writer = house.client("bob", "w");
        writer.publish("a/b", "once", Qos.EXACTLY_ONCE, 7);
        writer.publish("a/b", "once", Qos.EXACTLY_ONCE, 7);
        writer.send(new Packet.PubRel(7, ReasonCode.SUCCESS));
        writer.send(new Packet.PubRel(7, ReasonCode.SUCCESS));

        assertThat(reader.heard()).containsExactly("a/b once");
        assertThat(writer.wire.takeAll().stream()
                        .filter(Packet.PubComp.class::isInstance)
                        .map(packet -> ((Packet.PubComp) packet).reason()))
                .containsExactly(ReasonCode.SUCCESS, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND);
    }

    @Test
    void publish_denied_isToldInMqtt5AndAuditedOnceASecond() {
        House.Visitor writer = house.client("bob", "w");
        writer.publish("a/forbidden", "x", Qos.AT_LEAST_ONCE, 1);
        writer.publish("a/forbidden", "x", Qos.EXACTLY_ONCE, 2);
        writer.publish("b", "x", Qos.AT_MOST_ONCE, 0);

        assertThat(writer.wire.take(Packet.PubAck.class).reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
        assertThat(writer.wire.take(Packet.PubRec.class).reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
        assertThat(house.audit.stream().filter(AuditEvent.Denied.class::isInstance))
                .hasSize(2);
        assertThat(writer.wire.closed).isFalse();
    }

    @Test
    void publish_deniedInMqtt311_isAcknowledgedAndDropped() {
        House.Visitor reader = house.client("ann", "r");
        reader.subscribe("a/#", Qos.AT_MOST_ONCE);
        House.Visitor writer = house.visitor();
        writer.send(House.connect(ProtocolVersion.MQTT_3_1_1, "bob", "w", true, 0, null));
        writer.publish("a/forbidden", "x", Qos.AT_LEAST_ONCE, 1);

        assertThat(writer.wire.take(Packet.PubAck.class).packetId()).isEqualTo(1);
        assertThat(reader.heard()).isEmpty();
    }

    @Test
    void topicAlias_isResolvedBeforeItIsJudged() {
        House.Visitor writer = house.client("bob", "w");
        Packet.Publish bound = alias("a/b", 5);
        writer.send(bound);
        writer.send(alias("a/forbidden", 5));
        writer.send(alias(null, 5));

        assertThat(house.metrics.publishDenied.value()).isEqualTo(2);
        writer.send(alias(null, 6));
        assertThat(writer.wire.take(Packet.Disconnect.class).reason()).isEqualTo(ReasonCode.PROTOCOL_ERROR);
    }

    @Test
    void topicAlias_aboveTheMaximum_endsTheConnection() {
        House.Visitor writer = house.client("bob", "w");
        writer.send(alias("a/b", ClientLimits.DEFAULT.maxTopicAliases() + 1));
        assertThat(writer.wire.take(Packet.Disconnect.class).reason()).isEqualTo(ReasonCode.TOPIC_ALIAS_INVALID);
    }

    @Test
    void receiveMaximum_exceeded_endsTheConnection() {
        House.Visitor writer = house.client("bob", "w");
        for (int id = 1; id <= ClientLimits.DEFAULT.receiveMaximum() + 1; id++) {
            writer.publish("a/b", "x", Qos.EXACTLY_ONCE, id);
        }
        assertThat(writer.wire.take(Packet.Disconnect.class).reason()).isEqualTo(ReasonCode.RECEIVE_MAXIMUM_EXCEEDED);
    }

    // delivery

    @Test
    void delivery_unacknowledged_isRepeatedOnReconnectOnlyWithItsIdentifier() {
        House.Visitor reader = house.client("ann", "r", false, 100, null);
        reader.subscribe("a/b", Qos.EXACTLY_ONCE);
        House.Visitor writer = house.client("bob", "w");
        writer.publish("a/b", "1", Qos.AT_LEAST_ONCE, 1);
        writer.publish("a/b", "2", Qos.EXACTLY_ONCE, 2);
        Packet.Publish first = reader.delivered();
        Packet.Publish second = reader.delivered();
        reader.send(new Packet.PubRec(second.packetId(), ReasonCode.SUCCESS));
        reader.drop();

        House.Visitor again = house.client("ann", "r", false, 100, null);
        Packet.Publish repeated = again.delivered();
        assertThat(repeated.dup()).isTrue();
        assertThat(repeated.packetId()).isEqualTo(first.packetId());
        assertThat(again.wire.take(Packet.PubRel.class).packetId()).isEqualTo(second.packetId());
        again.send(new Packet.PubAck(first.packetId(), ReasonCode.SUCCESS));
        again.send(new Packet.PubComp(second.packetId(), ReasonCode.SUCCESS));
        again.drop();
        assertThat(house.client("ann", "r", false, 100, null).heard()).isEmpty();
    }

    @Test
    void delivery_whileAway_waitsInOrderAndExpires() {
        House.Visitor reader = house.client("ann", "r", false, 100, null);
        reader.subscribe("a/b", Qos.AT_LEAST_ONCE);
        reader.drop();
        House.Visitor writer = house.client("bob", "w");
        MessageProperties tenSeconds = MessageProperties.NONE.withExpirySeconds(10);
        writer.send(Packet.Publish.of(
                Message.of("a/b", Qos.AT_LEAST_ONCE, false, Payload.of("gone")).withProperties(tenSeconds),
                1,
                false,
                List.of()));
        writer.send(Packet.Publish.of(
                Message.of("a/b", Qos.AT_LEAST_ONCE, false, Payload.of("kept"))
                        .withProperties(MessageProperties.NONE.withExpirySeconds(60)),
                2,
                false,
                List.of()));
        house.pass(Duration.ofSeconds(20));

        House.Visitor again = house.client("ann", "r", false, 100, null);
        Packet.Publish only = again.delivered();
        assertThat(only.payload()).isEqualTo(Payload.of("kept"));
        assertThat(only.properties().expirySeconds()).isEqualTo(40); // [MQTT-3.3.2-6]
        assertThat(again.heard()).isEmpty();
    }

    @Test
    void delivery_toASlowClient_dropsQos0AndKeepsTheRest() {
        House.Visitor reader = house.client("ann", "r", false, 100, null);
        reader.subscribe("a/b", Qos.AT_LEAST_ONCE);
        reader.wire.takeAll();
        reader.wire.writable = false;
        House.Visitor writer = house.client("bob", "w");
        writer.publish("a/b", "lost", Qos.AT_MOST_ONCE, 0);
        writer.publish("a/b", "kept", Qos.AT_LEAST_ONCE, 1);
        assertThat(reader.heard()).isEmpty();

        reader.wire.writable = true;
        reader.dialogue.writabilityChanged();

        assertThat(reader.heard()).containsExactly("a/b kept");
        assertThat(house.metrics.publishDropped.value()).isEqualTo(1);
    }

    @Test
    void delivery_toAFullQueue_isRefusedToThePublisher() {
        House small = new House(new SessionLimits(2, 1 << 20, 10, 1 << 20), ClientLimits.DEFAULT, "pub a/#", "sub a/#");
        House.Visitor reader = small.client("ann", "r", false, 100, null);
        reader.subscribe("a/b", Qos.AT_LEAST_ONCE);
        reader.drop();
        House.Visitor writer = small.client("bob", "w");
        for (int id = 1; id <= 3; id++) {
            writer.publish("a/b", "x", Qos.AT_LEAST_ONCE, id);
        }
        assertThat(writer.wire.take(Packet.PubAck.class).reason()).isEqualTo(ReasonCode.SUCCESS);
        assertThat(writer.wire.take(Packet.PubAck.class).reason()).isEqualTo(ReasonCode.SUCCESS);
        assertThat(writer.wire.take(Packet.PubAck.class).reason()).isEqualTo(ReasonCode.QUOTA_EXCEEDED);
    }

    @Test
    void delivery_overlappingSubscriptions_isOneCopyWithAllIdentifiers() {
        House.Visitor reader = house.client("ann", "r");
        reader.subscribe(subscription("a/#", Qos.AT_MOST_ONCE, false, false, 3));
        reader.subscribe(subscription("a/+", Qos.AT_LEAST_ONCE, false, false, 4));
        house.client("bob", "w").publish("a/b", "x", Qos.EXACTLY_ONCE, 1);

        Packet.Publish delivered = reader.delivered();
        assertThat(delivered.qos()).isEqualTo(Qos.AT_LEAST_ONCE);
        assertThat(delivered.subscriptionIdentifiers()).containsExactlyInAnyOrder(3, 4);
        assertThat(reader.heard()).isEmpty();
    }

    @Test
    void delivery_noLocal_skipsTheOwnMessages() {
        House.Visitor both = house.client("ann", "r");
        both.subscribe(subscription("a/#", Qos.AT_MOST_ONCE, true, false, 0));
        both.publish("a/b", "mine", Qos.AT_MOST_ONCE, 0);
        house.client("bob", "w").publish("a/b", "theirs", Qos.AT_MOST_ONCE, 0);
        assertThat(both.heard()).containsExactly("a/b theirs");
    }

    @Test
    void delivery_throughADenyHole_neverHappens() {
        House.Visitor reader = house.client("ann", "r");
        reader.subscribe("a/#", Qos.AT_MOST_ONCE);
        assertThat(reader.suback()).containsExactly(ReasonCode.SUCCESS);
        House.Visitor writer = house.client("bob", "w");
        writer.publish("a/secret/x", "no", Qos.AT_MOST_ONCE, 0, true);
        writer.publish("a/open", "yes", Qos.AT_MOST_ONCE, 0, true);
        assertThat(reader.heard()).containsExactly("a/open yes");
        House.Visitor late = house.client("carl", "l");
        late.subscribe("a/#", Qos.AT_MOST_ONCE);
        assertThat(late.heard()).containsExactly("a/open yes"); // retained replay leaks nothing either
    }

    @Test
    void subscribe_deniedOrTooWide_isRefusedWithTheTruth() {
        House.Visitor reader = house.client("ann", "r");
        reader.subscribe("a/secret/#", Qos.AT_MOST_ONCE);
        assertThat(reader.suback()).containsExactly(ReasonCode.NOT_AUTHORIZED);
        reader.subscribe("#", Qos.AT_MOST_ONCE);
        assertThat(reader.suback()).containsExactly(ReasonCode.NOT_AUTHORIZED);
        assertThat(house.audit.stream().filter(AuditEvent.Denied.class::isInstance))
                .isNotEmpty();
    }

    // retained

    @Test
    void retained_isKeptClearedAndReplayedAsTheSubscriptionWants() {
        House.Visitor writer = house.client("bob", "w");
        writer.publish("a/b", "kept", Qos.EXACTLY_ONCE, 1, true);
        House.Visitor reader = house.client("ann", "r");
        reader.subscribe("a/#", Qos.AT_LEAST_ONCE);
        Packet.Publish replayed = reader.delivered();
        assertThat(replayed.retain()).isTrue();
        assertThat(replayed.qos()).isEqualTo(Qos.AT_LEAST_ONCE);

        writer.publish("a/b", "live", Qos.AT_MOST_ONCE, 0, true);
        assertThat(reader.delivered().retain()).isFalse(); // [MQTT-3.3.1-12]
        reader.subscribe(
                new Subscription(TopicFilter.of("a/#"), Qos.AT_MOST_ONCE, false, true, RetainHandling.IF_NEW, 0));
        assertThat(reader.heard()).isEmpty(); // not new
        writer.publish("a/b", "published", Qos.AT_MOST_ONCE, 0, true);
        assertThat(reader.delivered().retain()).isTrue(); // retain as published

        writer.publish("a/b", "", Qos.AT_MOST_ONCE, 0, true);
        assertThat(reader.delivered().payload().isEmpty()).isTrue();
        House.Visitor late = house.client("carl", "l");
        late.subscribe("a/#", Qos.AT_MOST_ONCE);
        assertThat(late.heard()).isEmpty();
    }

    /** CVE-2018-12546: what somebody left who may no longer publish is not replayed. */
    @Test
    void retained_ofAPublisherThatLostItsRight_isNotReplayed() {
        house.client("bob", "w").publish("a/b", "kept", Qos.AT_MOST_ONCE, 0, true);
        house.authorizer.replace(TestPolicies.set("sub a/#"));
        House.Visitor reader = house.client("ann", "r");
        reader.subscribe("a/#", Qos.AT_MOST_ONCE);
        assertThat(reader.heard()).isEmpty();
    }

    // shared subscriptions

    @Test
    void shared_everyMessageGoesToOneMember() {
        House.Visitor one = house.client("ann", "s1");
        House.Visitor two = house.client("ben", "s2");
        one.subscribe("$share/g/a/#", Qos.AT_MOST_ONCE);
        two.subscribe("$share/g/a/#", Qos.AT_MOST_ONCE);
        House.Visitor writer = house.client("bob", "w");
        for (int i = 0; i < 20; i++) {
            writer.publish("a/b", "x", Qos.AT_MOST_ONCE, 0);
        }
        int first = one.heard().size();
        int second = two.heard().size();
        assertThat(first + second).isEqualTo(20);
        assertThat(first).isEqualTo(10);
    }

    @Test
    void shared_deniedTopic_vanishesForNobodyElse() {
        House.Visitor member = house.client("ann", "s1");
        member.subscribe("$share/g/a/#", Qos.AT_MOST_ONCE);
        assertThat(member.suback()).containsExactly(ReasonCode.SUCCESS);
        house.client("bob", "w").publish("a/secret/x", "no", Qos.AT_MOST_ONCE, 0);
        assertThat(member.heard()).isEmpty();
    }

    // wills

    @Test
    void will_ofABrokenConnection_isPublished_andDeletedByAGoodbye() {
        House.Visitor reader = house.client("ann", "r");
        reader.subscribe("a/#", Qos.AT_MOST_ONCE);
        house.client("bob", "w1", true, 0, will("a/gone", 0)).drop();
        assertThat(reader.heard()).containsExactly("a/gone will");
        house.client("bob", "w2", true, 0, will("a/gone", 0)).leave();
        assertThat(reader.heard()).isEmpty();
    }

    @Test
    void will_withDelay_waits_andIsCancelledByAReconnect() {
        House.Visitor reader = house.client("ann", "r");
        reader.subscribe("a/#", Qos.AT_MOST_ONCE);
        reader.wire.takeAll();
        house.client("bob", "w", false, 100, will("a/gone", 10)).drop();
        house.pass(Duration.ofSeconds(5));
        House.Visitor back = house.client("bob", "w", false, 100, will("a/gone", 10));
        house.pass(Duration.ofSeconds(20));
        assertThat(reader.heard()).isEmpty();
        back.drop();
        house.pass(Duration.ofSeconds(11));
        assertThat(reader.heard()).containsExactly("a/gone will");
    }

    @Test
    void will_withDelayLongerThanTheSession_firesWhenItEnds() {
        House.Visitor reader = house.client("ann", "r");
        reader.subscribe("a/#", Qos.AT_MOST_ONCE);
        reader.wire.takeAll();
        house.client("bob", "w", false, 5, will("a/gone", 1000)).drop();
        house.pass(Duration.ofSeconds(6));
        assertThat(reader.heard()).containsExactly("a/gone will");
    }

    @Test
    void will_whoseRightIsGone_isNotPublishedAndAudited() {
        House.Visitor reader = house.client("ann", "r");
        reader.subscribe("a/#", Qos.AT_MOST_ONCE);
        House.Visitor writer = house.client("bob", "w", true, 0, will("a/gone", 0));
        house.authorizer.replace(TestPolicies.set("sub a/#"));
        writer.drop();

        assertThat(reader.heard()).isEmpty();
        assertThat(house.audit).anySatisfy(event -> assertThat(event.fields()).containsEntry("action", "will"));
    }

    // policy while connected

    @Test
    void policy_takesTheAllowAway_theSubscriptionSleepsUntilItIsBack() {
        House.Visitor reader = house.client("ann", "r");
        reader.subscribe("a/#", Qos.AT_MOST_ONCE);
        House.Visitor writer = house.client("bob", "w");
        house.authorizer.replace(TestPolicies.set("pub a/#"));
        writer.publish("a/b", "lost", Qos.AT_MOST_ONCE, 0);
        house.authorizer.replace(TestPolicies.set("pub a/#", "sub a/#", "deny sub a/c"));
        writer.publish("a/c", "denied", Qos.AT_MOST_ONCE, 0);
        writer.publish("a/b", "heard", Qos.AT_MOST_ONCE, 0);
        assertThat(reader.heard()).containsExactly("a/b heard");
    }

    @Test
    void policy_takesTheRightOfAQueuedMessage_itIsNotDelivered() {
        House.Visitor reader = house.client("ann", "r", false, 100, null);
        reader.subscribe("a/#", Qos.AT_LEAST_ONCE);
        reader.drop();
        house.client("bob", "w").publish("a/b", "queued", Qos.AT_LEAST_ONCE, 1);
        house.authorizer.replace(TestPolicies.set("pub a/#", "sub a/#", "deny sub a/b"));
        assertThat(house.client("ann", "r", false, 100, null).heard()).isEmpty();
    }

    @Test
    void policy_withoutARoleForSomebody_endsItsConnection() {
        House.Visitor reader = house.client("ann", "r");
        reader.connack();
        house.authorizer.replace(io.gatehouse.policy.PolicySet.empty());

        assertThat(house.sweep.run().ended()).isEqualTo(1);
        assertThat(reader.wire.take(Packet.Disconnect.class).reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
    }

    // time and ends

    @Test
    void keepAlive_silent_endsTheConnection() {
        House.Visitor reader = house.client("ann", "r");
        reader.connack();
        reader.wire.runTimers(HOUR); // the wire's clock is not the test's: the task looks and waits on
        assertThat(reader.wire.closed).isFalse();
    }

    @Test
    void token_atItsEnd_endsTheConnection() {
        House.Visitor heir = house.client("ann", "heir");
        heir.subscribe("a/#", Qos.AT_MOST_ONCE);
        House.Visitor reader = house.client("token", "r", true, 0, will("a/will", 0));
        reader.connack();
        reader.wire.runTimers(Duration.ofSeconds(10));
        assertThat(reader.wire.take(Packet.Disconnect.class).reason()).isEqualTo(ReasonCode.MAXIMUM_CONNECT_TIME);
        assertThat(heir.heard()).singleElement().asString().startsWith("a/will ");
    }

    @Test
    void shutDown_isTold() {
        House.Visitor reader = house.client("ann", "r");
        house.gate.shutDown();
        assertThat(reader.wire.take(Packet.Disconnect.class).reason()).isEqualTo(ReasonCode.SERVER_SHUTTING_DOWN);
    }

    @Test
    void disconnect_sessionExpiryFromNothing_isAProtocolError() {
        House.Visitor reader = house.client("ann", "r");
        reader.send(new Packet.Disconnect(ReasonCode.SUCCESS, 10L, null, List.of(), null));
        assertThat(reader.wire.take(Packet.Disconnect.class).reason()).isEqualTo(ReasonCode.PROTOCOL_ERROR);
    }

    @Test
    void unsubscribe_endsDelivery_andSaysWhatThereWas() {
        House.Visitor reader = house.client("ann", "r");
        reader.subscribe("a/b", Qos.AT_MOST_ONCE);
        reader.send(new Packet.Unsubscribe(2, List.of(TopicFilter.of("a/b"), TopicFilter.of("a/c")), List.of()));
        assertThat(reader.wire.take(Packet.UnsubAck.class).reasons())
                .containsExactly(ReasonCode.SUCCESS, ReasonCode.NO_SUBSCRIPTION_EXISTED);
        house.client("bob", "w").publish("a/b", "x", Qos.AT_MOST_ONCE, 0);
        assertThat(reader.heard()).isEmpty();
    }

    @Test
    void requestResponse_responseTopicThatMayNotBeHeard_isRefused() {
        House.Visitor writer = house.client("bob", "w");
        MessageProperties asks =
                new MessageProperties(false, -1, null, TopicName.of("a/secret/reply"), null, List.of());
        writer.send(Packet.Publish.of(
                Message.of("a/b", Qos.AT_LEAST_ONCE, false, Payload.EMPTY).withProperties(asks), 1, false, List.of()));
        assertThat(writer.wire.take(Packet.PubAck.class).reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED);
    }

    private static Will will(String topic, long delaySeconds) {
        return new Will(Message.of(topic, Qos.AT_MOST_ONCE, false, Payload.of("will")), delaySeconds);
    }

    private static Packet.Publish alias(String topic, int alias) {
        return new Packet.Publish(
                false,
                0,
                topic == null ? null : TopicName.of(topic),
                alias,
                Qos.AT_MOST_ONCE,
                false,
                MessageProperties.NONE,
                List.of(),
                Payload.EMPTY);
    }

    private static Subscription subscription(
            String filter, Qos qos, boolean noLocal, boolean retainAsPublished, int identifier) {
        return new Subscription(
                TopicFilter.of(filter), qos, noLocal, retainAsPublished, RetainHandling.ALWAYS, identifier);
    }
}
