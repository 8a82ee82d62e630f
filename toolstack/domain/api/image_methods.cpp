// SPDX-License-Identifier: MIT
// Methods about images, and the console.
#include "toolstack/domain/api/api.h"
#include "toolstack/domain/api/fields.h"
#include "toolstack/protocol/sha256.h"

#include <algorithm>

namespace skerry::toolstack {
namespace {

constexpr std::uint64_t patience_with_upload = 60 * second; // for its next bytes
constexpr std::uint64_t progress_step = 512 << 10;          // bytes
constexpr std::int64_t most_image = std::int64_t{1} << 31;

json::Value image_json(const Image& image) {
    json::Value value;
    value["name"] = image.name;
    value["size"] = image.size;
    if (!image.sha256.empty()) value["sha256"] = image.sha256;
    value["platform"] = image.sha256.empty();
    value["automatic"] = image.automatic;
    return value;
}

} // namespace

json::Value Api::images(const json::Value& params, Call&) {
    Fields(params, "images").done();
    json::Array all;
    for (const Image& image : images_.list()) {
        json::Value each = image_json(image);
        if (const std::string user = guests_.user_of_image(image.name); !user.empty()) each["used_by"] = user;
        all.push_back(std::move(each));
    }
    json::Value value;
    value["images"] = std::move(all);
    return value;
}

json::Value Api::images_put(const json::Value& params, Call& call) {
    Fields fields(params, "images.put");
    const auto name = fields.optional_string("name"), hint = fields.optional_string("hint");
    Image image;
    image.size = static_cast<std::uint64_t>(fields.integer("size", 1, most_image));
    image.sha256 = fields.string("sha256");
    image.automatic = fields.boolean("automatic", false);
    fields.done();
    if (!protocol::is_sha256(image.sha256)) fields.wrong("sha256", "is to be 64 hexadecimal digits");
    if (name && !is_image_name(*name)) fields.wrong("name", "is " + quoted(*name) + ", which is no image's name");

    const auto held = images_.find_content(image.sha256, image.size);
    if (held && (!name || held->name == *name)) {
        json::Value value = image_json(*held);
        value["was_there"] = true;
        return value;
    }
    image.name = name ? *name : images_.free_name(hint.value_or("image"), image.sha256);
    images_.begin(image);
    try {
        json::Value ready;
        ready["event"] = "ready";
        ready["name"] = image.name;
        const bool fits_window = image.size <= platform_.window.size();
        ready["window"] = fits_window;
        call.event(ready);
        for (std::string bytes; !(bytes = call.receive(platform_.clock.now_ns() + patience_with_upload)).empty();)
            images_.data(bytes);
        if (fits_window && images_.received() == 0) take_from_window(image.size, call);
        images_.finish();
    } catch (const Failure&) {
        images_.abandon();
        throw;
    }
    json::Value value = image_json(image);
    value["was_there"] = false;
    return value;
}

/// The client has put the image there instead of sending it. Its hash tells whether it is all there.
void Api::take_from_window(std::uint64_t size, Call& call) {
    for (std::uint64_t offset = 0, told = 0; offset < size;) {
        const std::uint64_t count = std::min<std::uint64_t>(Builder::most_data, size - offset);
        images_.data(platform_.window.read(offset, count));
        offset += count;
        if (offset - told < progress_step) continue;
        told = offset;
        json::Value progress;
        progress["event"] = "progress";
        progress["taken"] = offset;
        call.event(progress);
    }
}

json::Value Api::images_drop(const json::Value& params, Call&) {
    Fields fields(params, "images.drop");
    const std::string name = fields.string("name");
    fields.done();
    images_.drop(name);
    json::Value value;
    value["name"] = name;
    return value;
}

json::Value Api::console(const json::Value& params, Call& call) {
    Fields fields(params, "console");
    const Target target = resolve_required(fields.any("domain"), "console");
    const bool unpause = fields.boolean("unpause", false);
    fields.done();
    json::Value value = consoles_.run(target.name, call, [&] {
        if (unpause) platform_.hypervisor.unpause(target.id);
    });
    if (value.bool_or("ended", false) && target.guest != nullptr) {
        value["how"] = target.guest->ending;
        value["again"] = target.guest->starts_again;
    }
    return value;
}

/// Gives a domain the keyboard of the first serial line.
json::Value Api::keyboard(const json::Value& params, Call&) {
    Fields fields(params, "keyboard");
    const Target target = resolve_required(fields.any("domain"), "keyboard");
    fields.done();
    platform_.consoles.show(target.name);
    json::Value value;
    value["id"] = unsigned{target.id};
    value["name"] = target.name;
    return value;
}

} // namespace skerry::toolstack
