// SPDX-License-Identifier: MIT
// printf's conversions that name their argument by its position (POSIX: "%2$s", "%1$*3$d"), by those that take the next one: the arguments are
// put into memory in the order in which the format uses them, and a format without positions prints them.
#include "positions.h"

#include <errno.h>
#include <reent.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { most_positions = 32 };

/// How an argument is passed: in general registers, vector registers, memory. What no conversion uses counts as the first.
enum Kind { word, number, long_number };

union Value {
    uint64_t word;
    double number;
    long double long_number;
};

struct Order {
    unsigned char kinds[most_positions];
    unsigned count;      ///< of arguments
    union Value* values; ///< none while the format is only looked at
    char* format;        ///< end of the new one, likewise
    char* memory;        ///< for the arguments; 16-byte aligned
    size_t used;
};

static int is_digit(char c) { return c >= '0' && c <= '9'; }

/// Behind "12$", or NULL: no position.
static const char* read_position(const char* at, unsigned* position) {
    const char* begin = at;
    for (*position = 0; is_digit(*at); ++at)
        if (*position <= most_positions) *position = *position * 10 + (unsigned)(*at - '0');
    return at != begin && *at == '$' ? at + 1 : NULL;
}

static void copy(struct Order* order, char c) {
    if (order->format != NULL) *order->format++ = c;
}

/// The next conversion uses this argument. 0, or -1: there can be none.
static int use(struct Order* order, unsigned position, enum Kind kind) {
    if (position < 1 || position > most_positions) return -1;
    if (order->values == NULL) {
        order->kinds[position - 1] = (unsigned char)kind;
        if (position > order->count) order->count = position;
        return 0;
    }
    const size_t size = kind == long_number ? sizeof(long double) : sizeof(uint64_t);
    order->used = (order->used + size - 1) / size * size;
    memcpy(order->memory + order->used, &order->values[position - 1], size);
    order->used += size;
    return 0;
}

/// A width or precision: digits, or an argument. Behind it, or NULL.
static const char* pass_number(struct Order* order, const char* at) {
    unsigned position;
    if (*at != '*') {
        for (; is_digit(*at); ++at) copy(order, *at);
        return at;
    }
    copy(order, '*');
    at = read_position(at + 1, &position);
    return at != NULL && use(order, position, word) == 0 ? at : NULL;
}

static int is_in(char c, const char* set) { return c != '\0' && strchr(set, c) != NULL; }

/// A conversion, from behind its position. Behind it, or NULL.
static const char* pass_conversion(struct Order* order, const char* at, unsigned position) {
    int is_long = 0;
    for (; is_in(*at, "-+ #0'"); ++at) copy(order, *at);
    at = pass_number(order, at);
    if (at != NULL && *at == '.') {
        copy(order, '.');
        at = pass_number(order, at + 1);
    }
    if (at == NULL) return NULL;
    for (; is_in(*at, "hlqjztL"); ++at) {
        copy(order, *at);
        is_long = is_long || *at == 'L';
    }
    if (*at == '\0') return NULL;
    copy(order, *at);
    const enum Kind kind = !is_in(*at, "aAeEfFgG") ? word : is_long ? long_number : number;
    return use(order, position, kind) == 0 ? at + 1 : NULL;
}

/// 1: all conversions have positions; 0: the first has none; -1: something cannot be.
static int pass_format(struct Order* order, const char* at) {
    int seen = 0;
    unsigned position;
    while (*at != '\0') {
        copy(order, *at);
        if (*at++ != '%') continue;
        if (*at == '%') {
            copy(order, *at++);
            continue;
        }
        const char* next = read_position(at, &position);
        if (next == NULL) return seen ? -1 : 0;
        at = pass_conversion(order, next, position);
        if (at == NULL) return -1;
        seen = 1;
    }
    copy(order, '\0');
    return seen;
}

static void fetch(const struct Order* order, union Value* values, va_list arguments) {
    for (unsigned i = 0; i < order->count; ++i) {
        switch (order->kinds[i]) {
        case word: values[i].word = va_arg(arguments, uint64_t); break; // of an int the lower half
        case number: values[i].number = va_arg(arguments, double); break;
        default: values[i].long_number = va_arg(arguments, long double); break;
        }
    }
}

/// The ABI's va_list with all registers used up: every argument is in memory (System V ABI for x86-64, 3.5.7).
static void begin_in_memory(va_list arguments, void* memory) {
    struct {
        unsigned general_used, vector_used;
        void *memory, *registers;
    } all_in_memory = {48, 176, memory, NULL};
    _Static_assert(sizeof all_in_memory == sizeof(va_list), "");
    memcpy(arguments, &all_in_memory, sizeof all_in_memory);
}

int __print_by_position(plain_print* print, struct _reent* reent, FILE* stream, const char* format, va_list arguments) {
    union Value values[most_positions];
    struct Order order;
    memset(&order, 0, sizeof order);
    int result = pass_format(&order, format);
    if (result == 0) return print(reent, stream, format, arguments);
    // A conversion is 4 characters at least and uses up to 3 arguments.
    const size_t length = strlen(format) + 1, room = (length / 4 * 3 + 1) * sizeof(long double);
    char* memory = result > 0 ? _malloc_r(reent, room + length) : NULL;
    if (memory == NULL) {
        if (result < 0) reent->_errno = EINVAL;
        return EOF;
    }
    fetch(&order, values, arguments);
    order.values = values;
    order.memory = memory;
    order.format = memory + room;
    (void)pass_format(&order, format);
    va_list in_order;
    begin_in_memory(in_order, memory);
    result = print(reent, stream, memory + room, in_order);
    _free_r(reent, memory);
    return result;
}
