// SPDX-License-Identifier: MIT
#include "session.h"

namespace minios::debug {

namespace {

using target::Stopper;

// Errors are numbers in the protocol, and GDB only shows them: Linux's.
constexpr std::string_view no_such_thing = "E02", bad_address = "E14", busy = "E16", invalid = "E22", no_room = "E28";

constexpr char description[] =
    "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
    "<target version=\"1.0\"><architecture>i386:x86-64</architecture><osabi>none</osabi></target>";

Next say(Reply& reply, std::string_view text) {
    reply.only(text);
    return Next::answer;
}

// --- registers --------------------------------------------------------------------------------------------------

void put_register(const RegisterFile& file, unsigned number, Reply& reply) {
    if (file.knows(number)) return reply.hex(file.at(number), size_of_register(number));
    for (std::size_t i = 0; i < 2 * size_of_register(number); ++i) reply.put('x');
}

Next read_all_registers(unsigned thread, Reply& reply) {
    RegisterFile file;
    if (!target::read_registers(thread, file)) return say(reply, no_such_thing);
    for (unsigned number = 0; number < registers_in_g; ++number) put_register(file, number, reply);
    return Next::answer;
}

Next write_all_registers(unsigned thread, Scanner packet, Reply& reply) {
    RegisterFile file;
    if (thread != target::stopped_thread() || !target::read_registers(thread, file)) return say(reply, busy);
    if (!packet.bytes(file.bytes, offset_of_register(registers_in_g)) || !packet.empty()) return say(reply, invalid);
    return say(reply, target::write_registers(file) ? "OK" : invalid);
}

Next read_one_register(unsigned thread, Scanner packet, Reply& reply) {
    RegisterFile file;
    std::uint64_t number;
    if (!packet.number(number) || !packet.empty() || number >= register_count) return say(reply, invalid);
    if (!target::read_registers(thread, file)) return say(reply, no_such_thing);
    put_register(file, static_cast<unsigned>(number), reply);
    return Next::answer;
}

Next write_one_register(unsigned thread, Scanner packet, Reply& reply) {
    RegisterFile file;
    std::uint64_t number;
    if (!packet.number(number) || !packet.take('=') || number >= register_count) return say(reply, invalid);
    if (thread != target::stopped_thread() || !target::read_registers(thread, file)) return say(reply, busy);
    const auto which = static_cast<unsigned>(number);
    if (!packet.bytes(file.at(which), size_of_register(which)) || !packet.empty()) return say(reply, invalid);
    return say(reply, target::write_registers(file) ? "OK" : invalid);
}

// --- memory -----------------------------------------------------------------------------------------------------

constexpr std::size_t piece_size = 256;

/// ADDRESS,SIZE
bool take_range(Scanner& packet, std::uint64_t& address, std::uint64_t& size) {
    return packet.number(address) && packet.take(',') && packet.number(size);
}

Next read_memory(Scanner packet, Reply& reply) {
    std::uint64_t address, size;
    if (!take_range(packet, address, size) || !packet.empty()) return say(reply, invalid);
    if (size > reply.room() / 2) size = reply.room() / 2; // less than asked for is allowed
    std::uint8_t piece[piece_size];
    for (std::uint64_t done = 0; done < size;) {
        const std::size_t wanted = size - done < piece_size ? size - done : piece_size;
        const std::size_t got = target::read_memory(address + done, piece, wanted);
        reply.hex(piece, got);
        done += got;
        if (got < wanted) return done > 0 ? Next::answer : say(reply, bad_address);
    }
    return Next::answer;
}

Next write_memory(Scanner packet, Reply& reply) {
    std::uint64_t address, size;
    if (!take_range(packet, address, size) || !packet.take(':') || packet.rest().size() / 2 != size)
        return say(reply, invalid);
    std::uint8_t piece[piece_size];
    for (std::uint64_t done = 0; done < size;) {
        const std::size_t count = size - done < piece_size ? size - done : piece_size;
        if (!packet.bytes(piece, count)) return say(reply, invalid);
        if (target::write_memory(address + done, piece, count) < count) return say(reply, bad_address);
        done += count;
    }
    return say(reply, packet.empty() ? "OK" : invalid);
}

// --- queries ------------------------------------------------------------------------------------------------------

/// OFFSET,SIZE of a document: the piece, behind `m` (there is more) or `l` (there is not).
Next document_piece(std::string_view document, Scanner packet, Reply& reply) {
    std::uint64_t offset, size;
    if (!take_range(packet, offset, size) || !packet.empty() || offset > document.size()) return say(reply, invalid);
    const std::size_t left = document.size() - offset, most = reply.room() - 1;
    const std::size_t wanted = size < most ? size : most;
    reply.put(wanted < left ? 'm' : 'l');
    reply.put({document.data() + offset, wanted < left ? wanted : left}); // none of its characters needs an escape
    return Next::answer;
}

Next thread_name(Scanner packet, Reply& reply) {
    std::uint64_t number;
    RegisterFile file;
    if (!packet.number(number) || number > ~0u || !target::read_registers(static_cast<unsigned>(number), file))
        return say(reply, no_such_thing);
    const std::string_view name = target::thread_name(static_cast<unsigned>(number));
    reply.hex(name.data(), name.size());
    return Next::answer;
}

Next thread_lives(Scanner packet, Reply& reply) {
    std::uint64_t number;
    RegisterFile file;
    const bool lives = packet.number(number) && packet.empty() && number <= ~0u &&
                       target::read_registers(static_cast<unsigned>(number), file);
    return say(reply, lives ? "OK" : no_such_thing);
}

std::string_view name_of(Stopper stopper) {
    switch (stopper) {
    case Stopper::breakpoint: return "swbreak";
    case Stopper::hardware_breakpoint: return "hwbreak";
    case Stopper::write_watchpoint: return "watch";
    case Stopper::access_watchpoint: return "awatch";
    }
    return {};
}

} // namespace

void Session::list_threads(Reply& reply) {
    constexpr std::size_t longest_number = 9;
    char before = 'm';
    for (unsigned next; reply.room() > longest_number && (next = target::next_thread(listed_)) != 0; listed_ = next) {
        reply.put(before);
        reply.number(next);
        before = ',';
    }
    if (before == 'm') reply.put('l'); // the list has ended
}

Next Session::query(Scanner packet, Reply& reply) {
    if (packet.take("Supported")) {
        reply.put("PacketSize=");
        reply.number(largest_packet);
        reply.put(";qXfer:features:read+;QStartNoAckMode+;swbreak+;hwbreak+");
        return Next::answer;
    }
    if (packet.take("Xfer:features:read:target.xml:"))
        return document_piece({description, sizeof description - 1}, packet, reply);
    if (packet.take("ThreadExtraInfo,")) return thread_name(packet, reply);
    if (packet.take("fThreadInfo")) {
        listed_ = 0;
        list_threads(reply);
    } else if (packet.take("sThreadInfo")) {
        list_threads(reply);
    } else if (packet.rest() == "C") {
        reply.put("QC");
        reply.number(target::stopped_thread());
    } else if (packet.take("Attached")) {
        reply.put('0'); // the program was started to be debugged: whoever leaves ends it
    }
    return Next::answer;
}

Next Session::choose_thread(Scanner packet, Reply& reply) {
    const bool to_look_at = packet.take('g');
    if (!to_look_at && !packet.take('c')) return say(reply, invalid);
    std::uint64_t number = 0;
    const bool all = packet.take("-1");
    if ((!all && !packet.number(number)) || !packet.empty() || number > ~0u) return say(reply, invalid);
    RegisterFile file;
    const auto thread = static_cast<unsigned>(number);
    if (thread != 0 && !target::read_registers(thread, file)) return say(reply, no_such_thing);
    if (to_look_at)
        looked_at_ = thread != 0 ? thread : target::stopped_thread();
    else
        resumed_ = thread;
    return say(reply, "OK");
}

/// c[ADDRESS] s[ADDRESS] Csignal[;ADDRESS] Ssignal[;ADDRESS]
Next Session::resume(char kind, Scanner packet, Reply& reply) {
    const bool with_signal = kind == 'C' || kind == 'S', steps = kind == 's' || kind == 'S';
    std::uint64_t signal = 0, address = 0;
    if (with_signal && !packet.number(signal)) return say(reply, invalid);
    if (with_signal && !packet.empty() && !packet.take(';')) return say(reply, invalid);
    if (!packet.empty()) {
        RegisterFile file;
        if (!packet.number(address) || !packet.empty()) return say(reply, invalid);
        if (!target::read_registers(target::stopped_thread(), file)) return say(reply, no_such_thing);
        file.set(rip, address);
        if (!target::write_registers(file)) return say(reply, invalid);
    }
    if (steps && resumed_ != 0 && resumed_ != target::stopped_thread())
        return say(reply, busy); // threads switch by themselves only
    return go_on(steps, signal);
}

/// vCont;ACTION[:THREAD][;ACTION[:THREAD]...]: the first that names the thread that runs, or no thread, is its action.
/// The others have no say, since threads switch by themselves only; to step one of them is refused.
Next Session::resume_by_thread(Scanner packet, Reply& reply) {
    std::optional<Next> chosen;
    while (packet.take(';')) {
        const bool steps = packet.take('s') || packet.take('S'),
                   runs = !steps && (packet.take('c') || packet.take('C'));
        std::uint64_t signal = 0, thread = 0;
        if (!steps && !runs) return say(reply, invalid);
        if (!packet.empty() && packet.rest()[0] != ':' && packet.rest()[0] != ';' && !packet.number(signal))
            return say(reply, invalid);
        if (packet.take(':') && !packet.take("-1") && !packet.number(thread)) return say(reply, invalid);
        if (thread != 0 && thread != target::stopped_thread()) {
            if (steps) return say(reply, busy);
            continue;
        }
        if (!chosen) chosen = go_on(steps, signal);
    }
    return packet.empty() ? chosen.value_or(Next::run) : say(reply, invalid);
}

Next Session::go_on(bool steps, std::uint64_t signal) const {
    if (signal == static_cast<std::uint64_t>(stop_.signal)) return Next::take_signal;
    return steps ? Next::step : Next::run;
}

/// TYPE,ADDRESS,SIZE. Types: 0 and 1 stop before an instruction, 2 after a write, 4 after any access.
Next Session::change_stopper(bool set, Scanner packet, Reply& reply) {
    std::uint64_t type, address, size;
    if (!packet.number(type) || !packet.take(',') || !take_range(packet, address, size)) return say(reply, invalid);
    if (!packet.empty() || type > 4 || type == 3) return Next::answer; // conditions, reads only: not ours
    constexpr Stopper kinds[] = {Stopper::breakpoint, Stopper::hardware_breakpoint, Stopper::write_watchpoint,
                                 Stopper::access_watchpoint, Stopper::access_watchpoint};
    if (!set) return say(reply, target::clear_stopper(kinds[type], address, size) ? "OK" : no_such_thing);
    switch (target::set_stopper(kinds[type], address, size)) {
    case target::Set::done: return say(reply, "OK");
    case target::Set::no_memory_there: return say(reply, bad_address);
    case target::Set::no_room: return say(reply, no_room);
    case target::Set::impossible: break;
    }
    return say(reply, invalid);
}

void Session::stopped(const Stop& stop) {
    stop_ = stop;
    looked_at_ = target::stopped_thread();
    resumed_ = 0;
    listed_ = 0;
}

void Session::write_stop(Reply& reply) const {
    reply.clear();
    reply.put('T');
    reply.hex_byte(static_cast<std::uint8_t>(stop_.signal));
    reply.put("thread:");
    reply.number(target::stopped_thread());
    reply.put(';');
    if (!stop_.stopper) return;
    reply.put(name_of(*stop_.stopper));
    reply.put(':');
    if (*stop_.stopper == Stopper::write_watchpoint || *stop_.stopper == Stopper::access_watchpoint)
        reply.number(stop_.watched);
    reply.put(';');
}

Next Session::handle(std::string_view packet, Reply& reply) {
    reply.clear();
    if (packet.empty()) return Next::answer;
    const char kind = packet[0];
    packet.remove_prefix(1);
    Scanner rest(packet);
    switch (kind) {
    case '?': write_stop(reply); return Next::answer;
    case 'g': return read_all_registers(looked_at_, reply);
    case 'G': return write_all_registers(looked_at_, rest, reply);
    case 'p': return read_one_register(looked_at_, rest, reply);
    case 'P': return write_one_register(looked_at_, rest, reply);
    case 'm': return read_memory(rest, reply);
    case 'M': return write_memory(rest, reply);
    case 'c':
    case 's':
    case 'C':
    case 'S': return resume(kind, rest, reply);
    case 'Z':
    case 'z': return change_stopper(kind == 'Z', rest, reply);
    case 'H': return choose_thread(rest, reply);
    case 'T': return thread_lives(rest, reply);
    case 'q':
        if (packet.starts_with("Supported")) silent_ = false; // a new conversation begins
        return query(rest, reply);
    case 'Q':
        if (packet != "StartNoAckMode") return Next::answer;
        silent_ = true;
        return say(reply, "OK");
    case 'D': return say(reply, "OK"), Next::run_detached;
    case 'k': return Next::end_program;
    case 'v':
        // GDB prefers this to `k`, which has no answer and may be lost when the line is closed right behind it.
        if (rest.take("Kill;")) return say(reply, "OK"), Next::end_program;
        if (rest.take("Cont?")) return say(reply, "vCont;c;C;s;S");
        return rest.take("Cont") ? resume_by_thread(rest, reply) : Next::answer;
    default: return Next::answer;
    }
}

} // namespace minios::debug
