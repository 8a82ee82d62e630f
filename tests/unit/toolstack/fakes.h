// SPDX-License-Identifier: MIT
// A platform in memory: every part keeps what it was told, and any of its operations can be made to fail. All count
// their operations in one sequence, so that "the third operation from now fails" means the same for all.
#pragma once

#include "toolstack/domain/api/api.h"

#include <algorithm>
#include <map>
#include <set>

namespace skerry::toolstack::test {

/// Lets the operation of a certain number fail.
struct Fate {
    int count = 0;
    int fails_at = -1; ///< -1: none
    std::vector<std::string> operations;
    std::function<void()> before_each;

    void operation(const std::string& what) {
        operations.push_back(what);
        if (before_each) before_each();
        if (count++ == fails_at) throw Failure(code::internal, "fate: " + what);
    }
};

/// Time that passes by being looked at, so fast that nothing ever waits for it.
class FakeClock final : public Clock {
  public:
    std::uint64_t now_ns() override { return now += 25 * millisecond; }
    std::uint64_t wall_ns() override { return 1'700'000'000 * second + now; }
    std::uint64_t now = second;
};

class FakeHypervisor final : public Hypervisor {
  public:
    explicit FakeHypervisor(Fate& fate) : fate_(fate) {}

    struct Domain {
        DomainState state;
        Scheduling scheduling;
        std::map<unsigned, CpuSet> hard, soft;
        int lingers = 0; ///< looks for which it is seen dying after destroy()
    };
    std::map<DomainNumber, Domain> all;
    std::uint64_t free_pages = 100'000;
    bool can_list_rights = true;
    std::map<DomainNumber, Rights> held;
    std::vector<std::string> shut_downs;
    std::function<void(DomainNumber)> on_shut_down, on_unpause;
    std::function<void()> on_domains;
    std::string log_text = "xen-core: one\nxen-core: two\n";

    void take_over(const FakeHypervisor& before) {
        all = before.all;
        next_ = before.next_;
    }
    DomainNumber add(std::uint64_t pages, unsigned vcpus) {
        const DomainNumber id = next_++;
        DomainState& state = all[id].state;
        state.id = id;
        state.pages = state.most_pages = pages;
        state.vcpus = state.vcpus_online = vcpus;
        state.paused = true;
        free_pages -= pages;
        return id;
    }
    void end(DomainNumber id, ShutdownReason reason) {
        all.at(id).state.shut_down = true;
        all.at(id).state.shutdown_code = static_cast<unsigned>(reason);
    }

    std::vector<DomainState> domains() override {
        if (const auto hook = on_domains) hook();
        std::vector<DomainState> states;
        for (auto each = all.begin(); each != all.end();) {
            Domain& domain = each->second;
            if (domain.state.dying && domain.lingers-- <= 0) {
                free_pages += domain.state.pages;
                each = all.erase(each);
                continue;
            }
            states.push_back(domain.state);
            ++each;
        }
        return states;
    }
    Machine machine() override {
        return {"4.17.0", "xen-3.0-x86_64", "console=com1", 2, 2'000'000, 200'000, free_pages, {1, 2}};
    }
    LogPart read_log(std::uint32_t position) override {
        const std::string part = position < log_text.size() ? log_text.substr(position, 10) : "";
        return {part, position + static_cast<std::uint32_t>(part.size())};
    }
    Rights rights(DomainNumber domain) override {
        find(domain);
        if (!can_list_rights) throw Failure(code::unsupported, "the hypervisor cannot list rights");
        return held[domain];
    }
    void pause(DomainNumber domain) override {
        fate_.operation("pause");
        find(domain).state.paused = true;
    }
    void unpause(DomainNumber domain) override {
        fate_.operation("unpause");
        find(domain).state.paused = false;
        if (on_unpause) on_unpause(domain);
    }
    void destroy(DomainNumber domain) override {
        fate_.operation("destroy");
        find(domain).state.dying = true;
        (void)domains();
    }
    void shut_down(DomainNumber domain, ShutdownReason reason) override {
        fate_.operation("shut down");
        end(find(domain).state.id, reason);
        if (on_shut_down) on_shut_down(domain);
    }
    void set_handle(DomainNumber domain, const std::array<std::uint8_t, 16>& handle) override {
        fate_.operation("set handle");
        find(domain).state.handle = handle;
    }
    void set_most_memory(DomainNumber domain, std::uint64_t kib) override {
        fate_.operation("set most memory");
        find(domain).state.most_pages = kib / 4;
    }
    Scheduling scheduling(DomainNumber domain) override { return find(domain).scheduling; }
    void set_scheduling(DomainNumber domain, const Scheduling& wish) override { find(domain).scheduling = wish; }
    VcpuState vcpu(DomainNumber domain, unsigned vcpu) override {
        Domain& found = find(domain);
        VcpuState state;
        state.online = true;
        state.hard = found.hard.contains(vcpu) ? found.hard[vcpu] : CpuSet{}.set();
        state.soft = found.soft.contains(vcpu) ? found.soft[vcpu] : CpuSet{}.set();
        return state;
    }
    void set_affinity(DomainNumber domain, unsigned vcpu, const CpuSet* hard, const CpuSet* soft) override {
        fate_.operation("set affinity");
        if (hard != nullptr) find(domain).hard[vcpu] = *hard;
        if (soft != nullptr) find(domain).soft[vcpu] = *soft;
    }

  private:
    Domain& find(DomainNumber domain) {
        const auto found = all.find(domain);
        if (found == all.end() || found->second.state.dying)
            throw Failure(code::not_found, "there is no domain " + std::to_string(domain));
        return found->second;
    }
    Fate& fate_;
    DomainNumber next_ = 0;
};

class FakeBuilder final : public Builder {
  public:
    FakeBuilder(Fate& fate, FakeHypervisor& hypervisor) : fate_(fate), hypervisor_(hypervisor) {}
    std::map<std::string, std::string> held{{"pv-boot", "L"}, {"vmlinuz", "KK"}, {"initrd", "RRR"}, {"hello", "H"}};
    std::vector<std::string> sections;
    std::function<void()> on_data, on_build;

