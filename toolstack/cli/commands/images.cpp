// SPDX-License-Identifier: MIT
#include "toolstack/cli/commands/commands.h"
#include "toolstack/cli/terminal.h"
#include "toolstack/cli/text.h"
#include "toolstack/protocol/sha256.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace skerry::cli {
namespace {

constexpr std::size_t chunk = 16384;

std::ifstream open_file(const std::string& file) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error))
        throw CommandError("cannot read " + file + ": " + (error ? error.message() : "it is no file"));
    std::ifstream stream(file, std::ios::binary);
    if (!stream) throw CommandError("cannot read " + file + ": " + std::strerror(errno));
    return stream;
}

/// Up to a chunk; empty at the end.
std::string next_bytes(std::ifstream& stream, std::size_t most) {
    std::string bytes(std::min(most, chunk), '\0');
    stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(stream.gcount()));
    return bytes;
}

/// Writes the file into the memory that the platform shares with this machine, if it is this machine. False: it is not;
/// the file has to be sent, from its beginning.
bool put_into_window(std::ifstream& file, std::uint64_t size, const std::string& window) {
    std::error_code error;
    if (std::filesystem::file_size(window, error) < size || error) return false;
    std::fstream to(window, std::ios::in | std::ios::out | std::ios::binary);
    for (std::string bytes; !(bytes = next_bytes(file, chunk)).empty();)
        to.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    to.flush();
    file.clear();
    file.seekg(0);
    return to.good();
}

} // namespace

std::string upload(Session& session, const std::string& file, const std::string& name, bool automatic,
                   std::vector<std::string>* uploaded) {
    std::ifstream stream = open_file(file);
    protocol::Sha256 hash;
    std::uint64_t size = 0;
    for (std::string bytes; !(bytes = next_bytes(stream, chunk)).empty(); size += bytes.size()) hash.add(bytes);
    if (size == 0) throw CommandError(file + " is empty");
    stream.clear();
    stream.seekg(0);

    const std::string base = std::filesystem::path(file).filename();
    json::Value params;
    if (!name.empty()) params["name"] = name;
    params["hint"] = base.substr(0, 31);
    params["size"] = size;
    params["sha256"] = hash.finish();
    params["automatic"] = automatic;

    Client& client = session.client();
    const std::string window = std::filesystem::path(session.socket).replace_filename("window");
    Client::Call call(client, "images.put", std::move(params));
    ProgressLine progress(session.quiet || session.json);
    bool ready = false, ended = false;
    std::uint64_t sent = 0;
    while (true) {
        const auto event = [&](const json::Value& event) {
            ready = ready || event.text_or("event", "") == "ready";
            if (event.bool_or("window", false) && put_into_window(stream, size, window)) {
                call.end();
                ended = true;
            }
            if (event.find("taken") != nullptr)
                progress.show("uploading " + base, static_cast<std::uint64_t>(event.integer_or("taken", 0)), size);
        };
        if (const auto answer = call.take(event, [](std::string_view) {})) {
            const std::string image = answer->text_or("name", "");
            if (uploaded != nullptr && !answer->bool_or("was_there", true)) uploaded->push_back(image);
            return image;
        }
        if (ready && !ended && call.credit() > 0) {
            const std::string bytes = next_bytes(stream, call.credit());
            if (bytes.empty()) {
                call.end();
                ended = true;
            }
            call.send(bytes);
            sent += bytes.size();
            progress.show("uploading " + base, sent, size);
        }
        (void)client.wait(-1, ready && !ended && call.credit() > 0 ? 0 : -1);
    }
}

void images(Session& session) {
    const json::Value result = session.look("images", json::Object{});
    if (session.json) return print(json::write(result, true) + "\n");
    Table table({{"Name", Table::Align::left},
                 {"Size", Table::Align::right},
                 {"From", Table::Align::left},
                 {"Used by", Table::Align::left},
                 {"SHA-256", Table::Align::left}});
    if (const json::Value* all = result.find("images"); all != nullptr && all->as_array() != nullptr)
        for (const json::Value& each : *all->as_array())
            table.row({harmless(each.text_or("name", "?")), byte_size(each.integer_or("size", 0)),
                       each.bool_or("platform", false)    ? "platform"
                       : each.bool_or("automatic", false) ? "create"
                                                          : "upload",
                       harmless(each.text_or("used_by", "-")), each.text_or("sha256", "-").substr(0, 16)});
    print(table.text());
}

void images_put(Session& session, const std::string& name, const std::string& file) {
    std::vector<std::string> uploaded;
    const std::string image = upload(session, file, name, false, &uploaded);
    if (session.json) {
        json::Value value;
        value["name"] = image;
        value["was_there"] = uploaded.empty();
        return print(json::write(value, true) + "\n");
    }
    print(image + (uploaded.empty() ? " was there already\n" : " uploaded\n"));
}

void images_drop(Session& session, const std::string& name) {
    json::Value params;
    params["name"] = name;
    const json::Value result = session.client().call("images.drop", std::move(params));
    print(session.json ? json::write(result, true) + "\n" : name + " dropped\n");
}

} // namespace skerry::cli
