// SPDX-License-Identifier: MIT
// Builder and Consoles over channels: the messages of docs/control-plane.md.
#pragma once

#include "toolstack/domain/parts/builder.h"
#include "toolstack/domain/parts/channel_client.h"
#include "toolstack/domain/parts/consoles.h"

#include <map>

namespace skerry::toolstack {

class ChannelBuilder final : public Builder {
  public:
    ChannelBuilder(Monitor& monitor, Clock& clock, ChannelStream& stream)
        : client_(monitor, clock, stream, "builder") {}
    std::vector<BuilderImage> images() override;
    void drop_image(const std::string& name) override;
    void begin_image(const std::string& name, std::uint64_t size) override;
    void image_data(std::string_view bytes) override;
    BuiltDomain build(const std::string& section) override;

  private:
    ChannelClient client_;
};

class ChannelConsoles final : public Consoles {
  public:
    ChannelConsoles(Monitor& monitor, Clock& clock, ChannelStream& stream);
    void add(DomainNumber domain, std::uint32_t port, const std::string& name, bool again) override;
    void remove(DomainNumber domain) override;
    void rename(const std::string& name, const std::string& new_name) override;
    std::string log(const std::string& name, unsigned lines) override;
    void attach(const std::string& name, ConsoleViewer viewer) override;
    void detach(const std::string& name) override;
    void finish(const std::string& name) override;
    std::size_t input(const std::string& name, std::string_view bytes) override;
    void show(const std::string& name) override;

  private:
    ChannelClient client_;
    std::map<std::string, ConsoleViewer, std::less<>> attached_; ///< by the guest's name
};

/// For platforms without these domains: every function throws `unavailable`.
class NoBuilder final : public Builder {
  public:
    std::vector<BuilderImage> images() override { missing(); }
    void drop_image(const std::string&) override { missing(); }
    void begin_image(const std::string&, std::uint64_t) override { missing(); }
    void image_data(std::string_view) override { missing(); }
    BuiltDomain build(const std::string&) override { missing(); }

  private:
    [[noreturn]] static void missing() {
        throw Failure(code::unavailable, "this toolstack has no channel to a builder domain");
    }
};

class NoConsoles final : public Consoles {
  public:
    void add(DomainNumber, std::uint32_t, const std::string&, bool) override { missing(); }
    void remove(DomainNumber) override { missing(); }
    void rename(const std::string&, const std::string&) override { missing(); }
    std::string log(const std::string&, unsigned) override { missing(); }
    void attach(const std::string&, ConsoleViewer) override { missing(); }
    void detach(const std::string&) override { missing(); }
    void finish(const std::string&) override { missing(); }
    std::size_t input(const std::string&, std::string_view) override { missing(); }
    void show(const std::string&) override { missing(); }

  private:
    [[noreturn]] static void missing() {
        throw Failure(code::unavailable, "this toolstack has no channel to a console domain");
    }
};

} // namespace skerry::toolstack
