// SPDX-License-Identifier: MIT
// For platforms without xenstore: present() is false, and nothing else is called then.
#pragma once

#include "toolstack/domain/store.h"

namespace skerry::toolstack {

class NoStore final : public Store {
  public:
    bool present() const override { return false; }
    DomainNumber own_domain() override { missing(); }
    std::optional<std::string> read(const std::string&, Transaction) override { missing(); }
    std::vector<std::string> directory(const std::string&, Transaction) override { missing(); }
    void write(const std::string&, std::string_view, Transaction) override { missing(); }
    void make(const std::string&, Transaction) override { missing(); }
    void remove(const std::string&, Transaction) override { missing(); }
    void set_permissions(const std::string&, const Permissions&, Transaction) override { missing(); }
    Transaction begin() override { missing(); }
    bool end(Transaction, bool) override { missing(); }
    void introduce(DomainNumber, std::uint32_t) override { missing(); }
    void release(DomainNumber) override { missing(); }

  private:
    [[noreturn]] static void missing() { throw Failure(code::unavailable, "this platform has no xenstore"); }
};

} // namespace skerry::toolstack
