// SPDX-License-Identifier: MIT
// Console output and input of this domain. The ring's other end is not trusted: its indices are read once and bounded.
#include "internal.h"

#include <xen/io/console.h>

namespace minios {

namespace {

xencons_interface* ring;
Port ring_port;
bool started;      // time and events work: a full ring can be waited for
bool ring_stalled; // nobody empties the ring: do not wait again until somebody does
bool dying;        // the scheduler must not be used any more
std::size_t dropped_bytes;
WaitQueue space_or_input;

constexpr std::uint64_t longest_wait_ns = 2'000'000'000;

void (*input_handler)();

void on_console_event(Port, void*) {
    space_or_input.wake_all();
    if (input_handler != nullptr) input_handler();
}

void write_hypervisor(const char* bytes, std::size_t count) {
    // Fails for domains without the right (release hypervisors): nothing to be done about it.
    (void)hypercall::console_io(CONSOLEIO_write, static_cast<int>(count), const_cast<char*>(bytes));
}

std::uint32_t ring_space(std::uint32_t producer) {
    std::uint32_t consumer = __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE);
    std::uint32_t used = producer - consumer;
    return used > sizeof(ring->out) ? 0 : static_cast<std::uint32_t>(sizeof(ring->out)) - used;
}

void notify_ring() { (void)events::notify(ring_port); }

/// Waits a bounded time for room. `blocking`: the scheduler may be used.
bool wait_space(std::uint32_t producer, bool blocking) {
    if (ring_stalled || !started) return false;
    notify_ring();
    std::uint64_t deadline = clock::now_ns() + longest_wait_ns;
    while (ring_space(producer) == 0) {
        if (clock::now_ns() >= deadline) {
            ring_stalled = true;
            return false;
        }
        if (blocking)
            space_or_input.wait(deadline);
        else
            hypercall::sched_op(SCHEDOP_yield, nullptr);
    }
    return true;
}

void write_ring(const char* bytes, std::size_t count, bool blocking) {
    // Only this domain writes out_prod; a private copy would be needed if the peer could confuse us by changing it: it
    // can only garble the output.
    std::uint32_t producer = __atomic_load_n(&ring->out_prod, __ATOMIC_RELAXED);
    auto put = [&](char c) {
        if (ring_space(producer) == 0) {
            __atomic_store_n(&ring->out_prod, producer, __ATOMIC_RELEASE);
            if (!wait_space(producer, blocking)) return false;
            producer = __atomic_load_n(&ring->out_prod, __ATOMIC_RELAXED); // another thread may have written meanwhile
        } else {
            ring_stalled = false;
        }
        ring->out[producer++ % sizeof(ring->out)] = c;
        return true;
    };
    for (std::size_t i = 0; i < count; ++i) {
        if ((bytes[i] == '\n' && !put('\r')) || !put(bytes[i])) {
            dropped_bytes += count - i;
            break;
        }
    }
    __atomic_store_n(&ring->out_prod, producer, __ATOMIC_RELEASE);
    notify_ring();
}

std::size_t read_ring(char* bytes, std::size_t size) {
    std::uint32_t consumer = __atomic_load_n(&ring->in_cons, __ATOMIC_RELAXED);
    std::uint32_t available = __atomic_load_n(&ring->in_prod, __ATOMIC_ACQUIRE) - consumer;
    if (available > sizeof(ring->in)) available = 0;
    std::size_t count = available < size ? available : size;
    for (std::size_t i = 0; i < count; ++i) bytes[i] = ring->in[consumer++ % sizeof(ring->in)];
    __atomic_store_n(&ring->in_cons, consumer, __ATOMIC_RELEASE);
    if (count > 0) notify_ring();
    return count;
}

/// The first domain's input: fetched from the hypervisor, which says by VIRQ_CONSOLE when there is some.
struct HypervisorInput {
    char ahead[128]; ///< fetched and not yet read; here, because the hypervisor can always write to data
    std::size_t count = 0, taken = 0;
    bool bound = false;

