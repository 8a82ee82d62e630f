// SPDX-License-Identifier: MIT
#include "builder-domain/service/image_store.h"

#include "builder-domain/description/values.h"

#include <algorithm>
#include <cstring>

namespace skerry::builder {
namespace {

constexpr uint64_t page = 4096;
constexpr uint64_t whole_pages(uint64_t bytes) { return (bytes + page - 1) / page * page; }

} // namespace

ImageStore::ImageStore(std::span<std::byte> area, const ModuleSet& platform) : area_(area), platform_(platform) {
    if (area.size() >= whole_pages(sizeof(Table)) + page) table_ = reinterpret_cast<Table*>(area.data());
    open();
}

// Takes up what a former self left.
void ImageStore::open() {
    if (!table_) return collect();
    for (Entry& entry : table_->entries)
        if (entry.state != complete || !is_sound(entry)) entry.state = unused;
    for (Entry& one : table_->entries)
        for (Entry& other : table_->entries) {
            if (&one == &other || one.state != complete || other.state != complete) continue;
            bool same_name = std::string_view(one.name) == std::string_view(other.name);
            bool overlap = one.offset < other.offset + other.size && other.offset < one.offset + one.size;
            if (same_name || overlap) (one.sequence < other.sequence ? one : other).state = unused;
        }
    collect();
}

bool ImageStore::is_sound(const Entry& entry) const {
    uint64_t begin = whole_pages(sizeof(Table));
    return std::memchr(entry.name, 0, sizeof(entry.name)) && is_name(entry.name) && !is_platforms(entry.name) &&
           entry.offset % page == 0 && entry.offset >= begin && entry.offset <= area_.size() && entry.size != 0 &&
           entry.size <= area_.size() - entry.offset;
}

void ImageStore::collect() {
    images_ = platform_;
    if (!table_) return;
    for (const Entry& entry : table_->entries)
        if (entry.state == complete)
            // There is room, and no name twice: both were seen to before.
            (void)images_.add_named(entry.name, Bytes(area_).subspan(entry.offset, entry.size));
}

ImageStore::Entry* ImageStore::find(std::string_view name) {
    for (Entry& entry : table_->entries)
        if (entry.state == complete && entry.name == name) return &entry;
    return nullptr;
}

ImageStore::Entry* ImageStore::find_unused() {
    for (Entry& entry : table_->entries)
        if (entry.state == unused) return &entry;
    return nullptr;
}

// The first gap between what is there.
Result<uint64_t> ImageStore::find_room(uint64_t size) const {
    uint64_t at = whole_pages(sizeof(Table));
    for (;;) {
        const Entry* in_the_way = nullptr;
        for (const Entry& entry : table_->entries)
            if (entry.state != unused && entry.offset < at + whole_pages(size) &&
                at < entry.offset + whole_pages(entry.size))
                in_the_way = &entry;
        if (!in_the_way) break;
        at = in_the_way->offset + whole_pages(in_the_way->size);
    }
    if (at > area_.size() || size > area_.size() - at)
        return Failure() << "no room for an image of " << (size + 1023) / 1024 << "K: " << bytes_free() / 1024
                         << "K of " << area_.size() / 1024
                         << "K are free, maybe in pieces; drop images that no guest needs";
    return at;
}

uint64_t ImageStore::bytes_free() const {
    if (!table_) return 0;
    uint64_t used = whole_pages(sizeof(Table));
    for (const Entry& entry : table_->entries)
        if (entry.state != unused) used += whole_pages(entry.size);
    return area_.size() - used;
}

void ImageStore::release(Entry& entry) { __atomic_store_n(&entry.state, unused, __ATOMIC_RELEASE); }

Status ImageStore::begin(std::string_view name, uint64_t size) {
    if (!is_name(name)) return Failure() << "`" << name.substr(0, 40) << "` cannot name an image";
    if (size == 0) return Failure() << "image " << name << " is empty";
    if (is_platforms(name)) return Failure() << "image " << name << " is the platform's own and stays as it is";
    if (!table_) return Failure() << "this builder was given no memory for images";
    if (filling_) release(*filling_);
    filling_ = nullptr;
    if (platform_.size() + most_uploads > ModuleSet::most_modules && images_.size() == ModuleSet::most_modules)
        return Failure() << "there are " << images_.size() << " images already";
    Entry* entry = find_unused();
    if (!entry) return Failure() << "there are " << most_uploads << " uploaded images already";
    auto offset = find_room(size);
    BUILDER_TRY(offset);
    *entry = {};
    std::memcpy(entry->name, name.data(), name.size());
    entry->offset = offset.value();
    entry->size = size;
    entry->sequence = ++table_->sequence;
    __atomic_store_n(&entry->state, filling, __ATOMIC_RELEASE);
    filling_ = entry;
    filled_ = 0;
    return {};
}

Status ImageStore::append(Bytes bytes) {
    if (!filling_) return Failure() << "no image is being uploaded";
    if (bytes.size() > filling_->size - filled_) {
        Failure failure = Failure() << "more than the " << filling_->size << " bytes of image " << filling_->name;
        release(*filling_);
        filling_ = nullptr;
        return failure;
    }
    std::memcpy(area_.data() + filling_->offset + filled_, bytes.data(), bytes.size());
    filled_ += bytes.size();
    if (filled_ < filling_->size) return {};
    Entry* former = find(filling_->name);
    __atomic_store_n(&filling_->state, complete, __ATOMIC_RELEASE);
    if (former) release(*former);
    filling_ = nullptr;
    collect();
    return {};
}

Status ImageStore::drop(std::string_view name) {
    if (is_platforms(name)) return Failure() << "image " << name << " is the platform's own";
    Entry* entry = table_ ? find(name) : nullptr;
    if (!entry) return Failure() << "there is no image `" << name.substr(0, 40) << "`";
    release(*entry);
    collect();
    return {};
}

} // namespace skerry::builder
