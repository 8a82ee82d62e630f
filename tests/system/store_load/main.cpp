// SPDX-License-Identifier: MIT
// A guest that keeps the store busy and notices whatever goes wrong there, for tests that kill services meanwhile: writes and reads back,
// transactions, nodes that come and go, and a watch that must fire. Says how far it is, line by line; the first thing that is not as it should
// be ends it with "load: WRONG". Argument: how many rounds; then it waits for good.
#include <minios/backends/service_page.h>
#include <minios/minios.h>
#include <minios/xenbus.h>

#include <string_view>

namespace {

using namespace minios;

constexpr unsigned rounds_in_line = 50;

[[noreturn]] void rest() {
    static WaitQueue nothing;
    for (;;) (void)nothing.wait();
}

[[noreturn]] void wrong(unsigned round, const char* what, const char* why) {
    print("load: WRONG in round %u: %s: %s\n", round, what, why);
    rest();
}

unsigned now; // the round

template <class T> void must(const T& result, const char* what) {
    if (!result) wrong(now, what, error_name(result.error()));
}

std::string_view number_text(unsigned number, std::span<char> text) {
    return {text.data(), static_cast<std::size_t>(format_to(text.data(), text.size(), "%u", number))};
}

void must_read(const char* path, unsigned expected) {
    const auto value = xenbus::read_number(path, 0xffffffff);
    must(value, path);
    if (*value != expected) wrong(now, path, "has another value than was written");
}

/// One more than it was, in a transaction.
void count_up() {
    must(xenbus::transact([](xenbus::TransactionId in) -> Result<void> {
             const auto value = xenbus::read_number("data/counted", 0xffffffff, in);
             if (!value) return value.error();
             char text[16];
             return xenbus::write("data/counted", number_text(static_cast<unsigned>(*value) + 1, text), in);
         }),
         "transaction");
}

void come_and_go() {
    xenbus::Batch batch;
    batch.remove("data/never-there");
    batch.make("data/some");
    batch.write("data/some/where", "x");
    batch.set_permissions("data/some/where", std::string_view("n0", 3));
    // A guest may not give its nodes away.
    const auto refused = batch.finish();
    if (refused || refused.error() != Error::not_permitted) wrong(now, "giving a node away", "was not refused");
    char names[64];
    const auto length = xenbus::directory("data/some", names);
    must(length, "directory");
    if (std::string_view(names, *length) != std::string_view("where", 6))
        wrong(now, "directory", "lists something else");
    must(xenbus::remove("data/some"), "remove");
    if (xenbus::read("data/some/where", names).error() != Error::not_found) wrong(now, "remove", "left something");
}

} // namespace

int main(int argc, char** argv) {
    std::uint32_t rounds = 0;
    const char* text = argc > 1 ? argv[1] : "";
    if (!backends::parse_number(text, '\0', 1'000'000, rounds)) return 1;
    must(xenbus::start(), "no store");
    must(xenbus::write("data/counted", "0"), "write");
    static xenbus::Watch watch;
    must(watch.set("data/value"), "watch");
    for (now = 1; now <= rounds; ++now) {
        char number[16];
        (void)watch.take();
        must(xenbus::write("data/value", number_text(now, number)), "write");
        must_read("data/value", now);
        if (!watch.wait(clock::now_ns() + 120'000'000'000)) wrong(now, "watch", "did not fire");
        count_up();
        must_read("data/counted", now);
        come_and_go();
        if (now % rounds_in_line == 0) print("load: %u rounds\n", now);
    }
    print("load: done\n");
    rest();
}
