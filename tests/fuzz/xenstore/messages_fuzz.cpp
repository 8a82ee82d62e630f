// SPDX-License-Identifier: MIT
// Two clients, one of them in control, whose pages hold what the input says; the server dies now and then. Whatever comes,
// the store's counts agree, and a new server finds what the former one had.
#include "stubdoms/xenstore/store/ring.h"
#include "stubdoms/xenstore/store/snapshot.h"

#include <cstdlib>
#include <cstring>
#include <vector>

using namespace skerry::xenstore;

namespace {

/// The input, cut into pieces.
class Bytes {
  public:
    Bytes(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}
    bool empty() const { return rest_.empty(); }
    std::uint8_t byte() {
        if (rest_.empty()) return 0;
        const auto value = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }
    std::string_view piece(std::size_t size) {
        const std::string_view piece = rest_.substr(0, size);
        rest_.remove_prefix(piece.size());
        return piece;
    }

  private:
    std::string_view rest_;
};

struct Machine {
    std::vector<std::uint64_t> area = std::vector<std::uint64_t>(16 << 10);
    xenstore_domain_interface pages[2]{};
    Surroundings nobody;
    std::unique_ptr<Recorder> recorder;

    Machine() {
        start();
        for (const DomainId domain : {0, 1}) { Ring(pages[domain]).connect(*recorder, domain, domain + 1u, "guest"); }
    }
    void start() {
        recorder = std::make_unique<Recorder>(std::as_writable_bytes(std::span(area)), std::set<DomainId>{0}, nobody);
        if (recorder->resume() == Recorder::Resumed::damaged) std::abort();
        if (!recorder->store().inconsistency().empty()) std::abort();
    }
    std::vector<std::byte> kept() {
        std::vector<std::byte> bytes(4 << 20);
        const auto size = Snapshot::write(recorder->store(), bytes);
        if (!size) std::abort();
        bytes.resize(*size);
        return bytes;
    }
    void restart() {
        const auto before = kept();
        const bool recorded = recorder->recording();
        start();
        if (recorded && kept() != before) std::abort();
    }
    void serve(DomainId domain) {
        for (int i = 0; i < 100; ++i) {
            const auto result = Ring(pages[domain]).turn(*recorder, domain);
            finish_introduction();
            if (result != Ring::Result::again) return;
        }
    }
    void finish_introduction() {
        if (!recorder->store().introduction()) return;
        if (recorder->store().introduction()->domain == 1)
            Ring(pages[1]).introduce(*recorder);
        else
            recorder->introduced(Error::io, {});
    }
    void put(DomainId domain, std::string_view bytes) {
        auto& page = pages[domain];
        for (const char c : bytes) page.req[page.req_prod++ % sizeof page.req] = c;
    }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bytes input(data, size);
    Machine machine;
    while (!input.empty()) {
        const std::uint8_t what = input.byte();
        const DomainId domain = what & 1;
        auto& page = machine.pages[domain];
        switch (what >> 1 & 7) {
        case 0: // any bytes
            machine.put(domain, input.piece(input.byte()));
            break;
        case 1: // a counter
            (&page.req_cons)[input.byte() % 7] += input.byte();
            break;
        case 2: machine.restart(); break;
        case 3: page.rsp_cons = page.rsp_prod; break;
        default: { // a message of the right length
            const std::uint8_t type = input.byte() % 24, transaction = input.byte() % 3;
            const std::string_view payload = input.piece(input.byte());
            const Header header{type, what, transaction, static_cast<std::uint32_t>(payload.size())};
            machine.put(domain, {reinterpret_cast<const char*>(&header), sizeof header});
            machine.put(domain, payload);
        }
        }
        machine.serve(domain);
    }
    if (!machine.recorder->store().inconsistency().empty()) std::abort();
    machine.restart();
    return 0;
}
