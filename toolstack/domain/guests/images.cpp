// SPDX-License-Identifier: MIT
#include "toolstack/domain/guests/images.h"

#include "toolstack/domain/guests/guest_config.h"
#include "toolstack/domain/records/records.h"
#include "toolstack/protocol/sha256.h"

#include <algorithm>

namespace skerry::toolstack {

struct Images::Upload {
    Image image;
    std::uint64_t received = 0;
    protocol::Sha256 hash;
};

std::uint64_t Images::received() const { return upload_->received; }

std::vector<Image> Images::list() {
    std::vector<Image> all;
    for (BuilderImage& held : builder_.images()) {
        const auto known = known_.find(held.name);
        if (known != known_.end() && known->second.size == held.size)
            all.push_back(known->second);
        else
            all.push_back({std::move(held.name), held.size, "", false});
    }
    return all;
}

bool Images::builder_has(std::string_view name) {
    for (const BuilderImage& held : builder_.images())
        if (held.name == name) return true;
    return false;
}

void Images::require(const std::string& what, const std::vector<std::string>& names) {
    const auto held = builder_.images();
    for (const std::string& name : names) {
        const auto same = [&](const BuilderImage& image) { return image.name == name; };
        if (!name.empty() && std::none_of(held.begin(), held.end(), same))
            throw Failure(code::not_found, what + ": there is no image " + quoted(name));
    }
}

std::optional<Image> Images::find_content(std::string_view sha256, std::uint64_t size) {
    for (const Image& image : list())
        if (image.sha256 == sha256 && image.size == size) return image;
    return std::nullopt;
}

std::string Images::free_name(std::string_view hint, std::string_view sha256) {
    std::string name;
    for (const char c : hint)
        if (is_image_name(name + c)) name += c;
    if (name.empty()) name = "image";
    const auto held = builder_.images();
    for (std::size_t digits = 8; digits <= longest_name - 2; ++digits) {
        const std::string candidate =
            name.substr(0, longest_name - 1 - digits) + "." + std::string(sha256.substr(0, digits));
        const auto same = [&](const BuilderImage& image) { return image.name == candidate; };
        if (std::none_of(held.begin(), held.end(), same)) return candidate;
    }
    throw Failure(code::exists, "images of this name and hash are there already, with other content");
}

void Images::begin(const Image& image) {
    if (uploading()) throw Failure(code::busy, "image " + quoted(upload_->image.name) + " is being uploaded");
    if (const std::string user = in_use_(image.name); !user.empty())
        throw Failure(code::refused, "image " + quoted(image.name) + " is in use by " + quoted(user));
    auto upload = std::make_shared<Upload>();
    upload->image = image;
    upload_ = upload; // before the wait, so that nobody else begins one
    try {
        builder_.begin_image(image.name, image.size);
        forget(image.name);
    } catch (const Failure&) {
        upload_.reset();
        throw;
    }
}

void Images::data(std::string_view bytes) {
    Upload& upload = *upload_;
    if (bytes.size() > upload.image.size - upload.received)
        throw Failure(code::bad_request, "image " + quoted(upload.image.name) + ": more than the " +
                                             std::to_string(upload.image.size) + " bytes announced");
    upload.hash.add(bytes);
    upload.received += bytes.size();
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), Builder::most_data)))
        builder_.image_data(bytes.substr(0, Builder::most_data));
}

void Images::finish() {
    const std::shared_ptr<Upload> upload = upload_;
    const Image& image = upload->image;
    const std::string about = "image " + quoted(image.name) + ": ";
    if (upload->received != image.size)
        throw Failure(code::bad_request, about + "ended after " + std::to_string(upload->received) + " of " +
                                             std::to_string(image.size) + " bytes");
    if (upload->hash.finish() != image.sha256)
        throw Failure(code::bad_request, about + "what came has another SHA-256 than announced");
    journal_.append(image_record(image));
    known_[image.name] = image;
    upload_.reset();
}

void Images::abandon() {
    if (!uploading()) return;
    const std::string name = upload_->image.name;
    try {
        builder_.drop_image(name);
    } catch (const Failure&) { /* it may not have got far enough for there to be something to drop */
    }
    upload_.reset();
}

void Images::forget(const std::string& name) {
    if (known_.erase(name) > 0) journal_.append(image_dropped_record(name));
}

void Images::drop(const std::string& name) {
    if (const std::string user = in_use_(name); !user.empty())
        throw Failure(code::refused, "image " + quoted(name) + " is in use by " + quoted(user));
    if (!builder_has(name)) throw Failure(code::not_found, "there is no image " + quoted(name));
    builder_.drop_image(name);
    forget(name);
}

void Images::drop_unused(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        const auto known = known_.find(name);
        if (known == known_.end() || !known->second.automatic || !in_use_(name).empty()) continue;
        try {
            builder_.drop_image(name);
            forget(name);
        } catch (const Failure&) { /* no builder, or it has lost it itself: the next upload sees what is there */
        }
    }
}

} // namespace skerry::toolstack
