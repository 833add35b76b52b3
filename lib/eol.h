#ifndef EOL_H
#define EOL_H

#include "scan.h"

/* What the framings of lines have in common: CR and LF without each other. */

#define EOL_BARE_CR "CR without LF behind it"
#define EOL_BARE_LF "LF without CR before it"

/* The first CR of these bytes; len if there is none. */
size_t eol_find_cr(const unsigned char *bytes, size_t len);

/* The byte behind so much data is wrong: that data comes first, in a step. */
enum scan_what eol_reject(struct scan *scan, size_t data, const char *error,
    struct scan_step *step);

#endif
