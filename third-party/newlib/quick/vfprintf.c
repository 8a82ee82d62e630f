// SPDX-License-Identifier: MIT
// newlib's printf, unpatched, with two things that it calls done in fewer instructions: looking for the next conversion in the format, and
// writing the pieces of what was formatted into the stream's buffer.
#include <newlib.h>
#include <reent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "stdlib/local.h"

// As the encoding's function, but it may pass over many characters at once, of which *CHARACTER is then any: its callers look for '%' only.
// In ASCII and UTF-8 every byte '%' or NUL is that character.
static inline int pass_over(struct _reent* reent, wchar_t* character, const char* text, size_t limit, mbstate_t* state) {
    const mbtowc_p convert = __get_locale_r(reent)->mbtowc;
    if (convert != __ascii_mbtowc && convert != __utf8_mbtowc) return convert(reent, character, text, limit, state);
    const char* end = text;
    while (*end != '\0' && *end != '%') ++end;
    *character = end == text ? *text : ' ';
    return end == text ? *text != '\0' : (int)(end - text);
}
#undef __MBTOWC
#define __MBTOWC pass_over

struct __suio;
static int write_pieces(struct _reent*, FILE*, struct __suio*);
#define __sfvwrite_r write_pieces
#include "stdio/vfprintf.c"
#undef __sfvwrite_r
extern int __sfvwrite_r(struct _reent*, FILE*, struct __suio*);

// As __sfvwrite_r(); what fits into the buffer of a stream that is being written, and not flushed at the end of a line, is only copied.
static int write_pieces(struct _reent* reent, FILE* stream, struct __suio* pieces) {
    const int only_copied = (stream->_flags & (__SWR | __SNBF | __SLBF)) == __SWR && stream->_bf._base != NULL && stream->_w > 0 &&
                            pieces->uio_resid < (size_t)stream->_w;
    if (!only_copied) return __sfvwrite_r(reent, stream, pieces);
    stream->_w -= pieces->uio_resid;
    for (struct __siov* piece = pieces->uio_iov; pieces->uio_resid > 0; ++piece) {
        memcpy(stream->_p, piece->iov_base, piece->iov_len);
        stream->_p += piece->iov_len;
        pieces->uio_resid -= piece->iov_len;
    }
    return 0;
}
