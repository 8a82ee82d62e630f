// SPDX-License-Identifier: MIT
// A byte stream in both directions between two domains of the platform, over libxenvchan's shared page
// (<xen/io/libxenvchan.h>) with the two rings that fit into the page: 1 KiB from the server, 2 KiB to it. The client's
// builder made the page in the client's memory and lent it to the server (docs/control-plane.md).
//
// The peer may be hostile, and may be killed and built again at any time. Its indices are read once, checked and copied;
// ours live here and are only published in the page. When either end starts anew, so do the rings: what was under way is
// lost, and who reads or writes then is told so by `false`.
//
// The live bytes: 1 connected, 2 waiting. srv_live is the client's of ours, who lends the page as libxenvchan's server
// does; cli_live is the server's. Only the client empties the rings, and only a new server asks it to:
//     a client comes:  rings empty, srv 2      the server finds srv 2: cli 1       the client finds cli 1: srv 1
//     a server comes:  cli 2                   the client finds cli 2: as when it comes itself
#pragma once

#include <minios/backends/service_page.h>
#include <minios/events.h>
#include <minios/threads.h>

#include <cstddef>
#include <cstdint>
#include <span>

struct vchan_interface;

namespace minios {

class Channel {
  public:
    enum class End { client, server };

    Channel() = default;
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    /// `page` stays shared for good. `port`: of a channel to the peer. The handler of `port` becomes the Channel's.
    void open(End end, void* page, Port port);
    /// The peer went: nothing is read or written any more, threads that wait are told.
    void close();

    bool connected() const { return connected_; }
    /// Counts how often the rings started anew.
    unsigned generation() const { return generation_; }

    /// Waits for the peer, for good if need be.
    void wait_connected();
    /// Waits until all `size` bytes are there. False: the rings started anew, or the peer went, before.
    bool read(void* to, std::size_t size);
    /// Waits until all are in the ring. False as with read().
    bool write(const void* from, std::size_t size);
    /// At least one byte to read?
    bool readable() const;
    /// Woken whenever something changed: for who waits for more than one thing.
    WaitQueue& changed() { return changed_; }

  private:
    struct Ring {
        std::uint32_t* mine = nullptr; ///< in the page: the index that this end moves
        std::uint32_t* peers = nullptr;
        std::uint8_t* bytes = nullptr;
        std::uint32_t size = 0, at = 0; ///< of `mine`: the truth
    };

    static void on_event(Port port, void* channel);
    void update();
    void start_rings();
    void connect(std::uint8_t& live);
    std::uint32_t in_ring(const Ring& ring, bool reading) const;
    template <class Copy> bool move(Ring& ring, bool reading, std::size_t size, Copy copy);
    void publish(Ring& ring, std::uint32_t moved);

    vchan_interface* page_ = nullptr;
    End end_ = End::client;
    Port port_;
    Ring in_, out_;
    bool connected_ = false;
    unsigned generation_ = 0;
    WaitQueue changed_;
};

/// Opens the client's end of the channel to the domain `name`: its builder says `channel=<name>:<port>` on the command line,
/// a word for each channel. False: there is none, or not of that form.
bool open_channel(Channel& channel, std::span<char* const> words, const char* name);

/// What a server is told of a client: `client=<domid>:<port>:<reference>:<name>`.
struct ChannelClient {
    backends::GuestAddress address;
    GrantRef reference;
};
/// False: the word is not of that form.
bool parse_channel_client(const char* word, ChannelClient& client);

class ServedChannel {
  public:
    explicit ServedChannel(const ChannelClient& client) : client_(client) {}
    /// Maps and binds if the client is there and that has not happened yet; lets go of a client that went. To be called at
    /// the start and whenever the builder rings.
    void visit();
    Channel& channel() { return channel_; }
    const ChannelClient& client() const { return client_; }

  private:
    const ChannelClient client_;
    backends::ServicePage page_;
    Channel channel_;
};

/// Messages on a channel: four bytes of length, little endian, then so many bytes.
namespace channel_message {
inline constexpr std::size_t most_bytes = 16448;
inline constexpr long broken = -1;   ///< the rings started anew, or the peer went
inline constexpr long too_long = -2; ///< more than most_bytes or `room`; it was skipped
/// The message's length, or one of these two.
long receive(Channel& channel, void* to, std::size_t room);
bool send(Channel& channel, const void* first, std::size_t first_size, const void* rest = nullptr,
          std::size_t rest_size = 0);
} // namespace channel_message

} // namespace minios
