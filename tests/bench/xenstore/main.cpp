// SPDX-License-Identifier: MIT
// What requests to the store cost from the client's call to its return, in nanoseconds of guest time: under -icount
// shift=0 and one processor these are instructions, of client, server and hypervisor together. The same with few nodes,
// domains' homes and watches around, and with many.
//   domain=xenstore:<domid>   the server, to be crashed for the last figure
#include <minios/backends/service_page.h>
#include <minios/minios.h>
#include <minios/xenbus.h>

#include <string_view>

namespace {

using namespace minios;

constexpr unsigned rounds = 2000;

template <class T> void must(const T& result, const char* what) {
    if (!result) panic("%s: %s", what, error_name(result.error()));
}

template <class Work> void measure(const char* name, const char* around, Work work) {
    work(0u); // once to warm up
    const std::uint64_t before = clock::now_ns();
    for (unsigned i = 1; i <= rounds; ++i) work(i);
    print("bench: xenstore-%s%s %lu %u\n", name, around, static_cast<unsigned long>(clock::now_ns() - before), rounds);
}

void requests(const char* around) {
    char text[64];
    must(xenbus::write("data/bench/a", "1"), "write");
    measure("read", around, [&](unsigned) { must(xenbus::read("data/bench/a", text), "read"); });
    measure("write", around, [&](unsigned i) { must(xenbus::write("data/bench/a", i % 2 == 0 ? "0" : "1"), "write"); });
    measure("make-remove", around, [&](unsigned) {
        must(xenbus::make("data/bench/b"), "make");
        must(xenbus::remove("data/bench/b"), "remove");
    });
    measure("list", around, [&](unsigned) { must(xenbus::directory("data/bench", text), "directory"); });
    measure("transaction", around, [&](unsigned i) {
        must(xenbus::transact([&](xenbus::TransactionId in) -> Result<void> {
                 if (auto value = xenbus::read("data/bench/a", text, in); !value) return value.error();
                 return xenbus::write("data/bench/a", i % 2 == 0 ? "0" : "1", in);
             }),
             "transaction");
    });
    static xenbus::Watch watch;
    must(watch.set("data/bench/watched"), "watch");
    measure("write-and-event", around, [&](unsigned) {
        (void)watch.take();
        must(xenbus::write("data/bench/watched", "1"), "write");
        (void)watch.wait();
    });
    must(watch.clear(), "unwatch");
}

/// 1,000 domains' homes with ten nodes each, and 1,000 watches that others have set.
void crowd() {
    static xenbus::Watch watches[1000];
    char path[64];
    for (unsigned i = 0; i < 1000; ++i) {
        for (unsigned k = 0; k < 10; ++k) {
            format_to(path, sizeof path, "/local/domain/%u/device/vif/%u", 1000 + i, k);
            must(xenbus::write(path, "0"), "write");
        }
        format_to(path, sizeof path, "/local/domain/%u/device", 1000 + i);
        must(watches[i].set(path), "watch");
    }
}

/// From a server's death to the first answer of the next.
void restart(unsigned server) {
    const std::uint64_t before = clock::now_ns();
    sched_remote_shutdown_t operation{static_cast<domid_t>(server), SHUTDOWN_crash};
    if (const long result = hypercall::sched_op(SCHEDOP_remote_shutdown, &operation); result < 0)
        panic("cannot crash domain %u: %s", server, error_name(error_of(result)));
    char text[64];
    must(xenbus::read("data/bench/a", text), "read");
    print("bench: xenstore-restart-pause %lu 1\n", static_cast<unsigned long>(clock::now_ns() - before));
}

} // namespace

int main(int argc, char** argv) {
    must(xenbus::start(), "no store");
    requests("");
    crowd();
    requests("-among-10000-nodes-1000-watches");
    for (int i = 1; i < argc; ++i) {
        constexpr std::string_view key = "domain=xenstore:";
        const char* number = argv[i] + key.size();
        std::uint32_t server = 0;
        if (std::string_view(argv[i]).starts_with(key) && backends::parse_number(number, '\0', 32767, server))
            restart(server);
    }
    print("bench: done\n");
    shutdown(ShutdownReason::power_off);
}
