// SPDX-License-Identifier: MIT
// newlib's printf, unpatched, with two things that it calls done in fewer instructions: looking for the next conversion in the format, and
// writing the pieces of what was formatted into the stream's buffer. Arguments by position, which cost it 100 instructions in each call and
// 10 KiB in each of its variants, are seen to around it (positions.c).
#include <newlib.h>
#undef _WANT_IO_POS_ARGS
#include <reent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "positions.h"
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
// Of the variant's two functions the one is called by ours of the same name, and the other is not used.
#ifdef INTEGER_ONLY
#define variant(prefix, suffix) prefix##fiprintf##suffix
#else
#define variant(prefix, suffix) prefix##fprintf##suffix
#endif
#ifdef STRING_ONLY
#define VARIANT variant(_sv, _r)
#else
#define VARIANT variant(_v, _r)
#endif
static plain_print print_in_order;
#define _svfiprintf_r print_in_order
#define _vfiprintf_r print_in_order
#define _svfprintf_r print_in_order
#define _vfprintf_r print_in_order
#ifndef STRING_ONLY
static int without_reentrancy(FILE*, const char*, va_list);
#define vfiprintf without_reentrancy
#define vfprintf without_reentrancy
#endif
#include "stdio/vfprintf.c"
#undef _svfiprintf_r
#undef _vfiprintf_r
#undef _svfprintf_r
#undef _vfprintf_r
#undef vfiprintf
#undef vfprintf
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

int VARIANT(struct _reent* reent, FILE* stream, const char* format, va_list arguments) {
    for (const char* at = format; *at != '\0'; ++at)
        if (*at == '$') return __print_by_position(print_in_order, reent, stream, format, arguments);
    return print_in_order(reent, stream, format, arguments);
}
#ifndef STRING_ONLY
int variant(v, )(FILE* stream, const char* format, va_list arguments) { return VARIANT(_REENT, stream, format, arguments); }
#endif
