// SPDX-License-Identifier: MIT
// All guests and their lives. Used with the monitor held; many functions wait for other domains and give it up
// meanwhile, so each guest is held by at most one call at a time (`Hold`), and a name is taken from the moment that
// its guest is asked for.
//
// Invariants:
//  - a guest that create() failed to make has left nothing behind: no domain, no node, no console, no record;
//  - a record says that a guest runs before it runs, and that it is gone only after it is;
//  - names of guests and of the platform's domains are all different, and none looks like a number.
#pragma once

#include "toolstack/domain/guests/guest.h"
#include "toolstack/domain/guests/images.h"
#include "toolstack/domain/records/records.h"

#include <functional>
#include <memory>

namespace skerry::toolstack {

using GuestPointer = std::shared_ptr<Guest>;
/// Told of each step of something long: "building", "xenstore".
using Progress = std::function<void(const char* step)>;
using RandomBytes = std::array<std::uint8_t, 16> (*)();

class Guests {
  public:
    Guests(Platform& platform, Images& images, RandomBytes random)
        : platform_(platform), images_(images), random_(random) {}

    /// Takes over what a former instance left: forgets guests that are gone, destroys domains that were not complete.
    void recover(const Remembered& remembered);

    const std::vector<GuestPointer>& all() const { return guests_; }
    GuestPointer find(std::string_view name) const; ///< nullptr: none
    GuestPointer find(DomainNumber domain) const;
    const PlatformDomain* platform_domain(std::string_view name) const;
    const PlatformDomain* platform_domain(DomainNumber domain) const;
    /// The guest or domain of the platform that uses an image; empty: none.
    std::string user_of_image(std::string_view image) const;

    GuestPointer create(const GuestConfig& config, bool paused, const Progress& progress, std::uint64_t asked_wall_ns);
    /// False: the domain is dead, but somebody still holds pages of it.
    bool destroy(const GuestPointer& guest);
    void rename(const GuestPointer& guest, const std::string& name);
    /// Asks a domain to end by its node control/shutdown ("poweroff", "reboot"); `what` names it in messages. Throws
    /// `timed-out` when it takes no notice.
    void ask(DomainNumber domain, const std::string& what, const char* request);

    /// Does a step that nothing else asks for, again for some seconds as long as it fails because a service of the
    /// platform is away: that is no reason to lose a guest. Throws what the last try did.
    void insist(const std::function<void()>& step);

    /// Looks which guests have ended, and does what their configuration says.
    void look_after();
    /// To be called when domains may have ended: look_after() is wanted.
    void look_again() {
        look_ = true;
        ++news_;
        platform_.monitor.changed();
    }
    bool look_wanted() const { return look_; }
    static constexpr std::uint64_t look_interval = 20 * millisecond; ///< while waiting for what tells nobody
    /// Waits until domains may have come, ended or gone; a little while at most, since not everything is told.
    void wait_for_news(std::uint64_t at_most = look_interval);

    /// While it lives no other call changes the guest. Waits for the present one; throws `busy` if that takes too long,
    /// `not-found` if the guest is gone then.
    class Hold {
      public:
        Hold(Guests& guests, GuestPointer guest, std::string doing);
        ~Hold();
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;

      private:
        Guests& guests_;
        GuestPointer guest_;
    };

    static constexpr std::uint64_t short_life = 10 * second;
    static constexpr unsigned most_short_lives = 5; ///< the next is not started again

  private:
    void check_name_is_free(const std::string& name, const char* what) const;
    void check_memory(const GuestConfig& config) const;
    /// `again`: the guest had a domain before.
    void bring_up(Guest& guest, bool paused, const Progress& progress, bool again = false);
    void tear_down(Guest& guest);
    void forget(const GuestPointer& guest);
    void end(const GuestPointer& guest, ShutdownReason reason);
    void show_last_words(const Guest& guest);
    void start_again(const GuestPointer& guest);
    bool wait_until_gone(DomainNumber domain);
    const DomainState* find_incomplete(const std::vector<DomainState>& domains, const Guest& guest) const;
    void end_unanswered(const Guest& guest);
    void give_up_incomplete(const std::vector<DomainState>& domains, const Guest& guest);
    bool runs(DomainNumber domain);
    void attempt(const Guest& guest, const char* what, const std::function<void()>& step);
    DomainNumber console_domain() const;

    Platform& platform_;
    Images& images_;
    RandomBytes random_;
    std::vector<GuestPointer> guests_;
    bool look_ = false;
    unsigned news_ = 0; ///< counts look_again()
};

} // namespace skerry::toolstack
