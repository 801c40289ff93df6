package io.gatehouse.routing;

import io.gatehouse.protocol.TopicName;
import io.gatehouse.session.Session;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The members of one shared subscription (MQTT 5.0, section 4.8.2). Any thread.
 *
 * <p>The member is chosen among those that may receive the message: one without the right neither gets it nor makes it
 * vanish. One that can take it at once is preferred; else one that is away keeps it in its queue.
 */
final class ShareGroup {
    private final List<Subscriber> members = new CopyOnWriteArrayList<>();
    private final AtomicInteger turn = new AtomicInteger();

    /** One thread at a time; a member of the same session is replaced without a gap [MQTT-3.8.4-3]. */
    void put(Subscriber member) {
        for (int i = 0; i < members.size(); i++) {
            if (members.get(i).session() == member.session()) {
                members.set(i, member);
                return;
            }
        }
        members.add(member);
    }

    /** Takes a session out; whether nobody is left. */
    boolean remove(Session session) {
        members.removeIf(member -> member.session() == session);
        return members.isEmpty();
    }

    int size() {
        return members.size();
    }

    /** Who gets a message; null if nobody may. */
    @Nullable
    Subscriber choose(TopicName topic, boolean acknowledged) {
        Object[] now = members.toArray();
        int start = turn.getAndIncrement();
        Subscriber connected = null;
        Subscriber away = null;
        for (int i = 0; i < now.length; i++) {
            Subscriber member = (Subscriber) now[Math.floorMod(start + i, now.length)];
            if (!member.proof().permits(topic)) {
                continue;
            }
            if (member.session().isReady()) {
                return member;
            }
            if (connected == null && member.session().isConnected()) {
                connected = member;
            } else if (away == null) {
                away = member;
            }
        }
        return connected != null || !acknowledged ? connected : away;
    }
}
