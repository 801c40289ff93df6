package io.gatehouse.policy;

import io.gatehouse.authn.Subject;
import java.time.Instant;

/** Who asks, as whom, and when: what conditions and variables look at. Immutable. */
record Circumstances(Subject subject, String clientId, Instant now) {}