    std::vector<BuilderImage> images() override {
        std::vector<BuilderImage> all;
        for (const auto& [name, content] : held) all.push_back({name, content.size()});
        return all;
    }
    void drop_image(const std::string& name) override {
        fate_.operation("drop image");
        upload_ = {};
        if (held.erase(name) == 0) throw Failure(code::refused, "builder: there is no image " + name);
    }
    void begin_image(const std::string& name, std::uint64_t size) override {
        fate_.operation("begin image");
        upload_ = {name, {}, size};
    }
    void image_data(std::string_view bytes) override {
        fate_.operation("image data");
        ASSERT_SIZE(bytes);
        if (on_data) on_data();
        upload_.content += bytes;
        if (upload_.content.size() == upload_.size) held[upload_.name] = upload_.content;
    }
    BuiltDomain build(const std::string& section) override {
        fate_.operation("build");
        if (on_build) on_build();
        sections.push_back(section);
        const auto number = [&](const char* key) {
            const std::size_t at = section.find(std::string(key) + " = ");
            return at != std::string::npos ? std::stoull(section.substr(at + std::string(key).size() + 3)) : 0;
        };
        const DomainNumber id = hypervisor_.add(number("\nmemory") / 4, static_cast<unsigned>(number("vcpus")));
        const std::string name = section.substr(8, section.find(']') - 8); // by which the builder marks what it makes
        std::copy_n(name.begin(), std::min<std::size_t>(name.size(), 16), hypervisor_.all[id].state.handle.begin());
        if (const auto most = number("max_memory"); most != 0) hypervisor_.all[id].state.most_pages = most / 4;
        return {id, 1, section.find("store = ") != std::string::npos ? 2u : 0u};
    }

  private:
    static void ASSERT_SIZE(std::string_view bytes) {
        if (bytes.empty() || bytes.size() > most_data) throw Failure(code::internal, "data of a wrong size");
    }
    struct Upload {
        std::string name, content;
        std::uint64_t size = 0;
    };
    Fate& fate_;
    FakeHypervisor& hypervisor_;
    Upload upload_;
};

class FakeConsoles final : public Consoles {
  public:
    explicit FakeConsoles(Fate& fate) : fate_(fate) {}
    std::map<DomainNumber, std::string> guests;
    std::string typed;
    std::map<std::string, ConsoleViewer> attached;
    std::function<void()> on_remove;
    std::string keyboard;
    std::size_t room = SIZE_MAX; ///< for what is typed at once

