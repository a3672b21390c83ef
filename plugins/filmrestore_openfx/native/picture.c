/* A host's image: what it holds, checked, and its rows. */
#include "picture.h"

#include <math.h>
#include <string.h>

#include "digest.h"
#include "host.h"

#define LONGEST_SIDE 65536
#define FARTHEST 1000000
#define LARGEST_PICTURE (4ULL << 30)

Area area_meet(Area a, Area b) {
    Area both = {a.x1 > b.x1 ? a.x1 : b.x1, a.y1 > b.y1 ? a.y1 : b.y1, a.x2 < b.x2 ? a.x2 : b.x2,
                 a.y2 < b.y2 ? a.y2 : b.y2};
    return both;
}

bool area_empty(Area area) { return area.x1 >= area.x2 || area.y1 >= area.y2; }

bool area_holds(Area outer, Area inner) {
    return outer.x1 <= inner.x1 && outer.y1 <= inner.y1 && outer.x2 >= inner.x2 && outer.y2 >= inner.y2;
}

typedef struct Word {
    const char *standard, *word;
    size_t number;
} Word;

static const char *look_up(const Word *words, const char *standard, size_t *number) {
    for (; words->standard; words++) {
        if (strcmp(words->standard, standard)) continue;
        if (number) *number = words->number;
        return words->word;
    }
    return NULL;
}

const char *depth_word(const char *standard, size_t *bytes) {
    static const Word words[] = {{"OfxBitDepthByte", "byte", 1},
                                 {"OfxBitDepthShort", "short", 2},
                                 {"OfxBitDepthHalf", "half", 2},
                                 {"OfxBitDepthFloat", "float", 4},
                                 {0}};
    return look_up(words, standard, bytes);
}

const char *components_word(const char *standard, size_t *channels) {
    static const Word words[] = {
        {"OfxImageComponentRGBA", "rgba", 4}, {"OfxImageComponentRGB", "rgb", 3}, {"OfxImageComponentAlpha", "alpha", 1}, {0}};
    return look_up(words, standard, channels);
}

const char *premult_word(const char *standard) {
    static const Word words[] = {{"OfxImageOpaque", "opaque", 0},
                                 {"OfxImageAlphaPremultiplied", "premultiplied", 0},
                                 {"OfxImageAlphaUnPremultiplied", "unpremultiplied", 0},
                                 {0}};
    return look_up(words, standard, NULL);
}

const char *field_word(const char *standard) {
    static const Word words[] = {{"OfxFieldNone", "none", 0},     {"OfxFieldLower", "lower", 0},
                                 {"OfxFieldUpper", "upper", 0},   {"OfxFieldBoth", "both", 0},
                                 {"OfxFieldSingle", "single", 0}, {"OfxFieldDoubled", "doubled", 0},
                                 {0}};
    return look_up(words, standard, NULL);
}

/* NULL when all is well. */
static const char *read_image(Picture *p) {
    void *data = NULL;
    int bounds[4], row_bytes = 0;
    const char *depth = "", *components = "", *premult = "", *field = "";
    size_t bytes = 0, channels = 0;
    if (!prop_pointer(p->image, OFX_IMAGE_DATA, 0, &data) || !data) return "the image has no data";
    if (!prop_ints(p->image, OFX_IMAGE_BOUNDS, 4, bounds)) return "the image has no bounds";
    if (!prop_int(p->image, OFX_IMAGE_ROW_BYTES, 0, &row_bytes)) return "the image has no row bytes";
    prop_string(p->image, OFX_DEPTH, 0, &depth);
    prop_string(p->image, OFX_COMPONENTS, 0, &components);
    p->depth = depth_word(depth, &bytes);
    p->components = components_word(components, &channels);
    if (!p->depth) return "the image has an unknown depth";
    if (!p->components) return "the image has unknown components";
    for (int i = 0; i < 4; i++)
        if (bounds[i] < -FARTHEST || bounds[i] > FARTHEST) return "the image's bounds are too far out";
    p->bounds = (Area){bounds[0], bounds[1], bounds[2], bounds[3]};
    if (area_empty(p->bounds)) return "the image is empty";
    long long width = p->bounds.x2 - p->bounds.x1, height = p->bounds.y2 - p->bounds.y1;
    if (width > LONGEST_SIDE || height > LONGEST_SIDE) return "the image is too large";
    p->pixel = bytes * channels;
    p->row = p->pixel * (size_t)width;
    if ((unsigned long long)p->row * (unsigned long long)height > LARGEST_PICTURE) return "the image is too large";
    p->size = p->row * (size_t)height;
    p->row_bytes = row_bytes;
    long long stride = row_bytes < 0 ? -(long long)row_bytes : row_bytes;
    if (height > 1 && stride < (long long)p->row) return "the image's rows are shorter than its pixels";
    p->data = data;
    p->premult = prop_string(p->image, OFX_PREMULTIPLICATION, 0, &premult) ? premult_word(premult) : NULL;
    p->field = prop_string(p->image, OFX_IMAGE_FIELD, 0, &field) ? field_word(field) : NULL;
    p->uid = "";
    prop_string(p->image, OFX_IMAGE_UID, 0, &p->uid);
    p->scale[0] = p->scale[1] = p->par = 1;
    if (!prop_doubles(p->image, OFX_SCALE, 2, p->scale) || !isfinite(p->scale[0]) || !isfinite(p->scale[1]))
        p->scale[0] = p->scale[1] = 1;
    if (!prop_double(p->image, OFX_IMAGE_PAR, 0, &p->par) || !isfinite(p->par)) p->par = 1;
    return NULL;
}

const char *picture_open(Picture *p, OfxImageClipHandle clip, double time) {
    memset(p, 0, sizeof *p);
    if (!clip || !suites.effect->clipGetImage) return "missing";
    OfxPropertySetHandle image = NULL;
    if (suites.effect->clipGetImage(clip, time, NULL, &image) != OFX_OK || !image) return "missing";
    p->image = image;
    const char *wrong = read_image(p);
    if (wrong) picture_close(p);
    return wrong;
}

void picture_close(Picture *p) {
    if (p->image && suites.effect->clipReleaseImage) suites.effect->clipReleaseImage(p->image);
    memset(p, 0, sizeof *p);
}

unsigned char *picture_pixel(const Picture *p, int x, int y) {
    return p->data + p->row_bytes * (y - p->bounds.y1) + (long long)p->pixel * (x - p->bounds.x1);
}

void picture_rows(const Picture *p, unsigned char *to) {
    for (int y = p->bounds.y2 - 1; y >= p->bounds.y1; y--, to += p->row)
        memcpy(to, picture_pixel(p, p->bounds.x1, y), p->row);
}

void picture_key(const Picture *p, char key[33]) {
    Digest digest;
    int bounds[4] = {p->bounds.x1, p->bounds.y1, p->bounds.x2, p->bounds.y2};
    const char *words[3] = {p->depth, p->components, p->premult ? p->premult : ""};
    digest_begin(&digest);
    digest_add(&digest, bounds, sizeof bounds);
    for (int i = 0; i < 3; i++) digest_add(&digest, words[i], strlen(words[i]) + 1);
    for (int y = p->bounds.y2 - 1; y >= p->bounds.y1; y--)
        digest_add(&digest, picture_pixel(p, p->bounds.x1, y), p->row);
    digest_end(&digest, key);
}
