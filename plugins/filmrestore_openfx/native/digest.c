/* A fast digest, to recognize pictures; it defends against chance, not against forgers.
 *
 * Eight lanes take one 64-bit word each, so that the multiplications overlap and memory is the limit. For a fixed lane
 * every step is a bijection of the word, so a single changed word can never be lost; several changed words cancel with
 * a chance of 2^-64. */
#include "digest.h"

#include <string.h>

#define ODD_1 0x9E3779B97F4A7C15ULL
#define ODD_2 0xD6E8FEB86659FD93ULL

static uint64_t turn(uint64_t value, int bits) { return value << bits | value >> (64 - bits); }

static uint64_t stir(uint64_t lane, uint64_t word) { return turn(lane ^ word, 29) * ODD_1; }

static uint64_t finish(uint64_t value) {
    value ^= value >> 32;
    value *= ODD_2;
    value ^= value >> 29;
    value *= ODD_1;
    return value ^ value >> 32;
}

void digest_begin(Digest *digest) {
    for (int i = 0; i < DIGEST_LANES; i++) digest->lanes[i] = finish(ODD_2 * (uint64_t)(i + 1));
    digest->bytes = 0;
}

void digest_add(Digest *digest, const void *bytes, size_t length) {
    const unsigned char *at = bytes;
    uint64_t lanes[DIGEST_LANES], words[DIGEST_LANES];
    memcpy(lanes, digest->lanes, sizeof lanes);
    digest->bytes += length;
    for (; length >= sizeof words; at += sizeof words, length -= sizeof words) {
        memcpy(words, at, sizeof words); /* rows need not be aligned */
        for (int i = 0; i < DIGEST_LANES; i++) lanes[i] = stir(lanes[i], words[i]);
    }
    if (length) {
        memset(words, 0, sizeof words);
        memcpy(words, at, length);
        for (int i = 0; i < DIGEST_LANES; i++) lanes[i] = stir(lanes[i], words[i]);
    }
    memcpy(digest->lanes, lanes, sizeof lanes);
}

void digest_end(const Digest *digest, char key[33]) {
    uint64_t halves[2] = {digest->bytes * ODD_1, digest->bytes ^ ODD_2};
    for (int i = 0; i < DIGEST_LANES; i++) {
        halves[0] = stir(halves[0], finish(digest->lanes[i]));
        halves[1] = finish(halves[1] + turn(digest->lanes[i], i + 7));
    }
    halves[0] = finish(halves[0]);
    for (int i = 0; i < 32; i++) key[i] = "0123456789abcdef"[halves[i / 16] >> (60 - i % 16 * 4) & 15];
    key[32] = 0;
}