    void add(DomainNumber domain, std::uint32_t, const std::string& name, bool again) override {
        fate_.operation(again ? "console add again" : "console add");
        guests[domain] = name;
    }
    void remove(DomainNumber domain) override {
        fate_.operation("console remove");
        if (on_remove) on_remove();
        if (guests.contains(domain)) finish(guests.at(domain));
        if (guests.contains(domain)) past.insert(guests.at(domain));
        guests.erase(domain);
    }
    void rename(const std::string& name, const std::string& new_name) override {
        fate_.operation("console rename");
        finish(name);
        for (auto& [domain, its_name] : guests)
            if (its_name == name) its_name = new_name;
    }
    void finish(const std::string& name) override {
        const auto found = attached.find(name);
        if (found == attached.end()) return;
        const ConsoleViewer viewer = found->second;
        attached.erase(found);
        viewer.output(last_words);
        viewer.ended();
    }
    std::string last_words = "last words\n";
    std::set<std::string> past{"console"}; ///< whose logs it has besides those of `guests`
    std::string log(const std::string& name, unsigned lines) override {
        bool known = past.contains(name);
        for (const auto& [domain, its_name] : guests) known |= its_name == name;
        if (!known) throw Failure(code::refused, "console: no domain of that name");
        return name + " said " + std::to_string(lines) + "\n";
    }
    void attach(const std::string& name, ConsoleViewer viewer) override {
        fate_.operation("attach");
        attached[name] = std::move(viewer);
    }
    void detach(const std::string& name) override { attached.erase(name); }
    std::size_t input(const std::string& name, std::string_view bytes) override {
        bytes = bytes.substr(0, room);
        typed += bytes;
        if (attached.contains(name)) attached.at(name).output("echo: " + std::string(bytes));
        return bytes.size();
    }
    void show(const std::string& name) override { keyboard = name; }

  private:
    Fate& fate_;
};

/// A tree of nodes with transactions that work on a copy.
class FakeStore final : public Store {
  public:
    explicit FakeStore(Fate& fate) : fate_(fate) {}
    struct Node {
        std::string value;
        Permissions permissions;
    };
    using Tree = std::map<std::string, Node>;
    bool is_present = true;
    Tree tree;
    std::map<DomainNumber, std::uint32_t> introduced;
    int conflicts = 0; ///< so many of the next transactions conflict
    std::function<void(const std::string& path, const std::string& value)> on_write;

    bool present() const override { return is_present; }
    DomainNumber own_domain() override { return 3; }
    std::optional<std::string> read(const std::string& path, Transaction transaction) override {
        Tree& in = tree_of(transaction);
        const auto found = in.find(path);
        return found != in.end() ? std::optional(found->second.value) : std::nullopt;
    }
    std::vector<std::string> directory(const std::string& path, Transaction transaction) override {
        std::set<std::string> names;
        for (const auto& [node, content] : tree_of(transaction))
            if (node.starts_with(path + "/"))
                names.insert(node.substr(path.size() + 1, node.find('/', path.size() + 1) - path.size() - 1));
        return {names.begin(), names.end()};
    }
    void write(const std::string& path, std::string_view value, Transaction transaction) override {
        fate_.operation("store write");
        make_way(tree_of(transaction), path).value = value;
        if (transaction == no_transaction && on_write) on_write(path, std::string(value));
    }
    void make(const std::string& path, Transaction transaction) override {
        fate_.operation("store make");
        (void)make_way(tree_of(transaction), path);
    }
    void remove(const std::string& path, Transaction transaction) override {
        fate_.operation("store remove");
        std::erase_if(tree_of(transaction),
                      [&](const auto& node) { return node.first == path || node.first.starts_with(path + "/"); });
    }
    void set_permissions(const std::string& path, const Permissions& permissions, Transaction transaction) override {
        fate_.operation("store permissions");
        tree_of(transaction).at(path).permissions = permissions;
    }
    Transaction begin() override {
        fate_.operation("store begin");
        copies_[++last_] = tree;
        return last_;
    }
    bool end(Transaction transaction, bool commit) override {
        Tree copy = std::move(copies_.at(transaction));
        copies_.erase(transaction);
        if (!commit) return true;
        fate_.operation("store commit");
        if (conflicts > 0) return --conflicts, false;
        tree = std::move(copy);
        return true;
    }
    void introduce(DomainNumber domain, std::uint32_t port) override {
        fate_.operation("introduce");
        introduced[domain] = port;
    }
    void release(DomainNumber domain) override {
        fate_.operation("release");
        introduced.erase(domain);
    }
    bool transactions_open() const { return !copies_.empty(); }

  private:
    /// What is new may be reached as the nearest node above it.
    static Node& make_way(Tree& tree, const std::string& path) {
        const auto [place, is_new] = tree.try_emplace(path);
        for (std::size_t end = path.rfind('/'); is_new && end > 0; end = path.rfind('/', end - 1)) {
            const auto above = tree.find(path.substr(0, end));
            if (above == tree.end()) continue;
            place->second.permissions = above->second.permissions;
            break;
        }
        return place->second;
    }
    Tree& tree_of(Transaction transaction) { return transaction == no_transaction ? tree : copies_.at(transaction); }
    Fate& fate_;
    std::map<Transaction, Tree> copies_;
    Transaction last_ = 0;
};

class FakeJournal final : public Journal {
  public:
    explicit FakeJournal(Fate& fate) : fate_(fate) {}
    std::vector<std::string> records;
    void append(std::string_view record) override {
        fate_.operation("journal");
        records.emplace_back(record);
    }
    void replay(const std::function<void(std::string_view)>& take) override {
        for (const std::string& record : records) take(record);
    }

