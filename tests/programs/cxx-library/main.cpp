// SPDX-License-Identifier: MIT
// Parts of the C++ library that lean on the C library: mathematics, file systems, threads with tokens to stop, coroutines, streams.
#include "tests/programs/lib/check.h"

#include <barrier>
#include <chrono>
#include <cmath>
#include <complex>
#include <condition_variable>
#include <coroutine>
#include <cstdlib>
#include <ctime>
#include <cuchar>
#include <filesystem>
#include <fstream>
#include <future>
#include <iomanip>
#include <latch>
#include <memory_resource>
#include <mutex>
#include <random>
#include <regex>
#include <semaphore>
#include <sstream>
#include <string>
#include <thread>

using namespace std::chrono_literals;
namespace files = std::filesystem;

namespace {

void mathematics() {
    CHECK(std::round(2.5) == 3 && std::lround(-2.5) == -3 && std::log2(8.0) == 3 && std::hypot(3.0, 4.0) == 5 &&
          std::cbrt(27.0) == 3);
    CHECK(std::fma(2.0, 3.0, 4.0) == 10 && std::isnan(std::nan("")) && std::trunc(-2.5F) == -2 &&
          std::tgamma(5.0) == 24);
    volatile long double two = 2;
    CHECK(std::abs(std::pow(two, 0.5L) - 1.414213562373095048802L) < 4e-19L &&
          std::abs(std::exp(1.0L) - 2.718281828459045235360L) < 4e-19L);
    CHECK(std::abs(std::sqrt(std::complex<long double>(-4)) - std::complex<long double>(0, 2)) < 1e-18L);
    CHECK(std::stold("0.1") == 0.1L && std::to_string(1.5L) == "1.500000" && std::mt19937{1}() == 1791095845);
}

void file_systems() {
    files::create_directories("/tmp/tree/a/b");
    std::ofstream("/tmp/tree/a/file") << "text";
    files::copy("/tmp/tree", "/tmp/copy", files::copy_options::recursive);
    CHECK(files::file_size("/tmp/copy/a/file") == 4 && files::equivalent("/tmp/tree/a/../a", "/tmp/tree/a"));
    int entries = 0;
    for (const auto& entry : files::recursive_directory_iterator("/tmp/copy")) entries += entry.exists();
    CHECK(entries == 3 && files::relative("/tmp/copy/a", "/tmp") == "copy/a");
    CHECK(files::remove_all("/tmp/copy") == 4 && !files::exists("/tmp/copy") && !files::remove("/tmp/copy"));
    std::error_code error;
    CHECK(!files::remove("/tmp/tree", error) && error == std::errc::directory_not_empty);
    files::create_symlink("/tmp/tree/a/file", "/tmp/link");
    CHECK(files::canonical("/tmp/link") == "/tmp/tree/a/file" && files::is_symlink("/tmp/link"));
    const auto time = files::last_write_time("/tmp/tree/a/file");
    files::last_write_time("/tmp/tree/a/file", time - 1h);
    CHECK(files::last_write_time("/tmp/tree/a/file") == time - 1h && files::space("/tmp").available > 0);
    try {
        (void)files::file_size("/none");
        check("an error of the file system is thrown", 0);
    } catch (const files::filesystem_error& error) { CHECK(error.code() == std::errc::no_such_file_or_directory); }
}

struct Numbers {
    struct promise_type {
        int value = 0;
        Numbers get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(int next) {
            value = next;
            return {};
        }
        void return_void() {}
        void unhandled_exception() { throw; }
    };
    std::coroutine_handle<promise_type> coroutine;
};

Numbers numbers(int count) {
    for (int i = 0; i < count; ++i) co_yield i;
    throw std::runtime_error("no more");
}

void coroutines() {
    const Numbers three = numbers(3);
    int sum = 0;
    try {
        for (;; sum += three.coroutine.promise().value) three.coroutine.resume();
    } catch (const std::runtime_error&) { CHECK(sum == 3); }
    three.coroutine.destroy();
}

void threads() {
    std::barrier together(3);
    std::latch done(3);
    std::counting_semaphore<8> permits(0);
    std::atomic<int> count = 0;
    {
        std::vector<std::jthread> workers;
        for (int i = 0; i < 3; ++i)
            workers.emplace_back([&] {
                together.arrive_and_wait();
                ++count;
                permits.release();
                done.count_down();
            });
        done.wait();
    }
    CHECK(count == 3 && permits.try_acquire() && permits.try_acquire() && permits.try_acquire() &&
          !permits.try_acquire_for(1ms));
    std::mutex mutex;
    std::condition_variable_any changed;
    std::jthread waiter([&](const std::stop_token& stop) {
        std::unique_lock lock(mutex);
        count = changed.wait(lock, stop, [] { return false; }) ? 0 : 7;
    });
    waiter.request_stop();
    waiter.join();
    CHECK(count == 7);
    auto result = std::async(std::launch::async, []() -> int { throw std::out_of_range("far"); });
    try {
        result.get();
        check("an exception of another thread is thrown", 0);
    } catch (const std::out_of_range& error) { CHECK(std::string(error.what()) == "far"); }
}

void texts() {
    std::smatch match;
    const std::string text = "x foo=42 y";
    CHECK(std::regex_search(text, match, std::regex("([a-z]+)=([0-9]+)")) && match[2] == "42");
    std::ostringstream out;
    const std::time_t epoch = 0;
    out << std::put_time(std::gmtime(&epoch), "%F %T") << std::hex << std::showbase << 255 << std::fixed
        << std::setprecision(22) << 0.1L;
    CHECK(out.str() == "1970-01-01 00:00:000xff0.1000000000000000000014");
    std::tm date{};
    std::istringstream("2020-02-03") >> std::get_time(&date, "%Y-%m-%d");
    CHECK(date.tm_year == 120 && date.tm_mon == 1 && date.tm_mday == 3);
    std::pmr::monotonic_buffer_resource memory;
    std::pmr::vector<std::pmr::string> words({"a", "b"}, &memory);
    CHECK(words.size() == 2 && words[1] == "b");
    char16_t character = 0;
    std::mbstate_t state{};
    std::timespec now{};
    CHECK(std::mbrtoc16(&character, "x", 1, &state) == 1 && character == u'x' &&
          std::timespec_get(&now, TIME_UTC) == TIME_UTC);
}

} // namespace

int main() {
    mathematics();
    file_systems();
    coroutines();
    threads();
    texts();
    return checks_done();
}
