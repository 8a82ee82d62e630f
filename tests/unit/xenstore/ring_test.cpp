// SPDX-License-Identifier: MIT
// A client's page: honest clients, ones that reconnect, and hostile ones.
#include "clients.h"
#include "stubdoms/xenstore/store/ring.h"

#include <cstring>
#include <gtest/gtest.h>
#include <random>

namespace skerry::xenstore::test {
namespace {

class RingTest : public testing::Test {
  protected:
    RingTest() {
        std::memset(&page, 0, sizeof page);
        ring.connect(recorder, 1, 5, "guest");
    }
    std::size_t put(std::string_view bytes) {
        std::size_t count = 0;
        while (count < bytes.size() && page.req_prod - page.req_cons < sizeof page.req)
            page.req[page.req_prod++ % sizeof page.req] = bytes[count++];
        return count;
    }
    std::string take(std::size_t most = ~std::size_t{0}) {
        std::string bytes;
        while (bytes.size() < most && page.rsp_cons != page.rsp_prod)
            bytes += page.rsp[page.rsp_cons++ % sizeof page.rsp];
        return bytes;
    }
    void serve() {
        for (int i = 0; i < 1000 && ring.turn(recorder, 1) == Ring::Result::again; ++i) {}
    }

    xenstore_domain_interface page;
    Surroundings nobody;
    Recorder recorder{{}, {}, nobody};
    Ring ring{page};
};

TEST_F(RingTest, RequestsAndAnswersLargerThanTheRing) {
    const std::string value(2000, 'v');
    std::string request = message(XS_WRITE, words({"data/x"}) + value, 0, 7);
    while (!request.empty()) {
        request.erase(0, put(request));
        serve();
    }
    EXPECT_EQ(take().substr(16), words({"OK"}));
    put(message(XS_READ, words({"data/x"})));
    std::string answer;
    for (int i = 0; i < 10; ++i) {
        serve();
        answer += take(300);
        serve();
        answer += take();
    }
    EXPECT_EQ(answer.substr(16), value);
}

TEST_F(RingTest, OneRequestATurn) {
    for (int i = 0; i < 5; ++i) put(message(XS_READ, words({"name"})));
    EXPECT_EQ(ring.turn(recorder, 1), Ring::Result::again);
    EXPECT_EQ(take().size(), 16 + 5u);
    EXPECT_EQ(ring.turn(recorder, 1), Ring::Result::again);
    serve();
    EXPECT_EQ(take().size(), 4 * (16 + 5u));
    EXPECT_EQ(ring.turn(recorder, 1), Ring::Result::idle);
}

TEST_F(RingTest, SaysWhatTheServerCanDo) {
    // Later public headers name the third: XENSTORE_SERVER_FEATURE_WATCHDEPTH.
    EXPECT_EQ(page.server_features, XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR | 4u);
    EXPECT_FALSE(ring.untouched());
}

TEST_F(RingTest, AnIntroductionBeginsAnew) {
    put(message(XS_WATCH, words({"data", "t"})));
    put(message(XS_READ, words({"name"})));
    (void)ring.turn(recorder, 1);
    put("half a mess");
    page.error = XENSTORE_ERROR_RINGIDX;
    page.connection = XENSTORE_RECONNECT;
    Recorder control{{}, {0}, nobody};
    control.connect(0, 1, "", {});
    for (int i = 0; i < 2; ++i) { // the first time, and again
        control.receive(0, message(XS_INTRODUCE, words({"1", "0", "7"})));
        ring.introduce(control);
        for (const std::uint32_t word : {page.req_cons, page.req_prod, page.rsp_cons, page.rsp_prod})
            EXPECT_EQ(word, 0u);
        EXPECT_EQ(page.error, +XENSTORE_ERROR_NONE);
        EXPECT_EQ(page.connection, +XENSTORE_CONNECTED);
        EXPECT_EQ(control.store().connection(1)->port, 7u);
        put(message(XS_GET_DOMAIN_PATH, words({"1"})));
        EXPECT_EQ(ring.turn(control, 1), Ring::Result::again);
        EXPECT_EQ(take().substr(16), words({"/local/domain/1"}));
        put("what is left");
    }
}

TEST_F(RingTest, CountersMayWrap) {
    std::memset(&page, 0, sizeof page);
    page.req_prod = page.req_cons = 0xfffffff0;
    page.rsp_prod = page.rsp_cons = 0xffffffff;
    recorder.disconnect(1);
    ring.connect(recorder, 1, 5, "guest");
    for (int i = 0; i < 10; ++i) {
        put(message(XS_READ, words({"name"})));
        serve();
        EXPECT_EQ(take().substr(16), "guest");
    }
}

TEST_F(RingTest, AReconnectBeginsAnew) {
    put(message(XS_WATCH, words({"data", "t"})));
    serve();
    put("half a mess");
    serve();
    page.connection = XENSTORE_RECONNECT;
    page.req_prod = 0xdeadbeef; // the client ignores all else, and so do we
    serve();
    EXPECT_EQ(page.connection, +XENSTORE_CONNECTED);
    EXPECT_EQ(page.req_prod, 0u);
    EXPECT_EQ(page.req_cons, 0u);
    EXPECT_EQ(page.rsp_prod, 0u);
    put(message(XS_WRITE, words({"data/x"})));
    serve();
    EXPECT_EQ(take().substr(16), words({"OK"})) << "and no event";
}

TEST_F(RingTest, AnAbsurdLengthEndsTheConnection) {
    Header header{XS_READ, 1, 0, longest_payload + 1};
    put({reinterpret_cast<const char*>(&header), sizeof header});
    put(message(XS_READ, words({"name"})));
    EXPECT_EQ(ring.turn(recorder, 1), Ring::Result::moved);
    EXPECT_EQ(page.error, +XENSTORE_ERROR_PROTO);
    EXPECT_EQ(ring.turn(recorder, 1), Ring::Result::idle);
    EXPECT_EQ(take(), "");
    page.connection = XENSTORE_RECONNECT;
    serve();
    EXPECT_EQ(page.error, +XENSTORE_ERROR_NONE);
    put(message(XS_READ, words({"name"})));
    serve();
    EXPECT_EQ(take().substr(16), "guest");
}

TEST_F(RingTest, ImpossibleCountersEndTheConnection) {
    page.req_prod = 1025;
    serve();
    EXPECT_EQ(page.error, +XENSTORE_ERROR_RINGIDX);
    page.connection = XENSTORE_RECONNECT;
    serve();
    EXPECT_EQ(page.error, +XENSTORE_ERROR_NONE);
    put(message(XS_READ, words({"name"})));
    page.rsp_cons = 5;
    serve();
    EXPECT_EQ(page.error, +XENSTORE_ERROR_RINGIDX);
}

TEST_F(RingTest, OurCountersAreNotTheClientsToChange) {
    put(message(XS_READ, words({"name"})));
    serve();
    page.req_cons = 999;
    page.rsp_prod = 999;
    page.server_features = 0;
    const std::string request = message(XS_READ, words({"domid"}));
    for (std::size_t i = 0; i < request.size(); ++i) page.req[page.req_prod++ % sizeof page.req] = request[i];
    serve();
    EXPECT_EQ(page.req_cons, page.req_prod);
    EXPECT_EQ(page.rsp_prod, 16 + 5 + 16 + 1u);
}

TEST_F(RingTest, AHostilePageHarmsNobody) {
    recorder.connect(2, 6, "other", {});
    std::mt19937 random(3);
    for (int i = 0; i < 20000; ++i) {
        auto* words = reinterpret_cast<std::uint32_t*>(&page.req_cons);
        if (random() % 4 == 0)
            words[random() % 7] = random() % 3 == 0 ? random() : static_cast<std::uint32_t>(random() % 1100);
        for (int k = 0; k < 16; ++k) page.req[random() % sizeof page.req] = static_cast<char>(random() % 32);
        (void)ring.turn(recorder, 1);
    }
    EXPECT_EQ(recorder.store().inconsistency(), "");
    EXPECT_NE(recorder.store().connection(2), nullptr);
}

} // namespace
} // namespace skerry::xenstore::test
