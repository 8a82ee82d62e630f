// SPDX-License-Identifier: MIT
// Walks through the whole interface, operation by operation, with arguments of every kind, and through the state of the
// machine that a guest can see, and prints what came of each: rows of a transcript (sweep.h) instead of verdicts. What
// is right is what Xen does: `make compare-xen` runs this on both and shows the rows that differ (compare
// and accepted beside this file). The cases stand in the other files, so `make test` has none.
//
// What may differ on every machine (frame numbers, times, names) is not printed. What would end the guest, or leave it
// without what the next rows need, is left out or restored; a few operations of Xen's that change the machine for good
// (microcode, sleeping, taking CPUs away) are not tried.
#include "sweep/sweep.h"
