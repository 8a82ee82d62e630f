// SPDX-License-Identifier: MIT
// The methods that a client can call (docs/api.md). All run with the monitor held and may wait.
#pragma once

#include "toolstack/domain/api/call.h"
#include "toolstack/domain/api/console_session.h"
#include "toolstack/domain/guests/guests.h"

namespace skerry::toolstack {

class Api {
  public:
    /// `end_self`: ends this domain so that it is built again; called after the answer has been given.
    Api(Platform& platform, Guests& guests, Images& images, std::function<void()> end_self)
        : platform_(platform), guests_(guests), images_(images), consoles_(platform), end_self_(std::move(end_self)) {}

    /// Throws Failure.
    json::Value call(const protocol::Request& request, Call& call);
    /// The names of all methods.
    static std::vector<std::string_view> methods();

  private:
    using Method = json::Value (Api::*)(const json::Value& params, Call& call);
    struct Entry {
        std::string_view name;
        Method method;
    };
    static const Entry entries[];

    /// The domain that a request means: by name (a string) or number.
    struct Target {
        DomainNumber id = 0;
        std::string name; ///< "(unknown)" for a domain that neither the platform nor this toolstack has a name for
        GuestPointer guest;
        const PlatformDomain* platform = nullptr;
        std::string quoted() const;
    };
    Target resolve(const json::Value& domain) const;
    Target resolve_required(const json::Value* domain, const char* method) const;
    Target target_of(const DomainState& state) const;
    GuestPointer guest_of(const json::Value* domain, const char* method) const;
    std::vector<DomainState> states_of(const json::Value* domain) const;
    json::Value describe(const DomainState& state) const;
    void keep(Guest& guest);

    // inspect.cpp
    json::Value version(const json::Value&, Call&);
    json::Value list(const json::Value&, Call&);
    json::Value info(const json::Value&, Call&);
    json::Value dmesg(const json::Value&, Call&);
    json::Value log(const json::Value&, Call&);
    // authority.cpp
    json::Value rights(const json::Value&, Call&);
    json::Value trust(const json::Value&, Call&);
    json::Value rights_of(const DomainState& state) const;
    // life.cpp
    json::Value create(const json::Value&, Call&);
    json::Value pause(const json::Value&, Call&);
    json::Value unpause(const json::Value&, Call&);
    json::Value shutdown(const json::Value&, Call&);
    json::Value reboot(const json::Value&, Call&);
    json::Value destroy(const json::Value&, Call&);
    json::Value rename(const json::Value&, Call&);
    json::Value restart(const json::Value&, Call&);
    json::Value ask(const json::Value& params, const char* method, const char* request);
    // processors.cpp
    json::Value vcpu_list(const json::Value&, Call&);
    json::Value vcpu_pin(const json::Value&, Call&);
    json::Value vcpu_set(const json::Value&, Call&);
    json::Value sched(const json::Value&, Call&);
    json::Value mem_set(const json::Value&, Call&);
    // image_methods.cpp
    json::Value images(const json::Value&, Call&);
    json::Value images_put(const json::Value&, Call&);
    json::Value images_drop(const json::Value&, Call&);
    void take_from_window(std::uint64_t size, Call& call);
    json::Value console(const json::Value&, Call&);
    json::Value keyboard(const json::Value&, Call&);

    Platform& platform_;
    Guests& guests_;
    Images& images_;
    ConsoleSessions consoles_;
    std::function<void()> end_self_;
};

} // namespace skerry::toolstack
