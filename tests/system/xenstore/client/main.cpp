// SPDX-License-Identifier: MIT
// A client of the store for the QEMU scenarios, by way of <minios/xenbus.h>. First each call once; then the same work over
// and over, while it crashes the store's server now and then.
//   kills=N            how often (0: not at all)           domain=xenstore:<domid>   whom (the key `knows` gives it)
#include <minios/minios.h>
#include <minios/xenbus.h>

#include <cstdlib>
#include <string_view>

namespace {

using namespace minios;

unsigned failures;

void expect(bool held, const char* what) {
    if (held) return;
    ++failures;
    print("client: BAD %s\n", what);
}
#define EXPECT(condition) expect(static_cast<bool>(condition), #condition)

unsigned number_of(std::string_view text) {
    unsigned number = 0;
    for (char digit : text) number = number * 10 + static_cast<unsigned>(digit - '0');
    return number;
}

unsigned word(int argc, char** argv, std::string_view key) {
    for (int i = 1; i < argc; ++i)
        if (std::string_view(argv[i]).starts_with(key)) return number_of(std::string_view(argv[i]).substr(key.size()));
    return 0;
}

bool reads(std::string_view path, std::string_view value) {
    char text[64];
    const auto length = xenbus::read(path, text);
    return length && std::string_view(text, *length < sizeof text ? *length : sizeof text) == value;
}

void each_call_once() {
    EXPECT(xenbus::write("data/a/b", "value"));
    EXPECT(reads("data/a/b", "value"));
    EXPECT(xenbus::read("data/none", {}).error() == Error::not_found);
    EXPECT(xenbus::write("name", "other").error() == Error::access);
    EXPECT(xenbus::write("data//x", "").error() == Error::invalid);
    EXPECT(xenbus::make("data/a/c"));
    char names[16];
    const auto length = xenbus::directory("data/a", names);
    EXPECT(length && std::string_view(names, *length) == std::string_view("b\0c\0", 4));
    EXPECT(xenbus::directory("data/a", std::span(names, 3)).error() == Error::range);
    EXPECT(xenbus::set_permissions("data/a/c", {"b0\0", 3}).error() == Error::not_permitted);
    EXPECT(xenbus::remove("data/a"));
    EXPECT(xenbus::read("data/a/b", {}).error() == Error::not_found);
    EXPECT(xenbus::write("data/n", "1234"));
    EXPECT(*xenbus::read_number("data/n", 2000) == 1234);
    EXPECT(xenbus::read_number("data/n", 1000).error() == Error::invalid);
    EXPECT(xenbus::introduce(DomId{9}, Port{1}).error() == Error::access);

    static char value[2040], back[2040];
    for (std::size_t i = 0; i < sizeof value; ++i) value[i] = static_cast<char>('a' + i % 26);
    EXPECT(xenbus::write("data/large", {value, sizeof value}));
    EXPECT(*xenbus::read("data/large", back) == sizeof back &&
           std::string_view(back, sizeof back) == std::string_view(value, sizeof value));
}

void lists_of_any_length() {
    char path[40];
    static char names[6000];
    for (unsigned i = 0; i < 400; ++i) {
        format_to(path, sizeof path, "data/many/number-%03u", i);
        EXPECT(xenbus::write(path, ""));
    }
    const auto length = xenbus::directory("data/many", names);
    EXPECT(length && *length == 400 * 11);
    EXPECT(length && std::string_view(names + 399 * 11) == "number-399");
    EXPECT(xenbus::remove("data/many"));
}

void watches() {
    static xenbus::Watch watch;
    EXPECT(watch.set("data/watched"));
    EXPECT(watch.wait());
    EXPECT(!watch.take());
    EXPECT(xenbus::write("data/watched/x", "1"));
    EXPECT(watch.wait());
    EXPECT(watch.changed_path() == "data/watched/x");
    EXPECT(watch.clear());
    EXPECT(xenbus::write("data/watched/x", "2"));
    EXPECT(!watch.wait(clock::now_ns() + 1'000'000));
}

/// Two counters that only ever change together.
Result<void> count_up(xenbus::TransactionId in) {
    const auto a = xenbus::read_number("data/count/a", 1'000'000, in);
    if (!a) return a.error();
    char text[16];
    const int length = format_to(text, sizeof text, "%lu", static_cast<unsigned long>(*a + 1));
    if (auto written = xenbus::write("data/count/a", {text, static_cast<std::size_t>(length)}, in); !written)
        return written;
    return xenbus::write("data/count/b", {text, static_cast<std::size_t>(length)}, in);
}

void crash(unsigned domain) {
    sched_remote_shutdown_t operation{static_cast<domid_t>(domain), SHUTDOWN_crash};
    const long result = hypercall::sched_op(SCHEDOP_remote_shutdown, &operation);
    if (result < 0) print("client: BAD cannot crash domain %u: %s\n", domain, error_name(error_of(result)));
}

/// Always has a request under way.
bool stop_busy_thread;
void busy_thread(void*) {
    char text[16];
    for (unsigned long i = 0; !stop_busy_thread; ++i) {
        const int length = format_to(text, sizeof text, "%lu", i);
        EXPECT(xenbus::write("data/busy", {text, static_cast<std::size_t>(length)}));
        EXPECT(*xenbus::read_number("data/busy", 1'000'000'000) == i);
    }
}

/// The store's server dies between two messages, or with some under way.
void work_while_it_dies(unsigned server, unsigned kills) {
    EXPECT(xenbus::write("data/count/a", "0"));
    static xenbus::Watch watch;
    EXPECT(watch.set("data/count/b"));
    EXPECT(threads::create("busy", busy_thread, nullptr));
    unsigned long rounds = 0;
    std::uint64_t longest = 0;
    for (unsigned killed = 0; killed <= kills; ++killed) {
        const std::uint64_t until =
            clock::now_ns() + 1'300'000'000; // one that ends within a second is not built for ever
        while (clock::now_ns() < until) {
            (void)watch.take();
            EXPECT(xenbus::transact(count_up));
            ++rounds;
            EXPECT(*xenbus::read_number("data/count/a", 1'000'000) == rounds);
            EXPECT(*xenbus::read_number("data/count/b", 1'000'000) == rounds);
            EXPECT(watch.wait());
        }
        if (killed == kills) break;
        threads::yield(); // to the busy one, which asks and waits
        const std::uint64_t before = clock::now_ns();
        crash(server);
        EXPECT(xenbus::transact(count_up));
        ++rounds;
        const std::uint64_t pause = clock::now_ns() - before;
        if (pause > longest) longest = pause;
    }
    stop_busy_thread = true;
    print("client: %lu rounds, %u kills, longest pause %lu us\n", rounds, kills,
          static_cast<unsigned long>(longest / 1000));
}

} // namespace

int main(int argc, char** argv) {
    if (auto started = xenbus::start(); !started) panic("no store: %s", error_name(started.error()));
    each_call_once();
    lists_of_any_length();
    watches();
    print("client: each call was made\n");
    work_while_it_dies(word(argc, argv, "domain=xenstore:"), word(argc, argv, "kills="));
    print("client: done, %u failures\n", failures);
    for (;;) clock::sleep_ms(1000);
}
