// SPDX-License-Identifier: MIT
#include "builder-domain/service/requests.h"

#include "builder-domain/description/values.h"

namespace skerry::builder {

void Requests::serve(std::string_view message, TextWriter& answer) {
    size_t end = message.find('\n');
    std::string_view line = message.substr(0, end);
    std::string_view body = end == message.npos ? std::string_view{} : message.substr(end + 1);
    if (auto done = perform(line, body, answer); !done.ok()) answer << "error " << done.failure().text();
}

Status Requests::perform(std::string_view line, std::string_view body, TextWriter& answer) {
    std::string_view arguments = line;
    std::string_view verb = take_part(arguments, ' ');
    if (verb == "images") {
        list_images(answer);
        return {};
    }
    if (verb == "build") return build(body, answer);
    if (verb == "image")
        BUILDER_TRY(begin_image(arguments));
    else if (verb == "data")
        BUILDER_TRY(images_.append({reinterpret_cast<const std::byte*>(body.data()), body.size()}));
    else if (verb == "drop")
        BUILDER_TRY(images_.drop(arguments));
    else
        return Failure() << "there is no request `" << verb.substr(0, 40) << "`";
    answer << "ok";
    return {};
}

Status Requests::begin_image(std::string_view arguments) {
    std::string_view name = take_part(arguments, ' ');
    auto size = read_number(arguments);
    if (!size) return Failure() << "`image` wants a name and a size in bytes";
    return images_.begin(name, *size);
}

void Requests::list_images(TextWriter& answer) const {
    answer << "ok";
    for (const Module& image : images_.images().modules()) answer << '\n' << image.name << ' ' << image.bytes.size();
}

Status Requests::build(std::string_view section, TextWriter& answer) {
    auto guest = build_guest(hypervisor_, images_.images(), known_, client_, section);
    BUILDER_TRY(guest);
    answer << "ok " << guest.value().id.value << ' ' << guest.value().console.value << ' ' << guest.value().store.value;
    return {};
}

} // namespace skerry::builder
