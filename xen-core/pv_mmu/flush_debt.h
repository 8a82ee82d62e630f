// SPDX-License-Identifier: MIT
// A TLB flush that is owed and must be paid: an entry that led to another account's frame has been removed, and the
// caller still holds its own reference to that frame. It may drop that reference only after pay(). One debt can collect
// any number of removals from one address-space owner. Destroying an unpaid debt is a broken invariant.
#pragma once

#include "base/log.h"
#include "memory/translation_users.h"

#include <utility>

namespace skerry {

class FlushDebt : NonCopyable {
  public:
    FlushDebt() = default;
    ~FlushDebt() { ASSERT(!users_); }

    bool is_owed() const { return users_; }
    // A removal from tables of the owner of `users`. All removals of one debt have the same owner.
    void add(TranslationUsers& users) {
        ASSERT(!users_ || users_ == &users);
        users_ = &users;
    }
    void pay() {
        if (users_) std::exchange(users_, nullptr)->flush();
    }

  private:
    TranslationUsers* users_ = nullptr;
};

} // namespace skerry
