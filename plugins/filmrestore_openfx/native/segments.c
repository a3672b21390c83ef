/* Shared memory of the worker, by number. */
#include "segments.h"

#include <stdlib.h>

#include "lock.h"

#define MOST_SEGMENTS 256
#define LARGEST_SEGMENT (4ULL << 30)
#define LARGEST_TOTAL (32ULL << 30)

static Lock guard = LOCK_INIT;
static Segment *all;
static int count, last_number;
static unsigned long long total;

/* Under the lock: frees what is dropped and unused. */
static void sweep(void) {
    for (Segment **at = &all; *at;) {
        Segment *segment = *at;
        if (!segment->dropped || segment->users) {
            at = &segment->next;
            continue;
        }
        *at = segment->next;
        count--;
        total -= segment->shared.size;
        shared_free(&segment->shared);
        free(segment);
    }
}

Segment *segment_make(unsigned long long size) {
    if (!size || size > LARGEST_SEGMENT) return NULL;
    lock_take(&guard);
    Segment *segment = NULL;
    if (count < MOST_SEGMENTS && total + size <= LARGEST_TOTAL) segment = calloc(1, sizeof *segment);
    if (segment && !shared_make(&segment->shared, (size_t)size)) {
        free(segment);
        segment = NULL;
    }
    if (segment) {
        last_number = last_number == 2000000000 ? 1 : last_number + 1;
        segment->number = last_number;
        segment->users = 1;
        segment->next = all;
        all = segment;
        count++;
        total += size;
    }
    lock_give(&guard);
    return segment;
}

Segment *segment_hold(long long number) {
    lock_take(&guard);
    Segment *found = all;
    while (found && (found->number != number || found->dropped)) found = found->next;
    if (found) found->users++;
    lock_give(&guard);
    return found;
}

void segment_let_go(Segment *segment) {
    if (!segment) return;
    lock_take(&guard);
    segment->users--;
    sweep();
    lock_give(&guard);
}

bool segment_drop(long long number) {
    lock_take(&guard);
    Segment *found = all;
    while (found && (found->number != number || found->dropped)) found = found->next;
    if (found) found->dropped = true;
    sweep();
    lock_give(&guard);
    return found != NULL;
}

void segments_clear(void) {
    lock_take(&guard);
    for (Segment *segment = all; segment; segment = segment->next) segment->dropped = true;
    sweep();
    lock_give(&guard);
}
