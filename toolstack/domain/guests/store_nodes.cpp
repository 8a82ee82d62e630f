// SPDX-License-Identifier: MIT
#include "toolstack/domain/guests/store_nodes.h"

namespace skerry::toolstack {
namespace {

/// What a guest finds; most of it is said by the folder that it is in.
class NodeList {
  public:
    NodeList(DomainNumber own, DomainNumber guest)
        : guest_may_read_{{'n', own}, {'r', guest}}, guests_own_{{'n', guest}, {'b', own}} {}

    /// A folder that the guest may read, and so may it read what is in it.
    void folder(const std::string& path) { wishes_.push_back({path, "", guest_may_read_}); }
    void add(const std::string& path, std::string_view value) { wishes_.push_back({path, std::string(value)}); }
    /// The guest is its owner; the toolstack may read and write it.
    void add_writable(const std::string& path, std::string_view value) {
        wishes_.push_back({path, std::string(value), guests_own_});
    }
    const std::vector<NodeWish>& wishes() const { return wishes_; }

  private:
    const Permissions guest_may_read_, guests_own_;
    std::vector<NodeWish> wishes_;
};

void list_identity(NodeList& nodes, const Guest& guest, const std::string& vm, std::uint64_t start_wall_ns) {
    nodes.folder(vm);
    nodes.add(vm + "/name", guest.config.name);
    nodes.add(vm + "/uuid", guest.uuid);
    nodes.add(vm + "/start_time", std::to_string(start_wall_ns / second));
    nodes.add(vm + "/image/ostype", "linux");
    nodes.add(vm + "/image/kernel", guest.config.kernel);
    nodes.add(vm + "/image/ramdisk", guest.config.ramdisk);
    nodes.add(vm + "/image/cmdline", guest.config.cmdline);
}

void list_resources(NodeList& nodes, const GuestConfig& config, const std::string& top) {
    for (unsigned vcpu = 0; vcpu < config.most_vcpus; ++vcpu)
        nodes.add(top + "/cpu/" + std::to_string(vcpu) + "/availability", vcpu < config.vcpus ? "online" : "offline");
    nodes.add(top + "/memory/static-max", std::to_string(config.most_memory_kib));
    nodes.add(top + "/memory/target", std::to_string(config.memory_kib));
    nodes.add(top + "/memory/videoram", "-1");
}

void list_control(NodeList& nodes, const std::string& top) {
    nodes.add(top + "/control/platform-feature-multiprocessor-suspend", "1");
    nodes.add(top + "/control/platform-feature-xs_reset_watches", "1");
    // The guest acknowledges what it finds in these by writing, and says in feature-* what it understands.
    for (const char* node : {"shutdown", "sysrq", "feature-poweroff", "feature-reboot", "feature-suspend"})
        nodes.add_writable(top + "/control/" + node, "");
    for (const char* folder : {"/device/suspend/event-channel", "/data", "/drivers", "/feature", "/attr", "/error"})
        nodes.add_writable(top + folder, "");
}

void list_console(NodeList& nodes, const BuiltDomain& domain, const std::string& top, DomainNumber console_domain) {
    if (domain.console_port == 0) return nodes.add(top + "/console", "");
    nodes.add(top + "/console/backend-id", std::to_string(console_domain));
    nodes.add(top + "/console/port", std::to_string(domain.console_port));
    nodes.add(top + "/console/type", "xenconsoled");
    nodes.add(top + "/console/output", "pty");
    nodes.add(top + "/console/limit", "65536");
}

} // namespace

std::string domain_path(DomainNumber domain) { return "/local/domain/" + std::to_string(domain); }

void write_guest_nodes(Store& store, const Guest& guest, DomainNumber console_domain, std::uint64_t start_wall_ns) {
    const std::string top = domain_path(guest.domain.id), vm = "/vm/" + guest.uuid;
    NodeList nodes(store.own_domain(), guest.domain.id);
    list_identity(nodes, guest, vm, start_wall_ns);
    nodes.folder(top);
    nodes.add(top + "/vm", vm);
    nodes.add(top + "/name", guest.config.name);
    nodes.add(top + "/domid", std::to_string(guest.domain.id));
    list_resources(nodes, guest.config, top);
    list_control(nodes, top);
    list_console(nodes, guest.domain, top, console_domain);
    nodes.add(top + "/store/port", std::to_string(guest.domain.store_port));
    store.replace({top, vm}, nodes.wishes()); // there may be some of a domain that had the number before
}

void remove_guest_nodes(Store& store, const Guest& guest) {
    in_transaction(store, [&](Transaction transaction) {
        store.remove(domain_path(guest.domain.id), transaction);
        store.remove("/vm/" + guest.uuid, transaction);
    });
}

void rename_guest_nodes(Store& store, const Guest& guest, const std::string& name) {
    in_transaction(store, [&](Transaction transaction) {
        store.write(domain_path(guest.domain.id) + "/name", name, transaction);
        store.write("/vm/" + guest.uuid + "/name", name, transaction);
    });
}

} // namespace skerry::toolstack
