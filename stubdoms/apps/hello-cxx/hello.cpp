// SPDX-License-Identifier: MIT
// A C++ program as a domain: streams, containers, exceptions, RTTI, threads, thread-local variables, constructors and
// destructors.
//   hello-cxx [throw]     throw: lets an exception out of main
#include <chrono>
#include <condition_variable>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

struct Greeter {
    Greeter() { std::cout << "constructed before main\n"; }
    ~Greeter() { std::cout << "destroyed after main\n"; }
} greeter;

struct Shape {
    virtual ~Shape() = default;
};
struct Circle : Shape {};

void report(std::string_view what, bool good) { std::cout << what << ": " << (good ? "ok" : "FAILED") << std::endl; }

int depth_of_throw(int depth) {
    const std::string local(100, 'x'); // has a destructor to run on the way out
    if (depth == 0) throw std::out_of_range("from ten frames down");
    return depth_of_throw(depth - 1) + static_cast<int>(local.size());
}

void exceptions() {
    try {
        (void)depth_of_throw(10);
    } catch (const std::logic_error& error) {
        report("exception, caught as its base class", error.what() == std::string("from ten frames down"));
    }
    try {
        const std::vector<int> numbers(3);
        (void)numbers.at(7);
    } catch (const std::exception& error) { std::cout << "vector says: " << error.what() << "\n"; }
    try {
        const std::vector<char> block(std::size_t{1} << 45);
        report("memory that is not there", block.empty());
    } catch (const std::bad_alloc&) { report("memory that is not there", true); }
    const std::unique_ptr<Shape> shape = std::make_unique<Circle>();
    report("dynamic_cast", dynamic_cast<Circle*>(shape.get()) != nullptr);
}

thread_local int mine = 5;

void threads() {
    constexpr int workers = 8, rounds = 100;
    std::mutex mutex;
    std::map<std::string, int> counts;
    int sum_of_mine = 0;
    std::vector<std::thread> all;
    for (int worker = 0; worker < workers; ++worker)
        all.emplace_back([&, worker] {
            for (int round = 0; round < rounds; ++round) {
                const std::lock_guard lock(mutex);
                counts["worker " + std::to_string(worker)]++;
                std::this_thread::yield(); // with the lock held: the others wait
                mine += 1;
            }
            sum_of_mine += mine;
        });
    for (auto& thread : all) thread.join();
    bool good = counts.size() == workers;
    for (const auto& [name, count] : counts) good = good && count == rounds;
    report("eight threads and a mutex", good);
    report("thread_local", mine == 5 && sum_of_mine == workers * (rounds + 5));

    auto answer = std::async(std::launch::async, [] {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        if (mine == 5) throw std::runtime_error("through a future");
        return 42;
    });
    try {
        (void)answer.get();
    } catch (const std::runtime_error& error) {
        report("exception through a future", error.what() == std::string("through a future"));
    }

    std::unique_lock lock(mutex);
    std::condition_variable never;
    const auto before = std::chrono::steady_clock::now();
    const bool timed_out = never.wait_for(lock, std::chrono::milliseconds(10)) == std::cv_status::timeout;
    report("condition variable with a timeout",
           timed_out && std::chrono::steady_clock::now() - before >= std::chrono::milliseconds(10));
}

} // namespace

int main(int argc, char** argv) {
    std::cout << "Hello from C++, " << argc - 1 << " arguments\n";
    auto squares = std::views::iota(1, 11) | std::views::transform([](int n) { return n * n; });
    std::ostringstream text;
    text << std::hex << std::accumulate(squares.begin(), squares.end(), 0);
    report("ranges and string streams", text.str() == "181");
    exceptions();
    threads();
    if (argc > 1 && std::string_view(argv[1]) == "throw") throw std::runtime_error("nobody catches this");
    return 0;
}
