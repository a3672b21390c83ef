/* Playing the manifest to the host: descriptors, and actions with fixed answers. No Python. */
#ifndef FILMRESTORE_DESCRIBE_H
#define FILMRESTORE_DESCRIBE_H

#include "ofx_abi.h"

OfxStatus describe_effect(OfxImageEffectHandle effect);
OfxStatus describe_context(OfxImageEffectHandle effect, OfxPropertySetHandle in);
OfxStatus answer_fixed(const char *action, OfxPropertySetHandle out);
OfxStatus region_of_definition(OfxImageEffectHandle effect, OfxPropertySetHandle in, OfxPropertySetHandle out);
OfxStatus regions_of_interest(OfxImageEffectHandle effect, OfxPropertySetHandle in, OfxPropertySetHandle out);

#endif
