package io.gatehouse.store;

/**
 * The version of what stands on disk. Stateless.
 *
 * <p>A newer one is refused: an older program would read it wrongly. An older one is brought up to date when it is opened;
 * 1 is the first, so there is nothing to bring up yet.
 */
final class Format {
    static final int CURRENT = 1;

    private Format() {}

    static void require(int found, Object folder) throws UnusableStore {
        if (found > CURRENT) {
            throw new UnusableStore("the store in " + folder + " has format " + found
                    + ", written by a newer Gatehouse; this one reads up to " + CURRENT
                    + ". Start the newer program, or restore a backup made by this one");
        }
        if (found < 1) {
            throw new UnusableStore("the store in " + folder + " has format " + found + ", which never was");
        }
    }
}
