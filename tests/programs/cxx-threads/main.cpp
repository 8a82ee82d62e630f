// SPDX-License-Identifier: MIT
// The C++ library's threads: threads that stop when asked, condition variables, semaphores, latches, barriers, waiting on atomics, futures, locks.
#include "tests/programs/lib/check.h"

#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

void stopping() {
    std::atomic<int> rounds = 0;
    bool told = false;
    {
        std::jthread worker([&](std::stop_token stop) {
            while (!stop.stop_requested()) {
                ++rounds;
                std::this_thread::yield();
            }
        });
        const std::stop_callback callback(worker.get_stop_token(), [&] { told = true; });
        while (rounds < 3) std::this_thread::yield();
        CHECK(!told && worker.request_stop() && told);
    } // joins it
    CHECK(rounds >= 3);

    std::mutex mutex;
    std::condition_variable_any condition;
    bool condition_held = true;
    std::jthread sleeper([&](std::stop_token stop) {
        std::unique_lock lock(mutex);
        condition_held = condition.wait(lock, stop, [] { return false; });
    });
    std::this_thread::sleep_for(1ms);
    CHECK(sleeper.request_stop() && !sleeper.request_stop());
    sleeper.join();
    CHECK(!condition_held);
}

void condition_variables() {
    std::mutex mutex;
    std::condition_variable condition;
    std::string order;
    int turn = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 5; ++i)
        threads.emplace_back([&, i] {
            std::unique_lock lock(mutex);
            condition.wait(lock, [&] { return turn == i; });
            order += static_cast<char>('0' + i);
            ++turn;
            condition.notify_all();
        });
    for (auto& thread : threads) thread.join();
    CHECK(order == "01234");
    std::unique_lock lock(mutex);
    CHECK(condition.wait_for(lock, 2ms) == std::cv_status::timeout);
    CHECK(!condition.wait_until(lock, std::chrono::system_clock::now() + 2ms, [] { return false; }));
}

void semaphores() {
    std::counting_semaphore<4> slots(2);
    std::binary_semaphore done(0);
    std::atomic<int> inside = 0, most = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i)
        threads.emplace_back([&] {
            slots.acquire();
            const int now = ++inside;
            if (now > most) most = now;
            std::this_thread::sleep_for(1ms);
            --inside;
            slots.release();
        });
    threads.clear();
    CHECK(most == 2 && slots.try_acquire() && slots.try_acquire() && !slots.try_acquire());
    CHECK(!slots.try_acquire_for(2ms));
    std::jthread later([&] {
        std::this_thread::sleep_for(2ms);
        done.release();
    });
    CHECK(done.try_acquire_for(10s));
}

void latches_and_barriers() {
    std::latch ready(3);
    int phases = 0;
    std::vector<int> steps;
    std::barrier barrier(3, [&]() noexcept { ++phases; });
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back([&, i] {
            ready.count_down();
            for (int step = 0; step < 4; ++step) {
                steps.push_back(step);
                if (i == 0) std::this_thread::yield();
                barrier.arrive_and_wait();
            }
        });
    ready.wait();
    CHECK(ready.try_wait());
    threads.clear();
    bool in_step = steps.size() == 12;
    for (size_t i = 0; i < steps.size(); ++i) in_step = in_step && steps[i] == static_cast<int>(i / 3);
    CHECK(in_step && phases == 4);
}

void atomics() {
    std::atomic<int> number = 0;
    std::atomic_flag flag;
    std::jthread setter([&] {
        std::this_thread::sleep_for(1ms);
        number = 7;
        number.notify_all();
        flag.test_and_set();
        flag.notify_one();
    });
    number.wait(0);
    flag.wait(false);
    CHECK(number == 7 && flag.test());
    std::atomic<std::shared_ptr<int>> shared = std::make_shared<int>(1);
    shared.store(std::make_shared<int>(2));
    CHECK(*shared.load() == 2);
}

void futures_and_locks() {
    auto answer = std::async(std::launch::async, [] { return 42; });
    auto failure = std::async(std::launch::async, []() -> int { throw std::runtime_error("no"); });
    CHECK(answer.get() == 42);
    bool thrown = false;
    try {
        failure.get();
    } catch (const std::runtime_error&) { thrown = true; }
    CHECK(thrown);
    std::promise<int> promise;
    CHECK(promise.get_future().wait_for(1ms) == std::future_status::timeout);

    std::shared_mutex shared;
    std::timed_mutex timed;
    std::recursive_mutex recursive;
    shared.lock_shared();
    std::jthread([&] {
        CHECK(shared.try_lock_shared() && (shared.unlock_shared(), true) && !shared.try_lock());
    }).join();
    shared.unlock_shared();
    timed.lock();
    std::jthread([&] { CHECK(!timed.try_lock_for(2ms)); }).join();
    timed.unlock();
    recursive.lock();
    CHECK(recursive.try_lock());

    std::once_flag once;
    int calls = 0;
    for (int i = 0; i < 2; ++i) {
        try {
            std::call_once(once, [&] {
                if (++calls == 1) throw 1;
            });
        } catch (int) {}
    }
    std::call_once(once, [&] { ++calls; });
    CHECK(calls == 2);
}

struct Counted {
    static inline int made, gone;
    Counted() { ++made; }
    ~Counted() { ++gone; }
};
thread_local Counted counted;

void thread_locals() {
    for (int i = 0; i < 3; ++i) std::jthread([] { (void)&counted; }).join();
    CHECK(Counted::made == 3 && Counted::gone == 3);
    CHECK(std::thread::hardware_concurrency() == 1 && std::this_thread::get_id() != std::thread::id());
}

} // namespace

int main() {
    stopping();
    condition_variables();
    semaphores();
    latches_and_barriers();
    atomics();
    futures_and_locks();
    thread_locals();
    return checks_done();
}
