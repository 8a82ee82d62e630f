// SPDX-License-Identifier: MIT
// The client's half of the ring (minios/xenbus) against the server's, and against a server that misbehaves.
#include "clients.h"
#include "minios/xenbus/client_ring.h"
#include "stubdoms/xenstore/store/ring.h"

#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <random>

namespace skerry::xenstore::test {
namespace {

using minios::xenbus::ClientRing;
using minios::xenbus::Incoming;

class XenbusTest : public testing::Test {
  protected:
    XenbusTest() {
        std::memset(&page, 0, sizeof page);
        recorder.connect(1, 5, "guest", {});
        Ring(page).announce(*recorder.store().connection(1));
    }
    void serve() {
        while (Ring(page).turn(recorder, 1) == Ring::Result::again) {}
    }
    std::string ask(std::string_view request) {
        while (!request.empty()) {
            request.remove_prefix(client.write(request));
            serve();
        }
        for (int i = 0; i < 100 && !incoming->take(client); ++i) serve();
        const std::string payload(incoming->payload());
        incoming->next();
        return payload;
    }

    xenstore_domain_interface page;
    Surroundings nobody;
    Recorder recorder{{}, {}, nobody};
    ClientRing client{page};
    std::unique_ptr<Incoming> incoming = std::make_unique<Incoming>();
};

TEST_F(XenbusTest, MessagesOfAnySize) {
    for (const std::size_t size : {0, 1, 900, 1024, 2000}) {
        const std::string value(size, 'v');
        EXPECT_EQ(ask(message(XS_WRITE, words({"data/x"}) + value)), words({"OK"}));
        EXPECT_EQ(ask(message(XS_READ, words({"data/x"}))), value);
    }
    EXPECT_FALSE(client.broken());
}

TEST_F(XenbusTest, GoesOnWhereThePageWasLeft) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(message(XS_READ, words({"name"}))), "guest");
    client = ClientRing(page);
    EXPECT_EQ(ask(message(XS_READ, words({"name"}))), "guest");
}

TEST_F(XenbusTest, AServerThatMisbehavesBreaksTheConnectionOnly) {
    page.rsp_prod = page.rsp_cons + 1025;
    EXPECT_FALSE(incoming->take(client));
    EXPECT_TRUE(client.broken());
    EXPECT_EQ(client.write("x"), 0u);

    std::memset(&page, 0, sizeof page);
    client = ClientRing(page);
    const Header header{XS_READ, 1, 0, 4097};
    std::memcpy(page.rsp, &header, sizeof header);
    page.rsp_prod = sizeof header;
    EXPECT_FALSE(incoming->take(client));
    EXPECT_TRUE(incoming->broken());

    std::mt19937 random(1);
    for (int i = 0; i < 5000; ++i) {
        auto* counters = reinterpret_cast<std::uint32_t*>(&page.req_cons);
        counters[random() % 4] = random() % 1100;
        page.rsp[random() % 1024] = static_cast<char>(random() % 16);
        if (client.broken() || incoming->broken()) {
            page.error = 0;
            client = ClientRing(page);
            incoming = std::make_unique<Incoming>();
        }
        if (incoming->take(client)) incoming->next();
        EXPECT_LE(client.write(std::string(random() % 2000, 'x')), 1024u);
    }
}

} // namespace
} // namespace skerry::xenstore::test