    void start() {
        if (bound) return;
        bound = true;
        if (auto port = events::bind_virtual_irq(VIRQ_CONSOLE); port)
            events::set_handler(*port, on_console_event, nullptr);
    }
    bool fetch() {
        if (taken < count) return true;
        const long got = hypercall::console_io(CONSOLEIO_read, sizeof ahead, ahead);
        taken = 0;
        count = got > 0 ? static_cast<std::size_t>(got) : 0;
        return count > 0;
    }
    std::size_t read(char* bytes, std::size_t size) {
        start();
        std::size_t done = 0;
        while (done < size && fetch()) bytes[done++] = ahead[taken++];
        return done;
    }
} hypervisor_input;

bool input_waits() {
    if (ring != nullptr) return __atomic_load_n(&ring->in_prod, __ATOMIC_ACQUIRE) != ring->in_cons;
    return is_first_domain() && hypervisor_input.fetch();
}

} // namespace

/// The ring page lies in the initial region before the page tables (xen.h, start-of-day memory layout), so it can be
/// written to before anything else works. Elsewhere it is mapped later, by console_start().
void console_early(const start_info_t& info) {
    if ((info.flags & SIF_INITDOMAIN) != 0 || info.console.domU.mfn == 0 || info.console.domU.evtchn == 0) return;
    const auto base = reinterpret_cast<std::uint64_t>(minios_text_start);
    const Pfn pfn = frames::pfn_of(Mfn{info.console.domU.mfn});
    ring_port = Port{info.console.domU.evtchn};
    if (pfn.value < (info.pt_base - base) >> page_shift)
        ring = reinterpret_cast<xencons_interface*>(base + (pfn.value << page_shift));
}

void console_start(const start_info_t& info) {
    if (ring_port == Port{}) return;
    if (ring == nullptr) {
        const Mfn mfn{info.console.domU.mfn};
        auto mapped = mapping::map_range(dom_self, mfn, 1, Access::read_write);
        if (!mapped) {
            print("console: cannot map ring frame %lx: %s\n", mfn.value, error_name(mapped.error()));
            return;
        }
        ring = static_cast<xencons_interface*>(*mapped);
    }
    events::set_handler(ring_port, on_console_event, nullptr);
    started = true;
}

namespace console {

void write(const char* bytes, std::size_t count) {
    if (ring != nullptr)
        write_ring(bytes, count, !dying);
    else
        write_hypervisor(bytes, count);
}

void stop_waiting() { dying = true; }

std::size_t read(char* bytes, std::size_t size) {
    if (ring != nullptr) return read_ring(bytes, size);
    return is_first_domain() ? hypervisor_input.read(bytes, size) : 0;
}

void wait_input() {
    wait_until(space_or_input, [] { return input_waits(); });
}

void on_input(void (*handler)()) {
    input_handler = handler;
    if (ring == nullptr && is_first_domain()) hypervisor_input.start();
}

std::size_t dropped() { return dropped_bytes; }

void flush() {
    if (ring == nullptr || ring_stalled || !started) return;
    std::uint64_t deadline = clock::now_ns() + longest_wait_ns;
    notify_ring();
    while (ring_space(__atomic_load_n(&ring->out_prod, __ATOMIC_RELAXED)) != sizeof(ring->out) &&
           clock::now_ns() < deadline)
        hypercall::sched_op(SCHEDOP_yield, nullptr);
}

} // namespace console

void vprint(const char* format, std::va_list arguments) {
    char line[512];
    std::va_list again;
    va_copy(again, arguments);
    int length = vformat_to(line, sizeof line, format, arguments);
    if (length < static_cast<int>(sizeof line)) {
        console::write(line, static_cast<std::size_t>(length));
    } else if (char* longer = static_cast<char*>(heap::allocate(static_cast<std::size_t>(length) + 1));
               longer != nullptr) {
        vformat_to(longer, static_cast<std::size_t>(length) + 1, format, again);
        console::write(longer, static_cast<std::size_t>(length));
        heap::release(longer);
    } else {
        console::write(line, sizeof line - 1);
    }
    va_end(again);
}

void print(const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    vprint(format, arguments);
    va_end(arguments);
}

} // namespace minios
