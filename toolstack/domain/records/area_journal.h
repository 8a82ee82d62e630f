// SPDX-License-Identifier: MIT
// The toolstack's records in a state area, by minios's journal. When it is full, what still counts becomes its snapshot.
#pragma once

#include "toolstack/domain/records/journal.h"

#include <minios/journal.h>

#include <map>
#include <string>

namespace skerry::toolstack {

class AreaJournal final : public Journal {
  public:
    explicit AreaJournal(std::span<std::byte> area) : journal_(area, format) {}
    void append(std::string_view record) override;
    void replay(const std::function<void(std::string_view)>& record) override;
    /// The area held something that nobody understands, and was cleared. Asked after replay().
    bool was_damaged() const { return was_damaged_; }

  private:
    static constexpr std::uint32_t format = 0x736b7431; // "skt1"
    void keep(std::string_view record);
    void take_snapshot();

    minios::Journal journal_;
    std::map<std::string, std::string> counting_; ///< the last record of each thing that is there
    bool was_damaged_ = false;
};

} // namespace skerry::toolstack
