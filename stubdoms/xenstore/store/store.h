// SPDX-License-Identifier: MIT
// The store: a machine that is driven by its inputs alone. The same inputs in the same order give the same state and the
// same bytes for every client, which is how a new server takes over from one that was killed (recorder.h). It knows
// neither time nor rings nor hypervisor.
//
// Bounds. A request costs: its length; for each name of its path a search among sorted children; for each watch that
// fires one message; for a removal, the nodes and watches removed; for DIRECTORY, the children listed. Nothing depends on
// how many domains, nodes or watches there are elsewhere.
#pragma once

#include "quotas.h"
#include "request.h"
#include "rights.h"
#include "watches.h"

#include <map>
#include <memory>
#include <optional>

namespace skerry::xenstore {

/// What the store tells whoever runs it. None of it may call an input.
class Surroundings {
  public:
    virtual ~Surroundings() = default;
    virtual void output_waits(DomainId) {}            ///< there is something to send
    virtual void released(DomainId) {}                ///< let go of its page and channel
    virtual void refused(DomainId, Quota) {}          ///< a quota was used up
    virtual void print(DomainId, std::string_view) {} ///< CONTROL print, and requests while CONTROL log is on
};

/// An INTRODUCE that waits for introduced().
struct Introduction {
    DomainId asker = 0;
    Header header{};
    DomainId domain = 0;
    std::uint32_t port = 0;
};

/// Where a ring's counters stand when a connection begins or begins anew.
struct RingStart {
    std::uint32_t taken = 0; ///< req_cons
    std::uint32_t put = 0;   ///< rsp_prod
};

class Store {
  public:
    explicit Store(Surroundings& surroundings);
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    void set_surroundings(Surroundings& surroundings) { surroundings_ = &surroundings; }
    /// Domains that may do everything. Not an input: given anew at each start.
    void set_privileged(std::set<DomainId> domains) {
        accounts_.set_free(domains);
        authority_.set_privileged(std::move(domains));
    }

    // --- inputs ------------------------------------------------------------------------------------------------------
    /// A domain that is there from the start: its home is made, with `name`.
    void connect(DomainId domain, std::uint32_t port, std::string_view name, RingStart ring);
    /// The domain is gone: its watches, transactions and nodes go with it.
    void disconnect(DomainId domain);
    /// Bytes from its ring. At most one request is carried out: see missing().
    void receive(DomainId domain, std::string_view bytes);
    /// `count` bytes of output() are in its ring.
    void sent(DomainId domain, std::size_t count);
    /// The client began its ring anew.
    void reset(DomainId domain, RingStart ring);
    /// Its ring makes no sense (XENSTORE_ERROR_*); it is deaf until it begins anew.
    void fail(DomainId domain, std::uint8_t failure);
    /// What came of introduction(): Error::none if the domain's page and channel are there.
    /// The client's ring is empty, and so begins a domain that was introduced before.
    void introduced(Error error, RingStart ring);
    void set_quota(Quota quota, std::uint64_t value) { quotas_.set(quota, value); }

    /// Not an input, for nothing changes by it: reads some more of the snapshot that it began with. False: all has been.
    bool read_ahead() { return tree_.read_some(); }

    // --- what may be asked of it -------------------------------------------------------------------------------------
    /// How many of `ahead`, the next bytes in the client's ring, belong to the request it is in: all, or up to its end.
    std::size_t missing(DomainId domain, std::string_view first, std::size_t ready) const;
    /// May more be read from it?
    bool takes_input(DomainId domain) const;
    std::string_view output(DomainId domain) const;
    const Connection* connection(DomainId domain) const;
    const std::map<DomainId, std::unique_ptr<Connection>>& connections() const { return connections_; }
    const std::optional<Introduction>& introduction() const { return introduction_; }
    const Quotas& quotas() const { return quotas_; }
    const Accounts& accounts() const { return accounts_; }
    const Tree& tree() const { return tree_; }
    /// Which count does not agree with what is counted? Empty: all do. Costs a walk over everything.
    std::string_view inconsistency() const;

  private:
    friend class Snapshot;
    using Handler = Error (Store::*)(Request&, std::string& answer);
    struct RequestKind {
        Handler handler;
        bool looks_at_transaction;
        bool privileged;
        const char* name;
    };
    static const RequestKind request_kinds[XS_TYPE_COUNT];

