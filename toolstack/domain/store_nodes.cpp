// SPDX-License-Identifier: MIT
#include "toolstack/domain/store_nodes.h"

namespace skerry::toolstack {
namespace {

/// Writes nodes of one guest within one transaction.
class NodeWriter {
  public:
    NodeWriter(Store& store, Transaction transaction, DomainNumber guest)
        : store_(store), transaction_(transaction), guest_may_read_{{'n', store.own_domain()}, {'r', guest}},
          guests_own_{{'n', guest}, {'b', store.own_domain()}} {}

    void readable(const std::string& path, std::string_view value) {
        store_.write(path, value, transaction_);
        store_.set_permissions(path, guest_may_read_, transaction_);
    }
    void readable_folder(const std::string& path) {
        store_.make(path, transaction_);
        store_.set_permissions(path, guest_may_read_, transaction_);
    }
    /// The guest is its owner; the toolstack may read and write it.
    void writable(const std::string& path, std::string_view value) {
        store_.write(path, value, transaction_);
        store_.set_permissions(path, guests_own_, transaction_);
    }

  private:
    Store& store_;
    Transaction transaction_;
    Permissions guest_may_read_, guests_own_;
};

} // namespace

std::string domain_path(DomainNumber domain) { return "/local/domain/" + std::to_string(domain); }

void write_guest_nodes(Store& store, const Guest& guest, DomainNumber console_domain, std::uint64_t start_wall_ns) {
    const std::string top = domain_path(guest.domain.id), vm = "/vm/" + guest.uuid;
    const GuestConfig& config = guest.config;
    in_transaction(store, [&](Transaction transaction) {
        store.remove(top, transaction); // of a domain that had the number before
        store.remove(vm, transaction);
        NodeWriter nodes(store, transaction, guest.domain.id);

        nodes.readable_folder(vm);
        nodes.readable(vm + "/name", config.name);
        nodes.readable(vm + "/uuid", guest.uuid);
        nodes.readable(vm + "/start_time", std::to_string(start_wall_ns / second));
        nodes.readable(vm + "/image/ostype", "linux");
        nodes.readable(vm + "/image/kernel", config.kernel);
        nodes.readable(vm + "/image/ramdisk", config.ramdisk);
        nodes.readable(vm + "/image/cmdline", config.cmdline);

        nodes.readable_folder(top);
        nodes.readable(top + "/vm", vm);
        nodes.readable(top + "/name", config.name);
        nodes.readable(top + "/domid", std::to_string(guest.domain.id));
        for (const char* folder : {"/cpu", "/memory", "/device", "/control", "/console", "/store"})
            nodes.readable_folder(top + folder);
        for (unsigned vcpu = 0; vcpu < config.most_vcpus; ++vcpu) {
            const std::string cpu = top + "/cpu/" + std::to_string(vcpu);
            nodes.readable_folder(cpu);
            nodes.readable(cpu + "/availability", vcpu < config.vcpus ? "online" : "offline");
        }
        nodes.readable(top + "/memory/static-max", std::to_string(config.most_memory_kib));
        nodes.readable(top + "/memory/target", std::to_string(config.memory_kib));
        nodes.readable(top + "/memory/videoram", "-1");
        nodes.readable(top + "/control/platform-feature-multiprocessor-suspend", "1");
        nodes.readable(top + "/control/platform-feature-xs_reset_watches", "1");
        // The guest acknowledges what it finds in these by writing, and says in feature-* what it understands.
        for (const char* node : {"shutdown", "sysrq", "feature-poweroff", "feature-reboot", "feature-suspend"})
            nodes.writable(top + "/control/" + node, "");
        for (const char* folder : {"/device/suspend/event-channel", "/data", "/drivers", "/feature", "/attr", "/error"})
            nodes.writable(top + folder, "");

        if (guest.domain.console_port != 0) {
            nodes.readable(top + "/console/backend-id", std::to_string(console_domain));
            nodes.readable(top + "/console/port", std::to_string(guest.domain.console_port));
            nodes.readable(top + "/console/type", "xenconsoled");
            nodes.readable(top + "/console/output", "pty");
            nodes.readable(top + "/console/limit", "65536");
        }
        nodes.readable(top + "/store/port", std::to_string(guest.domain.store_port));
    });
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
