// SPDX-License-Identifier: MIT
// The images that were uploaded, with what they contain. The builder holds them; this knows their hashes, so that no
// file is sent twice, and who uses them, so that none disappears under a guest that is to reboot.
#pragma once

#include "toolstack/domain/parts/builder.h"
#include "toolstack/domain/records/journal.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace skerry::toolstack {

struct Image {
    std::string name;
    std::uint64_t size = 0;
    std::string sha256;     ///< 64 hexadecimal digits; empty: the platform's own
    bool automatic = false; ///< came with a `create`, and goes with the last guest that uses it
};

class Images {
  public:
    /// `in_use`: the name of a guest that uses an image, or empty.
    Images(Builder& builder, Journal& journal, std::function<std::string(std::string_view image)> in_use)
        : builder_(builder), journal_(journal), in_use_(std::move(in_use)) {}

    /// What the builder has, the platform's own included.
    std::vector<Image> list();
    /// Throws `not-found` that names `what` unless the builder has all of them. Empty names are left out.
    void require(const std::string& what, const std::vector<std::string>& names);

    /// The image that has this content, if the builder has it.
    std::optional<Image> find_content(std::string_view sha256, std::uint64_t size);
    /// A name that is free for this content: `hint` made into a name, with the first digits of the hash.
    std::string free_name(std::string_view hint, std::string_view sha256);

    /// An upload, in these three steps. Only one at a time: throws `busy`. `begin` throws `refused` for the platform's
    /// own images and for those in use with other content.
    void begin(const Image& image);
    void data(std::string_view bytes);
    /// Throws `bad-request` when size or hash are not what was announced; the image is then dropped.
    void finish();
    void abandon();
    bool uploading() const { return upload_ != nullptr; }
    /// Bytes of the present upload that have come.
    std::uint64_t received() const;

    /// Throws `not-found`, or `refused` for an image in use.
    void drop(const std::string& name);
    /// Drops an automatic image that nobody uses any more. Never throws.
    void drop_unused(const std::vector<std::string>& names);

    /// From the journal.
    void recall(const Image& image) { known_[image.name] = image; }
    void recall_dropped(const std::string& name) { known_.erase(name); }

  private:
    struct Upload;
    void forget(const std::string& name);
    bool builder_has(std::string_view name);

    Builder& builder_;
    Journal& journal_;
    std::function<std::string(std::string_view)> in_use_;
    std::map<std::string, Image, std::less<>> known_;
    std::shared_ptr<Upload> upload_;
};

} // namespace skerry::toolstack
