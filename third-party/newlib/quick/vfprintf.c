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
#include <emmintrin.h>
#include <stdint.h>
#include <wchar.h>
#include "positions.h"
#include "stdlib/local.h"

// Left out of back traces; whoever calls it and whom it calls is there.
#define without_frame __attribute__((optimize("omit-frame-pointer")))

typedef uint64_t __attribute__((may_alias, aligned(1))) word;
typedef uint16_t __attribute__((may_alias, aligned(1))) half_word;

// As the encoding's function, but it may pass over many characters at once, of which *CHARACTER is then any: its callers look for '%' only.
// In ASCII and UTF-8 every byte '%' or NUL is that character.
static inline int pass_over(struct _reent* reent, wchar_t* character, const char* text, mbstate_t* state) {
    const mbtowc_p convert = __get_locale_r(reent)->mbtowc;
    if (convert != __ascii_mbtowc && convert != __utf8_mbtowc) return convert(reent, character, text, MB_CUR_MAX, state);
    const char* end = text;
    while (*end != '\0' && *end != '%') ++end;
    *character = end == text ? *text : ' ';
    return end == text ? *text != '\0' : (int)(end - text);
}
#undef __MBTOWC
#define __MBTOWC(reent, character, text, limit, state) pass_over(reent, character, text, state)

// The decimal point is measured in each call.
static inline size_t length_of(const char* text) {
    if (text[0] == '\0') return 0;
    return text[1] == '\0' ? 1 : strlen(text);
}
#define strlen length_of

// What the variants call to write; the one for integers alone defines __sprint_r() for all.
struct __suio;
static int write_pieces(struct _reent*, FILE*, struct __suio*);
#if defined INTEGER_ONLY || defined STRING_ONLY
#define __sfvwrite_r write_pieces
#else
#define __sprint_r write_pieces
#endif
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
#undef strlen
#undef __sfvwrite_r
#undef __sprint_r
extern int __sfvwrite_r(struct _reent*, FILE*, struct __suio*);
extern int __sprint_r(struct _reent*, FILE*, struct __suio*);

// As memcpy(), which it calls for more than a word or two.
static inline unsigned char* copy_piece(unsigned char* to, const char* from, size_t size) {
    if (size > 16) {
        memcpy(to, from, size);
    } else if (size >= 8) {
        const uint64_t first = *(const word*)from, last = *(const word*)(from + size - 8);
        *(word*)to = first;
        *(word*)(to + size - 8) = last;
    } else if (size >= 2) {
        const half_word first = *(const half_word*)from, last = *(const half_word*)(from + size - 2);
        for (size_t i = 2; i + 2 < size; i += 2) *(half_word*)(to + i) = *(const half_word*)(from + i);
        *(half_word*)to = first;
        *(half_word*)(to + size - 2) = last;
    } else if (size != 0) {
        *to = (unsigned char)*from;
    }
    return to + size;
}

// As the function that it replaces; what fits into the buffer of a stream of bytes that is being written, and not flushed at the end of a line,
// is only copied.
without_frame static int write_pieces(struct _reent* reent, FILE* stream, struct __suio* pieces) {
    const int only_copied = (stream->_flags & (__SWR | __SNBF | __SLBF)) == __SWR && (stream->_flags2 & __SWID) == 0 &&
                            stream->_bf._base != NULL && stream->_w > 0 && pieces->uio_resid < (size_t)stream->_w;
#if defined INTEGER_ONLY || defined STRING_ONLY
    if (!only_copied) return __sfvwrite_r(reent, stream, pieces);
#else
    if (!only_copied) return __sprint_r(reent, stream, pieces);
#endif
    unsigned char* to = stream->_p;
    const struct __siov* end = pieces->uio_iov + pieces->uio_iovcnt;
    for (const struct __siov* piece = pieces->uio_iov; piece != end; ++piece) to = copy_piece(to, piece->iov_base, piece->iov_len);
    stream->_p = to;
    stream->_w -= pieces->uio_resid;
    pieces->uio_resid = 0;
    pieces->uio_iovcnt = 0;
    return 0;
}

// Sixteen characters at a time, by reads that do not leave a page: the first where the text begins, if its page goes on so far, the others aligned.
// What stands before the text in an aligned read does not count.
static inline int has_dollar(const char* text) {
    const __m128i dollars = _mm_set1_epi8('$'), zeros = _mm_setzero_si128();
    const int is_within = ((uintptr_t)text & 4095) <= 4096 - 16;
    const unsigned before = is_within ? 0 : (uintptr_t)text & 15;
    const __m128i* at = (const __m128i*)((uintptr_t)text & ~(uintptr_t)15);
    __m128i piece = is_within ? _mm_loadu_si128((const __m128i*)text) : *at;
    unsigned found = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(piece, dollars)) >> before;
    unsigned end = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(piece, zeros)) >> before;
    while ((found | end) == 0) {
        piece = *++at;
        found = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(piece, dollars));
        end = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(piece, zeros));
    }
    return (found & ((end & -end) - 1)) != 0; // below the first zero; anywhere when there is none
}

without_frame int VARIANT(struct _reent* reent, FILE* stream, const char* format, va_list arguments) {
    if (__builtin_expect(has_dollar(format), 0)) return __print_by_position(print_in_order, reent, stream, format, arguments);
    return print_in_order(reent, stream, format, arguments);
}
#ifndef STRING_ONLY
int variant(v, )(FILE* stream, const char* format, va_list arguments) { return VARIANT(_REENT, stream, format, arguments); }
#endif
