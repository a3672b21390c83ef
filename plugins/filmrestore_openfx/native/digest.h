/* A 128-bit digest of all the bits of a picture: equal keys mean equal pixels. */
#ifndef FILMRESTORE_DIGEST_H
#define FILMRESTORE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_LANES 8

typedef struct Digest {
    uint64_t lanes[DIGEST_LANES];
    uint64_t bytes;
} Digest;

void digest_begin(Digest *digest);
void digest_add(Digest *digest, const void *bytes, size_t length);
void digest_end(const Digest *digest, char key[33]);

#endif
