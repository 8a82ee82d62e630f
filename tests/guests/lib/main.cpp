// SPDX-License-Identifier: MIT
// Start of a tiny guest: copies start_info, maps the shared page, runs the cases, powers off.
#include "lib/guest.h"

extern "C" const skerry::guest::Case cases_start[], cases_end[];

namespace skerry::guest {

start_info_t boot_info;
const start_info_t* boot_info_page;
shared_info_t* shared;
const char* command_line;

alignas(4096) static uint8_t shared_info_place[4096];
static const Case* running;
static unsigned failures;
static bool skipped;

void shutdown(unsigned reason) {
    sched_shutdown call{reason};
    for (;;) sched_op(SCHEDOP_shutdown, &call);
}

static const char* file_name(const char* path) {
    const char* name = path;
    for (; *path != 0; path++)
        if (*path == '/') name = path + 1;
    return name;
}

static void report(const char* what, const char* detail, const char* file, int line) {
    failures++;
    print("verdict: fail %s %s%s %s:%d\n", running != nullptr ? running->name : "(start)", what, detail,
          file_name(file), line);
}
bool expect(bool good, const char* what, const char* file, int line) {
    if (!good) report(what, "", file, line);
    return good;
}
bool expect_equal(long left, long right, const char* what, const char* file, int line) {
    if (left == right) return true;
    failures++;
    print("verdict: fail %s %s (%ld = 0x%lx, not %ld = 0x%lx) %s:%d\n", running != nullptr ? running->name : "(start)",
          what, left, static_cast<unsigned long>(left), right, static_cast<unsigned long>(right), file_name(file),
          line);
    return false;
}
void skip(const char* why) {
    skipped = true;
    print("verdict: skip %s %s\n", running->name, why);
}

uint64_t system_time() {
    const volatile vcpu_time_info_t& time = shared->vcpu_info[this_vcpu()].time;
    for (;;) {
        const uint32_t version = time.version;
        asm volatile("" ::: "memory");
        uint64_t delta = read_tsc() - time.tsc_timestamp;
        if (time.tsc_shift >= 0)
            delta <<= time.tsc_shift;
        else
            delta >>= -time.tsc_shift;
        const uint64_t now =
            time.system_time +
            static_cast<uint64_t>(static_cast<unsigned __int128>(delta) * time.tsc_to_system_mul >> 32);
        asm volatile("" ::: "memory");
        if ((version & 1) == 0 && version == time.version) return now;
    }
}

static void run_case(const Case& which) {
    running = &which;
    events_off(); // every case begins with events off
    failures = 0;
    skipped = false;
    const Trap trap = attempt(which.run);
    if (trap.vector != no_trap) {
        failures++;
        print("verdict: fail %s trap %d error %lx address %lx rip %lx main.cpp:0\n", which.name, trap.vector,
              trap.error, trap.cr2, trap.frame.rip);
    }
    if (failures == 0 && !skipped) print("verdict: pass %s\n", which.name);
}

extern "C" [[noreturn]] void guest_main(const start_info_t* info) {
    boot_info_page = info;
    boot_info = *info;
    command_line = reinterpret_cast<const char*>(info->cmd_line);
    memory_start();
    shared = reinterpret_cast<shared_info_t*>(shared_info_place);
    if (const long result = set_mapping(shared, entry(boot_info.shared_info >> 12, page_flags)); result != 0) {
        print("verdict: broken cannot map the shared page: %ld\n", result);
        shutdown(SHUTDOWN_crash);
    }
    install_traps();
    const char* only = strstr(command_line, "case=");
    for (const Case* at = cases_start; at != cases_end; at++) {
        if (only == nullptr || strcmp(only + 5, at->name) == 0) run_case(*at);
    }
    running = nullptr;
    print("verdict: done\n");
    shutdown(SHUTDOWN_poweroff);
}

} // namespace skerry::guest
