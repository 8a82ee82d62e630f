// SPDX-License-Identifier: MIT
// The debugger's half that is in the program: stops it at exceptions, breakpoints and Ctrl-C, talks over the line while
// it stands, and lets it go on. Started by the word SKERRY_GDB=PORT,IRQ of the domain's command line; without that word
// it does nothing. It runs on a stack of its own, with the registers of the program put away, so that the debugger may
// change everything there is, and with events masked.
#include "breakpoints.h"
#include "line.h"
#include "memory.h"
#include "session.h"
#include "stopped.h"

#include "minios/kernel/internal.h"
#include "minios/kernel/options.h"

extern "C" {
[[noreturn]] void minios_debug_go_on(minios::ExceptionFrame* frame);
int minios_call_on_stack(void* stack_top, int (*function)(void*), void* context);
std::uint8_t minios_debug_events_masked = 1; // entry.S: how the program runs
}

namespace minios::debug {

// It works before the program's constructors run.
constinit Stopped stopped;

namespace {

constexpr std::uint64_t debug_vector = 1, breakpoint_vector = 3, page_fault_vector = 14;
constexpr std::uint64_t event_vector = 256; // entry.S
constexpr std::uint64_t trap_flag = 0x100, interrupt_flag = 0x200, resume_flag = 0x10000;
constexpr char control_c = 3;

bool active;                              // there is a line
bool inside;                              // the program stands
bool attached;                            // somebody has spoken
bool awaited;                             // and waits to hear that the program stopped or ended
constinit std::optional<Signal> own_stop; // why int3 is executed by ourselves
Signal last_signal;

constinit PacketReader reader;
constinit Session session;
constinit Reply reply;

alignas(16) char stack[16 * 1024];

vcpu_info_t& vcpu() { return minios_shared_info.vcpu_info[0]; }
void set_mask(std::uint8_t mask) { __atomic_store_n(&vcpu().evtchn_upcall_mask, mask, __ATOMIC_SEQ_CST); }

// --- saying -------------------------------------------------------------------------------------------------------

void send() {
    std::uint8_t sum = 0;
    for (const char c : reply.text()) sum = static_cast<std::uint8_t>(sum + static_cast<std::uint8_t>(c));
    const char end[] = {'#', digit_of(sum >> 4), digit_of(sum)};
    line::put("$");
    line::put(reply.text());
    line::put({end, sizeof end});
}

/// Text for the debugger's user; only while the program is believed to run.
void say_to_user(const char* format, const char* text, std::uint64_t where, std::uint64_t address) {
    char message[320];
    const int length = format_to(message, sizeof message, format, text, where, address);
    reply.only("O");
    reply.hex(message,
              length < static_cast<int>(sizeof message) ? static_cast<std::size_t>(length) : sizeof message - 1);
    send();
}

void say_stop() {
    session.write_stop(reply);
    send();
    awaited = false;
}

// --- why it stopped -----------------------------------------------------------------------------------------------

bool is_fault(std::uint64_t vector) {
    return vector != debug_vector && vector != breakpoint_vector && vector != event_vector;
}

Signal signal_of(std::uint64_t vector) {
    switch (vector) {
    case 0:
    case 16:
    case 19: return Signal::arithmetic;
    case debug_vector:
    case breakpoint_vector: return Signal::trap;
    case 6: return Signal::illegal;
    case 17: return Signal::bus;
    case event_vector: return Signal::interrupt;
    default: return Signal::segment;
    }
}

/// A function that GDB calls returns to a breakpoint on the stack, which is not executable.
bool is_breakpoint_in_data(const ExceptionFrame& frame) {
    constexpr std::uint64_t fetch = 16;
    return frame.vector == page_fault_vector && (frame.error_code & fetch) != 0 && is_breakpoint(frame.rip);
}

Stop find_reason() {
    ExceptionFrame& frame = stopped.frame;
    if (is_breakpoint_in_data(frame)) {
        frame.vector = breakpoint_vector;
        ++frame.rip;
    }
    last_signal = own_stop.value_or(signal_of(frame.vector));
    own_stop.reset();
    Stop stop{.signal = last_signal};
    if (frame.vector == breakpoint_vector && is_breakpoint(frame.rip - 1)) {
        --frame.rip;
        stop.stopper = target::Stopper::breakpoint;
    }
    Hit hit;
    if (frame.vector == debug_vector && hardware_hit(static_cast<std::uint64_t>(hypercall::get_debugreg(6)), hit)) {
        stop.stopper = hit.kind;
        stop.watched = hit.address;
    }
    if (frame.vector == debug_vector) (void)hypercall::set_debugreg(6, 0);
    return stop;
}

// --- going on -----------------------------------------------------------------------------------------------------

/// Events stay out for one step: what is stepped is the program.
[[noreturn]] void go_on(bool step) {
    ExceptionFrame& frame = stopped.frame;
    frame.rflags = step ? (frame.rflags | trap_flag) & ~interrupt_flag : frame.rflags | interrupt_flag;
    plant_breakpoints();
    asm volatile("fxrstor64 %0" : : "m"(stopped.fx));
    inside = false;
    minios_debug_go_on(&frame);
}

/// Ctrl-C may already have come for a program that was just told to run. True: it has.
bool interrupted_already() {
    (void)line::take_interrupt();
    while (line::has_byte())
        if (line::get() == control_c) return true;
    return false;
}

[[noreturn]] void end_program() {
    console::stop_waiting();
    print("\nended by signal 9 (its debugger)\n");
    active = false;
    shutdown(ShutdownReason::crash);
}

void interrupt() {
    last_signal = Signal::interrupt;
    session.stopped({.signal = Signal::interrupt});
    say_stop();
}

/// GDB may have called several times before the program was there to answer; each answer would be taken for that to a
/// later question.
bool asked_again() {
    constexpr std::uint64_t patience_ns = 100'000'000;
    return line::wait(patience_ns);
}

void answer_packet() {
    attached = true;
    const std::string_view packet = reader.packet();
    const bool begins = packet.starts_with("qSupported");
    if (begins && asked_again()) return;
    if (begins || !session.without_acknowledgements()) line::put("+");
    const Next next = session.handle(packet, reply);
    switch (next) {
    case Next::answer: return send();
    case Next::end_program:
        if (!reply.text().empty()) send();
        end_program();
    case Next::run_detached:
        target::clear_all_stoppers();
        send();
        attached = awaited = false;
        go_on(false);
    case Next::take_signal:
        awaited = true;
        if (is_fault(stopped.frame.vector)) end_by_exception(stopped.frame);
        go_on(false);
    case Next::run:
    case Next::step:
        awaited = true;
        if (interrupted_already()) return interrupt();
        go_on(next == Next::step);
    }
}

// --- standing -----------------------------------------------------------------------------------------------------

[[noreturn]] void converse() {
    for (;;) {
        const char byte = line::get();
        switch (reader.take(byte)) {
        case PacketReader::Event::none: break;
        case PacketReader::Event::packet: answer_packet(); break;
        case PacketReader::Event::damaged: line::put("-"); break;
        case PacketReader::Event::resend: send(); break;
        case PacketReader::Event::interrupt: interrupt(); break;
        }
    }
}

int stand(void*) {
    lift_breakpoints();
    stopped.frame.rflags =
        (stopped.frame.rflags & ~(trap_flag | resume_flag)) | interrupt_flag; // as the program has it
    const ExceptionFrame& frame = stopped.frame;
    session.stopped(find_reason());
    // What comes over the line while the program runs is Ctrl-C, or somebody new: that is read first.
    if (awaited && last_signal != Signal::interrupt) {
        if (frame.vector == page_fault_vector)
            say_to_user("minios: %s at 0x%lx, address 0x%lx\n", exception_name(frame.vector), frame.rip,
                        vcpu().arch.cr2);
        else if (is_fault(frame.vector))
            say_to_user("minios: %s at 0x%lx, error code 0x%lx\n", exception_name(frame.vector), frame.rip,
                        frame.error_code);
        say_stop();
    }
    converse();
}

[[noreturn]] void stop(const ExceptionFrame& frame) {
    inside = true;
    set_mask(1);
    asm volatile("fxsave64 %0" : "=m"(stopped.fx));
    stopped.frame = frame;
    (void)minios_call_on_stack(stack + sizeof stack, stand, nullptr);
    __builtin_unreachable();
}

/// The event callback: looks whether the debugger has spoken, and leaves all other events to the scheduler. Their bits
/// in the selector must go, or nothing else in the same word would call again.
void on_event(const ExceptionFrame& frame) {
    for (;;) {
        __atomic_store_n(&vcpu().evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
        auto* selector = reinterpret_cast<std::uint64_t*>(&vcpu().evtchn_pending_sel);
        __atomic_fetch_or(&minios_events_set_aside, __atomic_exchange_n(selector, 0, __ATOMIC_SEQ_CST),
                          __ATOMIC_SEQ_CST);
        if (line::take_interrupt() && line::has_byte()) stop(frame);
        set_mask(0);
        if (__atomic_load_n(&vcpu().evtchn_upcall_pending, __ATOMIC_SEQ_CST) == 0) return;
        set_mask(1);
    }
}

[[gnu::noinline]] void stop_here(Signal signal) {
    own_stop = signal;
    asm volatile("int3" : : : "memory");
}

/// The scheduler saw the event first.
void on_byte() {
    if (line::has_byte()) stop_here(Signal::interrupt);
}

// --- starting -----------------------------------------------------------------------------------------------------

bool take_number(std::string_view& text, std::uint64_t& value) {
    const bool hexadecimal = text.starts_with("0x");
    if (hexadecimal) text.remove_prefix(2);
    const std::size_t before = text.size();
    for (value = 0; !text.empty(); text.remove_prefix(1)) {
        const int digit = digit_value(text[0]);
        if (digit < 0 || (!hexadecimal && digit > 9)) break;
        value = value * (hexadecimal ? 16 : 10) + static_cast<unsigned>(digit);
    }
    return text.size() < before && before - text.size() <= 8;
}

/// PORT,IRQ of the word; false: there is no such word.
bool find_word(std::uint64_t& port, std::uint64_t& irq) {
    std::string_view text = option_value("SKERRY_GDB");
    if (text.empty()) return false;
    const bool has_port = take_number(text, port) && text.starts_with(',');
    if (has_port) text.remove_prefix(1);
    if (!has_port || !take_number(text, irq) || !text.empty() || port > 0xffff || irq > 0xffff)
        panic("debugger: SKERRY_GDB is not PORT,IRQ");
    return true;
}

} // namespace
} // namespace minios::debug

using namespace minios;
using namespace minios::debug;

extern "C" {

void minios_debug_start() {
    std::uint64_t port, irq;
    if (!find_word(port, irq)) return;
    if (!prepare_memory() || !line::open(static_cast<std::uint16_t>(port), static_cast<unsigned>(irq), on_byte))
        panic("debugger: no line at port 0x%lx with interrupt %lu", port, irq);
    active = true;
    minios_debug_events_masked = 0;
    stop_here(Signal::trap);
}

bool minios_debug_exception(ExceptionFrame& frame) {
    const bool event = frame.vector == event_vector;
    if (!active || inside) return event;
    if (event)
        on_event(frame);
    else if (attached || frame.vector == breakpoint_vector)
        stop(frame);
    return event;
}

void minios_debug_panic(const char* message) {
    if (!active || !attached || inside) return;
    if (awaited) say_to_user("minios panic: %s\n", message, 0, 0);
    stop_here(Signal::abort);
}

void minios_debug_end(int status) {
    if (!active) return;
    active = false;
    if (!awaited) return;
    reply.only(status < 0 ? "X" : "W");
    reply.hex_byte(static_cast<std::uint8_t>(status < 0 ? static_cast<int>(last_signal) : status));
    send();
}

} // extern "C"