  private:
    Fate& fate_;
};

class FakeWindow final : public Window {
  public:
    std::string content; ///< as large as the window is
    std::uint64_t size() const override { return content.size(); }
    std::string read(std::uint64_t offset, std::size_t count) override { return content.substr(offset, count); }
};

/// A client that sends what it was given, and keeps what it gets.
class FakeCall final : public Call {
  public:
    std::vector<std::string> to_send; ///< one for each receive(); then its side is ended
    std::vector<json::Value> events;
    std::string got;
    std::size_t credit = SIZE_MAX;
    bool goes_away = false; ///< when everything is sent, instead of ending
    std::function<void()> on_receive;

    void event(const json::Value& event) override { events.push_back(event); }
    bool received() const override { return true; }
    std::string receive(std::uint64_t) override {
        if (on_receive) on_receive();
        if (sent_ < to_send.size()) return to_send[sent_++];
        if (goes_away) throw Failure(code::cancelled, "the client went away");
        return "";
    }
    std::size_t send(std::string_view bytes) override {
        const std::size_t count = std::min(bytes.size(), credit);
        got += bytes.substr(0, count);
        credit -= count;
        return count;
    }
    void nudge() override {}
    void wait() override {}
    void pause_until(std::uint64_t) override {}

  private:
    std::size_t sent_ = 0;
};

/// All of it together: domain 0 the founder, 1 the console, 2 xenstore, 3 the toolstack itself.
class FakePlatform {
  public:
    FakePlatform() : FakePlatform(nullptr) {}
    /// `before`: what a former instance left.
    explicit FakePlatform(FakePlatform* before)
        : hypervisor(fate), builder(fate, hypervisor), consoles(fate), store(fate), journal(fate), log(clock, nullptr),
          platform{monitor,    clock,
                   hypervisor, builder,
                   consoles,   store,
                   journal,    log,
                   window,     {{0, "founder"}, {1, "console"}, {2, "xenstore"}, {3, "toolstack"}}},
          images(builder, journal, [this](std::string_view image) { return guests.user_of_image(image); }),
          guests(platform, images, random), api(platform, guests, images, [this] { ++ended_self; }) {
        platform.power_off = [this] { ++powered_off; };
        if (before != nullptr) {
            journal.records = before->journal.records;
            hypervisor.take_over(before->hypervisor);
            builder.held = before->builder.held;
            store.tree = before->store.tree;
            consoles.guests = before->consoles.guests;
        } else {
            for (int i = 0; i < 4; ++i) hypervisor.all[hypervisor.add(1000, 1)].state.paused = false;
        }
        fate.count = 0;
        fate.operations.clear();
    }

    json::Value call(std::string_view method, const std::string& params = "{}") {
        FakeCall client;
        return call(method, params, client);
    }
    json::Value call(std::string_view method, const std::string& params, FakeCall& client) {
        const auto lock = monitor.enter();
        return api.call({std::string(method), json::parse(params)}, client);
    }
    /// The code and message of the error that the call ends with; empty if it does not.
    std::string error(std::string_view method, const std::string& params = "{}") {
        try {
            (void)call(method, params);
            return "";
        } catch (const Failure& failure) { return failure.code + ": " + failure.what(); }
    }
    void look_after() {
        const auto lock = monitor.enter();
        guests.look_after();
    }
    DomainNumber id_of(std::string_view name) { return guests.find(name)->domain.id; }
    static std::array<std::uint8_t, 16> random() {
        static std::uint8_t next = 0;
        std::array<std::uint8_t, 16> bytes{};
        bytes[0] = ++next;
        bytes[15] = 0x5a;
        return bytes;
    }

    Fate fate;
    Monitor monitor;
    FakeClock clock;
    FakeHypervisor hypervisor;
    FakeBuilder builder;
    FakeConsoles consoles;
    FakeStore store;
    FakeJournal journal;
    EventLog log;
    FakeWindow window;
    Platform platform;
    Images images;
    Guests guests;
    Api api;
    int ended_self = 0, powered_off = 0;
};

inline const std::string linux_guest =
    R"({"name":"web","kernel":"vmlinuz","loader":"pv-boot","ramdisk":"initrd","cmdline":"console=hvc0","memory_kib":65536,)"
    R"("max_memory_kib":131072,"vcpus":2,"max_vcpus":4,"cpus_soft":"1"})";

} // namespace skerry::toolstack::test
