// SPDX-License-Identifier: MIT
#include "line_discipline.h"

#include <initializer_list>
#include <signal.h>
#include <string.h>

namespace minios::libc {

namespace {

constexpr tcflag_t changeable_input = ICRNL | INLCR | IGNCR, changeable_local = ISIG | ICANON | ECHO | ECHONL;
constexpr char backspace = 8; // always erases, beside VERASE: keyboards differ

tcflag_t mixed(tcflag_t present, tcflag_t wanted, tcflag_t changeable) {
    return (present & ~changeable) | (wanted & changeable);
}

} // namespace

void LineDiscipline::change(const termios& wanted) {
    settings_.c_iflag = mixed(settings_.c_iflag, wanted.c_iflag, changeable_input);
    settings_.c_lflag = mixed(settings_.c_lflag, wanted.c_lflag, changeable_local);
    for (const int which : {VINTR, VQUIT, VERASE, VKILL, VEOF, VEOL, VMIN, VTIME})
        settings_.c_cc[which] = wanted.c_cc[which];
    if (raw()) complete_ = length_ == sizeof text_;
}

bool LineDiscipline::is(char c, int which) const {
    const cc_t character = settings_.c_cc[which];
    return character != _POSIX_VDISABLE && static_cast<cc_t>(c) == character;
}

int LineDiscipline::signal_of(char c) const {
    if (plain_ || (settings_.c_lflag & ISIG) == 0) return 0;
    return is(c, VINTR) ? SIGINT : is(c, VQUIT) ? SIGQUIT : 0;
}

void LineDiscipline::echo(char c) const {
    const bool wanted = (settings_.c_lflag & ECHO) != 0 || (c == '\n' && !raw() && (settings_.c_lflag & ECHONL) != 0);
    if (wanted) echo_(&c, 1);
}

void LineDiscipline::erase_one() {
    if (length_ == 0) return;
    --length_;
    if ((settings_.c_lflag & ECHO) != 0) echo_("\b \b", 3);
}

void LineDiscipline::add(char c) { text_[length_++] = c; }

void LineDiscipline::type(char c) {
    if (plain_) return type_plain(c);
    if (signal_of(c) != 0) {
        if ((settings_.c_lflag & ECHO) != 0) echo_(is(c, VINTR) ? "^C\n" : "^\\\n", 3);
        return discard();
    }
    if (c == '\r' && (settings_.c_iflag & IGNCR) != 0) return;
    if (c == '\r' && (settings_.c_iflag & ICRNL) != 0)
        c = '\n';
    else if (c == '\n' && (settings_.c_iflag & INLCR) != 0)
        c = '\r';
    raw() ? type_raw(c) : type_line(c);
}

void LineDiscipline::type_plain(char c) {
    const bool literal = literal_;
    literal_ = !literal && c == literal_next;
    if (literal_ || (c == 0 && !literal)) return; // NUL: what comes before a line is set up
    const bool end = !literal && is(c, VEOF);
    complete_ = c == '\n' || end || length_ + 1 == sizeof text_;
    ended_ = end && length_ == 0;
    if (!end) add(c);
}

void LineDiscipline::type_raw(char c) {
    add(c);
    echo(c);
    complete_ = length_ == sizeof text_;
}

void LineDiscipline::type_line(char c) {
    if (c == 0) return;
    if (c == backspace || is(c, VERASE)) return erase_one();
    if (is(c, VKILL)) {
        while (length_ > 0) erase_one();
        return;
    }
    const bool end = is(c, VEOF), ends_line = c == '\n' || is(c, VEOL);
    complete_ = end || ends_line;
    if (end || length_ >= sizeof text_ - (ends_line ? 0 : 1)) return;
    add(c);
    echo(c);
}

std::size_t LineDiscipline::take(char* to, std::size_t size) {
    const std::size_t there = available(), count = size < there ? size : there;
    memcpy(to, text_ + taken_, count);
    taken_ += count;
    if (taken_ == length_) {
        length_ = taken_ = 0;
        complete_ = ended_;
    }
    return count;
}

void LineDiscipline::discard() {
    if (ended_) return;
    length_ = taken_ = 0;
    complete_ = false;
}

} // namespace minios::libc