    // store.cpp
    Connection* find_connection(DomainId domain);
    void execute(Connection& client, const Header& header, std::string_view payload);
    Error perform(Request& request, std::string& answer);
    void answer(Connection& client, Header header, Error error, std::string_view payload);
    void tell(DomainId domain, const Watch& watch, std::string_view wpath, std::string_view epath);
    void send_event(Connection& client, std::string message);
    bool is_free(DomainId domain) const { return authority_.is_privileged(domain); }
    /// Does the domain stay within the quota with `value`? Else it is told.
    bool within(DomainId domain, Quota quota, std::uint64_t value);
    /// May the domain take so much more memory?
    bool affordable(DomainId domain, std::size_t bytes);

    // node_requests.cpp
    Error request_directory(Request&, std::string&);
    Error request_directory_part(Request&, std::string&);
    Error request_read(Request&, std::string&);
    Error request_write(Request&, std::string&);
    Error request_mkdir(Request&, std::string&);
    Error request_rm(Request&, std::string&);
    Error request_get_permissions(Request&, std::string&);
    Error request_set_permissions(Request&, std::string&);
    Error read_permissions(Request&, Words& words, Permissions& permissions);
    Error may_set(const Request&, const Rights& rights, const Permissions& permissions) const;
    Error find_special(Request&, std::string_view name, Access wanted, Node*& special);
    Error get_special_permissions(Request&, std::string_view name, std::string& answer);
    Error set_special_permissions(Request&, std::string_view name, Permissions permissions);
    Error path_of(Request&, std::string_view text, std::string& path);
    Located locate(Request&, std::string_view path);
    Rights rights_of(Request&, const Place& place) const;
    const std::string& value_of(Request&, const Place& place) const;
    Error find(Request&, std::string_view text, Access wanted, std::uint8_t what, std::string& path, Place& place);
    Error note(Request&, std::string_view path, std::uint8_t what, Place& place);
    Error note_nearest(Request&, std::string_view path, const Located& located);
    std::string names_of(Request&, const Place& place) const;
    Error put(Request&, std::string_view text, const std::string_view* value);
    Error create(Request&, std::string_view path, const Located& located, std::string_view value);
    Permissions inherited(DomainId domain, const Rights& rights) const;
    // changes of the store itself, with their events
    Node& create_node(DomainId domain, std::string_view path, std::string_view value);
    void remove_node(std::string_view path, Node& node);
    void set_node_permissions(std::string_view path, Node& node, Permissions permissions);
    void fire(std::string_view path, const Node& node);

    // transaction_requests.cpp
    Error request_transaction_start(Request&, std::string&);
    Error request_transaction_end(Request&, std::string&);
    Error commit(Request&);
    void apply(const Change& change, DomainId domain);

    // watch_requests.cpp
    Error request_watch(Request&, std::string&);
    Error request_unwatch(Request&, std::string&);
    Error request_reset_watches(Request&, std::string&);
    Error watch_path(Request&, std::string_view text, std::string& path);
    void drop_watches(DomainId domain);

    // domain_requests.cpp
    Error request_introduce(Request&, std::string&);
    Error request_release(Request&, std::string&);
    Error request_resume(Request&, std::string&);
    Error request_set_target(Request&, std::string&);
    Error request_is_introduced(Request&, std::string&);
    Error request_domain_path(Request&, std::string&);
    Error guest_named(Request&, DomainId& domain);
    Error request_control(Request&, std::string&);
    Connection& add_connection(DomainId domain, std::uint32_t port, RingStart ring);
    void make_home(DomainId domain, std::string_view name);
    void remove_owned(DomainId domain);
    void set_target(DomainId domain, std::optional<DomainId> target);
    void fire_special(std::string_view name, DomainId about);

    // control.cpp
    Error control_quota(Words& words, std::string& answer);

    Surroundings* surroundings_;
    Accounts accounts_;
    Tree tree_{accounts_};
    Authority authority_{accounts_};
    Watches watches_{accounts_};
    Watches::Told told_; ///< tell()
    Quotas quotas_;
    std::map<std::string, Node, std::less<>> specials_; ///< "@introduceDomain", "@releaseDomain": permissions only
    std::map<DomainId, std::unique_ptr<Connection>> connections_;
    Connection* recent_ = nullptr; ///< the one that was asked for last: one request asks many times
    std::optional<Introduction> introduction_;
    bool log_requests_ = false;
    // While a request is carried out: its client's own events follow the answer.
    Connection* answering_ = nullptr;
    std::vector<std::string> held_;
};

} // namespace skerry::xenstore
