package io.gatehouse.routing;

import io.gatehouse.policy.AuthorizedSubscription;
import io.gatehouse.session.Session;

/** A session and the right by which it hears: what the tree of filters holds. */
record Subscriber(Session session, AuthorizedSubscription proof) {}
