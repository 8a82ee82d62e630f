// SPDX-License-Identifier: MIT
#include "builder-domain/description/parser.h"

#include "builder-domain/description/keys.h"
#include "builder-domain/description/values.h"

namespace skerry::builder {
namespace {

constexpr uint64_t smallest_memory_pages = 16; // below this not even the boot structures fit

class Parser {
  public:
    Parser(PlatformDescription& description, std::span<const std::string_view> known)
        : domains_(description.domains), known_(known) {}

    Status parse(std::string_view text);

  private:
    Status read_line(std::string_view line);
    Status begin_domain(std::string_view heading);
    Status read_key(std::string_view name, std::string_view value);
    Status finish_domain();
    Status resolve(DomainDescription& domain, Service& service, std::string_view key);

    DomainDescription* find(std::string_view name);
    Failure at(unsigned line) const { return Failure() << "line " << line << ": "; }
    Failure here() const { return at(line_); }

    FixedList<DomainDescription, max_domains>& domains_;
    std::span<const std::string_view> known_;
    unsigned line_ = 0;
    uint64_t keys_seen_ = 0; // of the current section, a bit for each row of domain_keys()
};

Status Parser::parse(std::string_view text) {
    if (text.find('\0') != text.npos) return Failure() << "the description holds a zero byte: it is not text";
    domains_.clear();
    while (!text.empty()) {
        size_t end = text.find('\n');
        ++line_;
        BUILDER_TRY(read_line(trim(text.substr(0, end))));
        text = end == text.npos ? std::string_view{} : text.substr(end + 1);
    }
    BUILDER_TRY(finish_domain());
    if (domains_.empty()) return Failure() << "the description names no domain";
    for (DomainDescription& domain : domains_) {
        BUILDER_TRY(resolve(domain, domain.console, "console"));
        BUILDER_TRY(resolve(domain, domain.store, "store"));
        for (Service& service : domain.channels) BUILDER_TRY(resolve(domain, service, "channel"));
        for (Service& service : domain.knows) BUILDER_TRY(resolve(domain, service, "knows"));
    }
    return {};
}

Status Parser::read_line(std::string_view line) {
    if (line.empty() || line.front() == '#') return {};
    if (line.front() == '[') return begin_domain(line);
    size_t equals = line.find('=');
    if (equals == line.npos)
        return here() << "expected `key = value` or `[domain NAME]`, found `" << line.substr(0, 40) << "`";
    return read_key(trim(line.substr(0, equals)), trim(line.substr(equals + 1)));
}

Status Parser::begin_domain(std::string_view heading) {
    BUILDER_TRY(finish_domain());
    constexpr std::string_view opening = "[domain ";
    if (!heading.starts_with(opening) || !heading.ends_with(']'))
        return here() << "a section begins with `[domain NAME]`, found `" << heading.substr(0, 40) << "`";
    std::string_view name = trim(heading.substr(opening.size(), heading.size() - opening.size() - 1));
    if (!is_name(name) || name == "none" || name == "founder")
        return here() << "`" << name.substr(0, 40)
                      << "` cannot name a domain: use letters, digits and ._+-, at most 31; not none or founder";
    if (DomainDescription* first = find(name))
        return here() << "domain " << name << " is already described in line " << first->line;
    DomainDescription domain;
    domain.name = name;
    domain.line = line_;
    if (!domains_.push(domain)) return here() << "more than " << max_domains << " domains";
    keys_seen_ = 0;
    return {};
}

Status Parser::read_key(std::string_view name, std::string_view value) {
    if (domains_.empty()) return here() << "`" << name.substr(0, 40) << "` stands before any `[domain NAME]`";
    DomainDescription& domain = domains_.back();
    auto keys = domain_keys();
    for (size_t index = 0; index < keys.size(); ++index) {
        if (keys[index].name != name) continue;
        uint64_t bit = uint64_t{1} << index;
        if (keys_seen_ & bit) return here() << "`" << name << "` is given twice for domain " << domain.name;
        keys_seen_ |= bit;
        if (value.empty() && name != "cmdline") return here() << "`" << name << "` has no value";
        if (const char* expected = keys[index].apply(domain, value, line_))
            return here() << "`" << name << "` wants " << expected << ", found `" << value.substr(0, 40) << "`";
        return {};
    }
    return here() << "unknown key `" << name.substr(0, 40) << "` in domain " << domain.name;
}

// What only the whole section can show.
Status Parser::finish_domain() {
    if (domains_.empty()) return {};
    const DomainDescription& domain = domains_.back();
    if (domain.kernel.empty()) return at(domain.line) << "domain " << domain.name << " has no `kernel`";
    if (domain.memory_pages == 0) return at(domain.line) << "domain " << domain.name << " has no `memory`";
    if (domain.memory_pages < smallest_memory_pages)
        return at(domain.line) << "domain " << domain.name << " needs at least 64K of `memory`";
    if (domain.max_memory_pages != 0 && domain.max_memory_pages < domain.memory_pages)
        return at(domain.line) << "domain " << domain.name << " has a `max_memory` below its `memory`";
    return {};
}

Status Parser::resolve(DomainDescription& domain, Service& service, std::string_view key) {
    if (service.kind != Service::Kind::domain) return {};
    for (size_t index = 0; index < known_.size(); ++index) {
        if (known_[index] != service.name) continue;
        service.kind = Service::Kind::known;
        service.index = index;
        return {};
    }
    DomainDescription* server = find(service.name);
    if (!server)
        return at(service.line) << "`" << key << " = " << service.name << "` names no domain of this description";
    if (server == &domain) return at(service.line) << "domain " << domain.name << " cannot serve its own " << key;
    service.index = static_cast<size_t>(server - domains_.begin());
    return {};
}

DomainDescription* Parser::find(std::string_view name) {
    for (DomainDescription& domain : domains_)
        if (domain.name == name) return &domain;
    return nullptr;
}

} // namespace

Status parse_description(std::string_view text, PlatformDescription& description,
                         std::span<const std::string_view> known) {
    return Parser(description, known).parse(text);
}

} // namespace skerry::builder
