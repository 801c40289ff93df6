package io.gatehouse.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gatehouse.authn.TestPrincipals;
import io.gatehouse.policy.AuthorizedSubscription.Change;
import io.gatehouse.protocol.Qos;
import io.gatehouse.protocol.Subscription;
import io.gatehouse.protocol.TopicFilter;
import io.gatehouse.protocol.TopicName;
import java.lang.ref.WeakReference;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Looking at who is there after rights may have changed: it says what has, and leaves nothing behind. */
class LookTest {
    private static final TopicName A = TopicName.of("a/x");

    private static AuthorizedSubscription subscription(Authorizer authorizer, Rights rights, String filter) {
        SubscribeDecision decision =
                authorizer.subscribe(rights, Subscription.of(TopicFilter.of(filter), Qos.AT_MOST_ONCE));
        assertThat(decision).isInstanceOf(AuthorizedSubscription.class);
        return (AuthorizedSubscription) decision;
    }

    @Test
    void look_saysOnceWhatIsLost_andOnceWhatIsBack() {
        Authorizer authorizer = TestPolicies.authorizer("sub a/#", "sub b/#");
        Rights rights = TestPolicies.rights(authorizer);
        AuthorizedSubscription a = subscription(authorizer, rights, "a/#");
        AuthorizedSubscription b = subscription(authorizer, rights, "b/#");
        assertThat(authorizer.look(rights).at(a)).isEqualTo(Change.NONE);

        authorizer.replace(TestPolicies.set("sub b/#"));
        Look look = authorizer.look(rights);
        assertThat(look.gone()).isNull();
        assertThat(look.at(a)).isEqualTo(Change.LOST);
        assertThat(look.at(b)).isEqualTo(Change.NONE);
        assertThat(look.why(a)).map(Denied::explanation).contains("no rule allows subscribing to \"a/#\"");
        assertThat(look.why(b)).isEmpty();
        assertThat(authorizer.look(rights).at(a)).isEqualTo(Change.NONE);
        assertThat(a.permits(A)).isFalse();

        authorizer.replace(TestPolicies.set("sub a/#"));
        assertThat(a.permits(A)).isTrue(); // a delivery came first
        assertThat(authorizer.look(rights).at(a)).isEqualTo(Change.REGAINED);
        assertThat(authorizer.look(rights).at(b)).isEqualTo(Change.LOST);
    }

    @Test
    void look_atRightsOfAnEarlierPolicy_keepsThatAliveNoLonger() {
        Authorizer authorizer = TestPolicies.authorizer("sub a/#");
        List<Rights> all = new ArrayList<>();
        List<AuthorizedSubscription> subscriptions = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            Rights rights = TestPolicies.rights(authorizer);
            all.add(rights);
            subscriptions.add(subscription(authorizer, rights, "a/+"));
        }
        WeakReference<PolicySet> first = new WeakReference<>(authorizer.policy());
        authorizer.replace(TestPolicies.set("sub a/#", "deny sub a/x"));

        for (int i = 0; i < all.size(); i++) {
            assertThat(authorizer.look(all.get(i)).at(subscriptions.get(i))).isEqualTo(Change.NONE);
        }

        await("the first policy's end").atMost(Duration.ofSeconds(30)).until(() -> {
            System.gc();
            return first.get() == null;
        });
        assertThat(subscriptions).allSatisfy(one -> {
            assertThat(one.permits(A)).isFalse();
            assertThat(one.permits(TopicName.of("a/y"))).isTrue();
        });
    }

    @Test
    void policyThatChangesWhileItIsLookedAt_isWhatTheNextDeliveryIsJudgedBy() {
        Authorizer authorizer = TestPolicies.authorizer("sub a/#");
        Rights rights = TestPolicies.rights(authorizer);
        AuthorizedSubscription subscription = subscription(authorizer, rights, "a/#");
        authorizer.replace(TestPolicies.set("sub a/+"));
        authorizer.replace(TestPolicies.set("sub a/#"));
        Look look = authorizer.look(rights);

        authorizer.replace(TestPolicies.set("sub b"));

        assertThat(look.at(subscription)).isEqualTo(Change.NONE); // what it saw
        assertThat(subscription.permits(A)).isFalse();
        assertThat(authorizer.look(rights).at(subscription)).isEqualTo(Change.LOST);
    }

    @Test
    void principalThatIsRenewedWhileItIsLookedAt_isWhoTheNextDeliveryIsJudgedFor() {
        Authorizer authorizer = new Authorizer(
                TestPolicies.compiled(
                        TestPolicies.policy(List.of(TestPolicies.role("r", List.of("sub <site>/#"), List.of())))),
                Clock.systemUTC());
        Rights rights = rightsAt(authorizer, "a");
        AuthorizedSubscription subscription = subscription(authorizer, rights, "a/#");
        authorizer.replace(authorizer.policy());
        Look look = authorizer.look(rights);

        assertThat(authorizer.renew(rights, rightsAt(authorizer, "b").principal()))
                .isNull();

        assertThat(look.at(subscription)).isEqualTo(Change.NONE); // what it saw
        assertThat(subscription.permits(A)).isFalse();
        assertThat(authorizer.look(rights).at(subscription)).isEqualTo(Change.LOST);
        assertThat(authorizer.renew(rights, rightsAt(authorizer, "a").principal()))
                .isNull();
        assertThat(subscription.permits(A)).isTrue();
    }

    private static Rights rightsAt(Authorizer authorizer, String site) {
        return TestPolicies.rights(
                authorizer, TestPrincipals.token("ann", "id", Map.of("jwt.site", List.of(site)), Instant.MAX));
    }
}
