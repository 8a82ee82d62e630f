// SPDX-License-Identifier: MIT
// The log of base/log.h: one line per call, to the console, if its level is wanted.
#include "base/log.h"

#include "arch/x86_64/console.h"
#include "arch/x86_64/time.h"
#include "base/format.h"
#include "boot/options.h"

#include <atomic>

namespace skerry {

namespace {

// Formats "prefix text\n" (exactly one newline) and writes it in one piece.
void write_line(const char* prefix, const char* format, va_list arguments) {
    char line[320];
    size_t length = format_text(line, sizeof(line) - 1, "%s", prefix);
    length += format_arguments(line + length, sizeof(line) - 1 - length, format, arguments);
    if (line[length - 1] != '\n') line[length++] = '\n';
    console_write(line, length);
}

const char* prefix_of(LogLevel level) {
    switch (level) {
    case LogLevel::error: return "xen-core: error: ";
    case LogLevel::warning: return "xen-core: warning: ";
    default: return "xen-core: ";
    }
}

// At most `burst` lines at once, one more every `interval`; what was dropped is counted and reported with the next
// line.
class RateLimit {
  public:
    bool admit(uint32_t& dropped) {
        Nanoseconds time = now();
        uint32_t earned = static_cast<uint32_t>((time - last_.load(std::memory_order_relaxed)) / interval);
        if (earned) {
            last_.store(time, std::memory_order_relaxed);
            uint32_t used = used_.load(std::memory_order_relaxed);
            used_.store(used > earned ? used - earned : 0, std::memory_order_relaxed);
        }
        if (used_.load(std::memory_order_relaxed) >= burst) {
            dropped_.fetch_add(1, std::memory_order_relaxed);
            return false;
        }
        used_.fetch_add(1, std::memory_order_relaxed);
        dropped = dropped_.exchange(0, std::memory_order_relaxed);
        return true;
    }

  private:
    static constexpr Nanoseconds interval = 500'000'000;
    static constexpr uint32_t burst = 10;
    std::atomic<Nanoseconds> last_{0};
    std::atomic<uint32_t> used_{0}, dropped_{0};
};

constinit RateLimit refusal_limit;

} // namespace

void log(LogLevel level, const char* format, ...) {
    if (level > options.log_level) return;
    va_list arguments;
    va_start(arguments, format);
    write_line(prefix_of(level), format, arguments);
    va_end(arguments);
}

Error refuse(Error reason, DomId domain, const char* format, ...) {
    uint32_t dropped;
    if (options.guest_log_level < LogLevel::debug || !refusal_limit.admit(dropped)) return reason;
    char prefix[64];
    format_text(prefix, sizeof(prefix), "d%u: refused: ", domain.value);
    va_list arguments;
    va_start(arguments, format);
    write_line(prefix, format, arguments);
    va_end(arguments);
    if (dropped) log(LogLevel::info, "%u more refusals were not printed", dropped);
    return reason;
}

} // namespace skerry
