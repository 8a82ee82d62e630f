// SPDX-License-Identifier: MIT
// The store that minios's xenbus speaks to. Each request waits with the monitor given up: the store may be slow, or being
// built again.
#pragma once

#include "toolstack/domain/base/monitor.h"
#include "toolstack/domain/parts/store.h"

#include <minios/types.h>

namespace skerry::toolstack {

class XenStore final : public Store {
  public:
    explicit XenStore(Monitor& monitor) : monitor_(monitor) {}
    /// Before the first use, and without the monitor. No store on this platform: present() is false then.
    void start();

    bool present() const override { return present_; }
    DomainNumber own_domain() override { return own_domain_; }
    std::optional<std::string> read(const std::string& path, Transaction transaction) override;
    std::vector<std::string> directory(const std::string& path, Transaction transaction) override;
    void write(const std::string& path, std::string_view value, Transaction transaction) override;
    void make(const std::string& path, Transaction transaction) override;
    void remove(const std::string& path, Transaction transaction) override;
    void set_permissions(const std::string& path, const Permissions& permissions, Transaction transaction) override;
    void replace(const std::vector<std::string>& old, const std::vector<NodeWish>& wishes) override;
    Transaction begin() override;
    bool end(Transaction transaction, bool commit) override;
    void introduce(DomainNumber domain, std::uint32_t port) override;
    void release(DomainNumber domain) override;

  private:
    Monitor& monitor_;
    bool present_ = false;
    DomainNumber own_domain_ = 0;
};

} // namespace skerry::toolstack
