#!/bin/sh
# Cuts the power of the broker's disk at random moments under a mixed load, and counts what it had promised and did not keep.
#
#   bench/power-cut.sh [CYCLES [STORAGE [SEED]]]
#
# Needs root, ext4 and a loop device: the store is on a file system of its own, and with each kill everything that was not
# synced is gone, as after a power cut. With STORAGE '{folder: data/store, durability: os}' it shows what that loses.
# Otherwise as bench/kill.sh.
exec env GATEHOUSE_KILL=powerCuts "$(dirname "$0")/kill.sh" "$@"
