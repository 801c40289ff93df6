package io.gatehouse.admin;

/**
 * One of Mosquitto's {@code load} figures: an exponentially weighted rate per minute over one, five or fifteen minutes.
 *
 * <p>With {@code n} more in an interval of {@code t} seconds the rate was {@code n·60/t}; the average moves towards it by
 * {@code 1 − e^(−t/window)}. Confined to the thread that publishes.
 */
final class LoadAverage {
    private final double windowSeconds;
    private double average;
    private long lastTotal;

    LoadAverage(int minutes) {
        this.windowSeconds = minutes * 60.0;
    }

    /** The average after an interval at whose end the total stood at {@code total}. */
    double after(double intervalSeconds, long total) {
        if (intervalSeconds <= 0) {
            return average; // the first look: a rate needs a second one
        }
        double rate = (total - lastTotal) * 60.0 / intervalSeconds;
        average = rate + Math.exp(-intervalSeconds / windowSeconds) * (average - rate);
        lastTotal = total;
        return average;
    }
}
