// SPDX-License-Identifier: MIT
#include <minios/channel.h>
#include <minios/xen.h>

extern "C" {
#include <xen/io/libxenvchan.h>
}

namespace minios {

namespace {

enum Live : std::uint8_t { connected = 1, waiting = 2 };

// What fits into the page beside the header: left (to the client) at 1 KiB, right (to the server) at 2 KiB.
constexpr std::uint16_t left_order = 10, right_order = 11;

std::uint8_t load(const std::uint8_t& byte) { return __atomic_load_n(&byte, __ATOMIC_ACQUIRE); }
void store(std::uint8_t& byte, std::uint8_t value) { __atomic_store_n(&byte, value, __ATOMIC_RELEASE); }

} // namespace

void Channel::open(End end, void* page, Port port) {
    page_ = static_cast<vchan_interface*>(page);
    end_ = end;
    port_ = port;
    auto* bytes = static_cast<std::uint8_t*>(page);
    Ring left{nullptr, nullptr, bytes + (1u << left_order), 1u << left_order, 0};
    Ring right{nullptr, nullptr, bytes + (1u << right_order), 1u << right_order, 0};
    if (end == End::client) {
        page_->left_order = left_order;
        page_->right_order = right_order;
        in_ = left;
        out_ = right;
        in_.mine = &page_->left.cons, in_.peers = &page_->left.prod;
        out_.mine = &page_->right.prod, out_.peers = &page_->right.cons;
        start_rings();
    } else {
        in_ = right;
        out_ = left;
        in_.mine = &page_->right.cons, in_.peers = &page_->right.prod;
        out_.mine = &page_->left.prod, out_.peers = &page_->left.cons;
        store(page_->cli_live, Live::waiting);
    }
    events::set_handler(port, on_event, this);
    update();
    (void)events::notify(port); // who is there already learns of us
}

void Channel::close() {
    page_ = nullptr;
    connected_ = false;
    ++generation_;
    changed_.wake_all();
}

/// The client's: both rings empty, and the peer is to say that it has seen it.
void Channel::start_rings() {
    connected_ = false;
    ++generation_;
    in_.at = out_.at = 0;
    page_->left = page_->right = {};
    store(page_->srv_live, Live::waiting);
    (void)events::notify(port_);
}

void Channel::on_event(Port, void* channel) { static_cast<Channel*>(channel)->update(); }

void Channel::update() {
    if (page_ == nullptr) return;
    if (end_ == End::client) {
        const std::uint8_t server = load(page_->cli_live);
        if (connected_ && server == Live::waiting)
            start_rings();
        else if (!connected_ && server == Live::connected)
            connect(page_->srv_live);
    } else if (!connected_ && load(page_->srv_live) == Live::waiting) {
        publish(in_, 0), publish(out_, 0); // a predecessor may have left its own
        connect(page_->cli_live);
    }
    changed_.wake_all();
}

void Channel::connect(std::uint8_t& live) {
    connected_ = true;
    store(live, Live::connected);
    (void)events::notify(port_);
}

/// Bytes to read, or room to write. For an index that makes no sense neither: who wrote it waits for itself.
std::uint32_t Channel::in_ring(const Ring& ring, bool reading) const {
    const std::uint32_t peers = __atomic_load_n(ring.peers, __ATOMIC_ACQUIRE);
    const std::uint32_t used = reading ? peers - ring.at : ring.at - peers;
    return used > ring.size ? 0 : reading ? used : ring.size - used;
}

void Channel::publish(Ring& ring, std::uint32_t moved) {
    ring.at += moved;
    __atomic_store_n(ring.mine, ring.at, __ATOMIC_RELEASE);
    (void)events::notify(port_);
}

void Channel::wait_connected() {
    wait_until(changed_, [this] { return connected_; });
}

bool Channel::readable() const { return connected_ && in_ring(in_, true) > 0; }

/// Moves `size` bytes through a ring, waiting as need be: copy(place in the ring, done, count) for each piece.
template <class Copy> bool Channel::move(Ring& ring, bool reading, std::size_t size, Copy copy) {
    const unsigned generation = generation_;
    for (std::size_t done = 0; done < size;) {
        if (!connected_ || generation != generation_) return false;
        std::uint32_t count = in_ring(ring, reading);
        if (count == 0) {
            (void)changed_.wait();
            continue;
        }
        const std::uint32_t offset = ring.at & (ring.size - 1);
        if (count > ring.size - offset) count = ring.size - offset;
        if (count > size - done) count = static_cast<std::uint32_t>(size - done);
        copy(ring.bytes + offset, done, count);
        publish(ring, count);
        done += count;
    }
    return true;
}

bool Channel::read(void* to, std::size_t size) {
    return move(in_, true, size, [to](const std::uint8_t* place, std::size_t done, std::size_t count) {
        __builtin_memcpy(static_cast<std::uint8_t*>(to) + done, place, count);
    });
}

bool Channel::write(const void* from, std::size_t size) {
    return move(out_, false, size, [from](std::uint8_t* place, std::size_t done, std::size_t count) {
        __builtin_memcpy(place, static_cast<const std::uint8_t*>(from) + done, count);
    });
}

namespace channel_message {

namespace {
/// Reads and forgets.
bool skip(Channel& channel, std::size_t size) {
    char dropped[64];
    while (size > 0) {
        const std::size_t count = size < sizeof dropped ? size : sizeof dropped;
        if (!channel.read(dropped, count)) return false;
        size -= count;
    }
    return true;
}
} // namespace

long receive(Channel& channel, void* to, std::size_t room) {
    std::uint32_t length;
    if (!channel.read(&length, sizeof length)) return broken;
    if (length > most_bytes || length > room) return skip(channel, length) ? too_long : broken;
    return channel.read(to, length) ? static_cast<long>(length) : broken;
}

bool send(Channel& channel, const void* first, std::size_t first_size, const void* rest, std::size_t rest_size) {
    const auto length = static_cast<std::uint32_t>(first_size + rest_size);
    return channel.write(&length, sizeof length) && channel.write(first, first_size) &&
           (rest_size == 0 || channel.write(rest, rest_size));
}

} // namespace channel_message

} // namespace minios
