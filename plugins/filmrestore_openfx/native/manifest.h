/* The manifest of PROTOCOL.md section 2, as read from the bundle. */
#ifndef FILMRESTORE_MANIFEST_H
#define FILMRESTORE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

#define PROTOCOL_NUMBER "1"

typedef struct Property {
    char type; /* 's', 'i', 'd' */
    const char *name, *text;
    int index, integer;
    double real;
    const char *if_property, *if_value; /* NULL: always */
} Property;

typedef enum { SECTION_EFFECT, SECTION_CLIP, SECTION_PARAM, SECTION_ANSWER } SectionKind;

typedef struct Section {
    SectionKind kind;
    const char *name;     /* clip, parameter or action */
    const char *type;     /* parameters only */
    const char *contexts; /* NULL: all */
    size_t first, count;  /* its properties */
} Section;

typedef struct Forward {
    const char *action, *names; /* names NULL: whatever changed */
    bool may_start;
} Forward;

typedef struct Interest {
    const char *clip;
    bool whole;
} Interest;

typedef struct Manifest {
    bool valid;
    char bundle[4096];
    char *text; /* the file; every string points into it */
    const char *id, *package, *python, *log, *rod;
    const char *worker; /* module name or file */
    bool worker_is_module;
    int major, minor;
    Section *sections;
    Property *properties;
    Forward *forwards;
    Interest *interests;
    size_t section_count, property_count, forward_count, interest_count;
} Manifest;

/* Reads the bundle's manifest once per load of the library; the same answer ever after. */
const Manifest *manifest(void);
const Forward *manifest_forward(const char *action);
/* The section of a kind and name, or NULL. */
const Section *manifest_section(SectionKind kind, const char *name);
bool section_in_context(const Section *section, const char *context);

/* For tests: parses `text` (taken over) into `out`; false when it is not a valid manifest. */
bool manifest_parse(Manifest *out, char *text, size_t length);
void manifest_free(Manifest *manifest);

#endif
