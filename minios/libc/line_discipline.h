// SPDX-License-Identifier: MIT
// What a terminal does to what is typed (POSIX, General Terminal Interface): lines are edited and echoed, some characters are signals.
// Pure bookkeeping: it neither waits nor knows where characters come from.
#pragma once

#include <cstddef>
#include <termios.h>

namespace minios::libc {

class LineDiscipline {
  public:
    using Echo = void (*)(const char* bytes, std::size_t count);
    constexpr explicit LineDiscipline(Echo echo) : echo_(echo) {}

    /// The other end is no terminal but a stream of bytes: no echo, no editing, no signals, and the first end-of-file character at the start of a
    /// line ends the input for good. Behind `literal_next` a byte means itself; without it NULs are passed over.
    static constexpr char literal_next = 0x16; // Ctrl-V
    void make_plain() { plain_ = true; }
    bool plain() const { return plain_; }

    const termios& settings() const { return settings_; }
    /// Takes over what can be changed (see <sys/termios.h>); the rest stays as it is.
    void change(const termios& wanted);
    /// The signal that this character stands for, or 0.
    int signal_of(char c) const;

    /// May another character be typed before something is taken?
    bool wants_more() const { return !complete_; }
    void type(char c);
    /// How many bytes a reader may have now: of a whole line, or of whatever has come when lines are not edited. An ended input has 0 and is
    /// `at_end`.
    std::size_t available() const { return complete_ || raw() ? length_ - taken_ : 0; }
    bool at_end() const { return complete_ && length_ == taken_; }
    /// Gives up to `size` of these bytes.
    std::size_t take(char* to, std::size_t size);
    /// Forgets what was typed and not taken.
    void discard();

  private:
    bool raw() const { return !plain_ && (settings_.c_lflag & ICANON) == 0; }
    bool is(char c, int which) const;
    void echo(char c) const;
    void erase_one();
    void type_plain(char c);
    void type_raw(char c);
    void type_line(char c);
    void add(char c);

    Echo echo_;
    termios settings_{ICRNL,
                      OPOST | ONLCR,
                      CS8 | CREAD | CLOCAL,
                      ISIG | ICANON | ECHO | ECHOE | ECHOK,
                      {3, 28, 127, 21, 4, 0, 1, 0, 0, 0, 0}, // Ctrl-C, Ctrl-backslash, Delete, Ctrl-U, Ctrl-D; MIN is 1
                      B38400,
                      B38400};
    char text_[512] = {};
    std::size_t length_ = 0; ///< typed so far
    std::size_t taken_ = 0;  ///< given to readers already
    bool complete_ = false;  ///< a line (or as much as fits), or the end
    bool plain_ = false, ended_ = false;
    bool literal_ = false; ///< the next byte of a stream means itself
};

} // namespace minios::libc
