/* Shared memory of the worker, by number. The worker decides what is made and dropped; limits are kept here. */
#ifndef FILMRESTORE_SEGMENTS_H
#define FILMRESTORE_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "system.h"

typedef struct Segment {
    int number;
    int users; /* who holds it now: memory is freed when dropped and unused */
    bool dropped;
    Shared shared;
    struct Segment *next;
} Segment;

/* A new segment, held by the caller; NULL when a limit or the memory is reached. */
Segment *segment_make(unsigned long long size);
/* Holds an existing one; NULL when there is none of that number. */
Segment *segment_hold(long long number);
void segment_let_go(Segment *segment);
bool segment_drop(long long number);
/* The worker is gone: all are dropped. */
void segments_clear(void);

#endif
