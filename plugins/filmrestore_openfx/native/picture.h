/* A host's image: what it holds, checked, and its rows. */
#ifndef FILMRESTORE_PICTURE_H
#define FILMRESTORE_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "ofx_abi.h"

typedef struct Area {
    int x1, y1, x2, y2; /* pixels, y up, half open */
} Area;

Area area_meet(Area a, Area b); /* empty areas have x1 >= x2 or y1 >= y2 */
bool area_empty(Area area);
bool area_holds(Area outer, Area inner);

typedef struct Picture {
    OfxPropertySetHandle image; /* NULL: none is open */
    unsigned char *data;        /* the pixel (bounds.x1, bounds.y1) */
    long long row_bytes;        /* signed: negative when rows are stored top first */
    Area bounds;
    const char *depth, *components; /* the protocol's words */
    size_t pixel, row, size;        /* bytes, tight */
    const char *premult, *uid, *field; /* the host's strings, valid while the image is held */
    double scale[2], par;
} Picture;

/* Fetches and checks. NULL: it is open. Else the reason in the protocol's words ("missing" or "unusable TEXT"). */
const char *picture_open(Picture *picture, OfxImageClipHandle clip, double time);
void picture_close(Picture *picture);

unsigned char *picture_pixel(const Picture *picture, int x, int y);
/* Rows top-down and tight. */
void picture_rows(const Picture *picture, unsigned char *to);
void picture_key(const Picture *picture, char key[33]);

/* The protocol's words for the standard's strings; NULL when there is none. */
const char *depth_word(const char *standard, size_t *bytes);
const char *components_word(const char *standard, size_t *channels);
const char *premult_word(const char *standard);
const char *field_word(const char *standard);

#endif
