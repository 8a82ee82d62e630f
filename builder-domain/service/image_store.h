// SPDX-License-Identifier: MIT
// The images that domains are built from: those of the platform, and those that were uploaded. The latter lie in the state
// area, so they survive the builder. An image is opaque here; each upload is whole or not there.
//
// The state area: a table of entries in its first pages, the images' bytes behind it, page-aligned, first fit. The table
// is trusted as little as any input: entries that do not fit are dropped when the store opens.
#pragma once

#include "builder-domain/base/result.h"
#include "builder-domain/modules/module_set.h"

namespace skerry::builder {

class ImageStore {
  public:
    static constexpr size_t most_uploads = 32;
    static_assert(most_uploads < ModuleSet::most_modules);

    // `area`: page-aligned, cleared before the first use; may be empty, and then nothing can be uploaded. `platform`: the
    // images that are there anyhow.
    ImageStore(std::span<std::byte> area, const ModuleSet& platform);

    // All that are complete. Good until the next change.
    const ModuleSet& images() const { return images_; }
    bool is_platforms(std::string_view name) const { return platform_.find(name) != nullptr; }

    // Begins an upload; one that was under way is forgotten. Nothing changes for others before the last byte came.
    Status begin(std::string_view name, uint64_t size);
    Status append(Bytes bytes);
    Status drop(std::string_view name);

    uint64_t bytes_free() const;

  private:
    enum State : uint32_t { unused = 0, filling = 1, complete = 2 };
    struct Entry {
        char name[32];
        uint64_t offset; // from the area's start
        uint64_t size;
        uint64_t sequence; // the newest of a name counts
        uint32_t state;
        uint32_t padding;
    };
    struct Table {
        uint64_t sequence; // of the newest
        Entry entries[most_uploads];
    };

    void open();
    bool is_sound(const Entry& entry) const;
    void collect();
    Entry* find(std::string_view name);
    Entry* find_unused();
    Result<uint64_t> find_room(uint64_t size) const;
    void release(Entry& entry);

    std::span<std::byte> area_;
    const ModuleSet& platform_;
    Table* table_ = nullptr; // null: no area
    Entry* filling_ = nullptr;
    uint64_t filled_ = 0;
    ModuleSet images_;
};

} // namespace skerry::builder
