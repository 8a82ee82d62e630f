// SPDX-License-Identifier: MIT
#include "toolstack/cli/commands/commands.h"
#include "toolstack/cli/terminal.h"
#include "toolstack/cli/text.h"

namespace skerry::cli {
namespace {

std::string joined(const json::Value& value, std::string_view key) {
    std::string text;
    const json::Value* found = value.find(key);
    if (found == nullptr || found->as_array() == nullptr) return text;
    for (const json::Value& each : *found->as_array())
        if (const std::string* word = each.as_string()) text += (text.empty() ? "" : ", ") + *word;
    return harmless(text);
}

std::string head(const json::Value& each) {
    return harmless(each.text_or("name", "?")) + " (domain " + std::to_string(each.integer_or("id", -1)) + ")";
}

void show_rights(const json::Value& each) {
    if (each.bool_or("everything", false)) print("  every right, except over sealed memory\n");
    if (const std::string platform = joined(each, "platform"); !platform.empty()) print("  " + platform + "\n");
    if (const json::Value* over = each.find("over"); over != nullptr && over->as_array() != nullptr)
        for (const json::Value& target : *over->as_array())
            print("  over " + head(target) + ": " + joined(target, "rights") + "\n");
    if (const std::string resources = joined(each, "resources"); !resources.empty()) print("  " + resources + "\n");
}

} // namespace

void rights(Session& session, const std::string& domain) {
    json::Value params = json::Object{};
    if (!domain.empty()) params["domain"] = domain_argument(domain);
    const json::Value result = session.look("rights", std::move(params));
    if (session.json) return print(json::write(result, true) + "\n");
    const json::Value* all = result.find("domains");
    if (all == nullptr || all->as_array() == nullptr) return;
    for (const json::Value& each : *all->as_array()) {
        print(head(each) + "\n");
        show_rights(each);
    }
}

void trust(Session& session, const std::string& domain) {
    json::Value params;
    params["domain"] = domain_argument(domain);
    const json::Value result = session.look("trust", std::move(params));
    if (session.json) return print(json::write(result, true) + "\n");
    print(head(result) + " depends on\n");
    print("the hypervisor, " + harmless(result.text_or("hypervisor", "?")) + "\n");
    const json::Value* all = result.find("depends_on");
    if (all == nullptr || all->as_array() == nullptr) return;
    for (const json::Value& each : *all->as_array()) {
        print(head(each) + ", " + byte_size(each.integer_or("memory_kib", 0) * 1024) + ": " + joined(each, "why") +
              "\n");
        show_rights(each);
    }
}

} // namespace skerry::cli
