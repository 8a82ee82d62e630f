// SPDX-License-Identifier: MIT
#include "toolstack/domain/records/records.h"

#include "toolstack/domain/api/fields.h"
#include "toolstack/protocol/sha256.h"

namespace skerry::toolstack {
namespace {

json::Value record_of(const char* kind) {
    json::Value value;
    value["record"] = kind;
    return value;
}

Guest read_guest(Fields& fields, std::string uuid) {
    Guest guest;
    guest.uuid = std::move(uuid);
    guest.domain.id = static_cast<DomainNumber>(fields.integer("id", 0, 0x7fef));
    guest.domain.console_port = static_cast<std::uint32_t>(fields.integer("console_port", 0, UINT32_MAX));
    guest.domain.store_port = static_cast<std::uint32_t>(fields.integer("store_port", 0, UINT32_MAX));
    guest.phase = fields.boolean("preserved", false)  ? Guest::Phase::preserved
                  : fields.boolean("building", false) ? Guest::Phase::building
                                                      : Guest::Phase::running;
    guest.created_wall_ns = static_cast<std::uint64_t>(fields.integer("created_wall_ns", 0, INT64_MAX));
    guest.started_ns = static_cast<std::uint64_t>(fields.integer("started_ns", 0, INT64_MAX));
    guest.short_lives = static_cast<unsigned>(fields.integer("short_lives", 0, 1000));
    const json::Value* config = fields.any("config");
    if (config == nullptr) fields.wrong("config", "is missing");
    guest.config = read_guest_config(*config);
    return guest;
}

void take(Remembered& all, const json::Value& value) {
    Fields fields(value, "record");
    const std::string kind = fields.string("record");
    if (kind == "begun") {
        all.begun[fields.string("uuid")] = fields.string("name");
    } else if (kind == "guest") {
        const std::string uuid = fields.string("uuid");
        all.guests[uuid] = read_guest(fields, uuid);
        all.begun.erase(uuid);
    } else if (kind == "gone") {
        const std::string uuid = fields.string("uuid");
        all.guests.erase(uuid);
        all.begun.erase(uuid);
    } else if (kind == "image") {
        Image image{fields.string("name"), static_cast<std::uint64_t>(fields.integer("size", 0, INT64_MAX)),
                    fields.string("sha256"), fields.boolean("automatic", false)};
        all.images[image.name] = image;
    } else if (kind == "image-dropped") {
        all.images.erase(fields.string("name"));
    } else if (kind == "first-guest") {
        all.first_guests.insert(fields.string("name"));
    } else {
        fields.wrong("record", "is of a kind that this toolstack does not know");
    }
    fields.done();
}

} // namespace

std::string begun_record(const Guest& guest) {
    json::Value value = record_of("begun");
    value["uuid"] = guest.uuid;
    value["name"] = guest.config.name;
    return json::write(value);
}

std::string guest_record(const Guest& guest) {
    json::Value value = record_of("guest");
    value["uuid"] = guest.uuid;
    value["id"] = unsigned{guest.domain.id};
    value["console_port"] = guest.domain.console_port;
    value["store_port"] = guest.domain.store_port;
    value["preserved"] = guest.phase == Guest::Phase::preserved;
    value["building"] = guest.phase == Guest::Phase::building;
    value["created_wall_ns"] = guest.created_wall_ns;
    value["started_ns"] = guest.started_ns;
    value["short_lives"] = guest.short_lives;
    value["config"] = guest_config_json(guest.config);
    return json::write(value);
}

std::string gone_record(const Guest& guest) {
    json::Value value = record_of("gone");
    value["uuid"] = guest.uuid;
    return json::write(value);
}

std::string image_record(const Image& image) {
    json::Value value = record_of("image");
    value["name"] = image.name;
    value["size"] = image.size;
    value["sha256"] = image.sha256;
    value["automatic"] = image.automatic;
    return json::write(value);
}

std::string image_dropped_record(const std::string& name) {
    json::Value value = record_of("image-dropped");
    value["name"] = name;
    return json::write(value);
}

std::string first_guest_record(const std::string& file) {
    json::Value value = record_of("first-guest");
    value["name"] = file;
    return json::write(value);
}

namespace {

/// Takes `text` away from the front, if it is there.
bool take_front(std::string_view& from, std::string_view text) {
    if (!from.starts_with(text)) return false;
    from.remove_prefix(text.size());
    return true;
}

/// Up to the next quotation mark, which is taken too; nothing, if there are escapes.
std::string_view take_string(std::string_view& from) {
    const std::size_t end = from.find('"');
    if (end == from.npos || from.substr(0, end).find('\\') != from.npos) return {};
    const std::string_view text = from.substr(0, end);
    from.remove_prefix(end + 1);
    return text;
}

/// A guest has its uuid, whatever else there is has a name.
RecordSubject subject_of_kind(std::string_view kind, std::string_view subject) {
    const bool image = kind == "image" || kind == "image-dropped", first = kind == "first-guest";
    const char* const what = image ? "image " : first ? "first guest " : "guest ";
    return {what + std::string(subject), kind == "image-dropped" || kind == "gone"};
}
bool has_name(std::string_view kind) { return kind != "begun" && kind != "guest" && kind != "gone"; }

/// As this file writes them, the kind first and then the subject: it need not be parsed, which would cost as much as all else.
RecordSubject subject_at_front(std::string_view record) {
    if (!take_front(record, R"({"record":")")) return {};
    const std::string_view kind = take_string(record);
    if (kind.empty() || !take_front(record, has_name(kind) ? R"(,"name":")" : R"(,"uuid":")")) return {};
    const std::string_view subject = take_string(record);
    return subject.empty() ? RecordSubject{} : subject_of_kind(kind, subject);
}

} // namespace

RecordSubject subject_of(std::string_view record) {
    if (RecordSubject subject = subject_at_front(record); !subject.name.empty()) return subject;
    try {
        const json::Value value = json::parse(record);
        const std::string kind = value.text_or("record", "");
        return subject_of_kind(kind, value.text_or(has_name(kind) ? "name" : "uuid", ""));
    } catch (const json::Error&) { return {}; }
}

Remembered remember(Journal& journal) {
    Remembered all;
    journal.replay([&](std::string_view record) {
        try {
            take(all, json::parse(record));
        } catch (const std::runtime_error& error) { all.not_understood.emplace_back(error.what()); }
    });
    return all;
}

} // namespace skerry::toolstack
