// SPDX-License-Identifier: MIT
// Threads that come and go, throw through frames that own memory, and allocate in every way meanwhile: each block is filled, and checked before
// it goes. argv[1]: how many rounds each thread makes.
#include "tests/programs/lib/check.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <vector>

namespace {

/// Bytes of a pattern of their own, from one of the allocators.
class Filled {
  public:
    Filled(unsigned seed, std::size_t size)
        : size_(size), pattern_(static_cast<unsigned char>(seed | 1)), kind_(seed % 4) {
        void* memory = nullptr;
        switch (kind_) {
        case 0: memory = std::malloc(size); break;
        case 1: memory = std::aligned_alloc(64, (size + 63) / 64 * 64); break;
        case 2: memory = std::calloc(1, size); break;
        default:
            memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (memory == MAP_FAILED) memory = nullptr;
        }
        if (memory == nullptr) throw std::bad_alloc();
        bytes_ = static_cast<unsigned char*>(memory);
        std::memset(bytes_, pattern_, size_);
    }
    Filled(const Filled&) = delete;
    Filled& operator=(const Filled&) = delete;
    ~Filled() {
        check_content();
        if (kind_ == 3)
            munmap(bytes_, size_);
        else
            std::free(bytes_);
    }
    void resize(std::size_t size) {
        if (kind_ == 3) return;
        auto* moved = static_cast<unsigned char*>(std::realloc(bytes_, size));
        if (moved == nullptr) throw std::bad_alloc();
        bytes_ = moved;
        size_ = std::min(size, size_);
        check_content();
        std::memset(bytes_, pattern_, size_ = size);
    }
    static inline unsigned long checked, broken;

  private:
    void check_content() const {
        ++checked;
        for (std::size_t i = 0; i < size_; ++i)
            if (bytes_[i] != pattern_) {
                ++broken;
                return;
            }
    }
    unsigned char* bytes_;
    std::size_t size_;
    unsigned char pattern_;
    unsigned kind_;
};

struct Thrown : std::runtime_error {
    Thrown(unsigned number, std::string text) : std::runtime_error(std::move(text)), number(number) {}
    unsigned number;
    std::shared_ptr<std::vector<unsigned>> trail = std::make_shared<std::vector<unsigned>>(number % 97, number);
};

thread_local std::vector<std::string> names; // with a destructor at each thread's end
std::mutex mutex;
unsigned long thrown, caught, rethrown;

/// Goes down some frames that own memory, and throws at the bottom.
[[noreturn]] void go_down(std::minstd_rand& random, unsigned depth) {
    Filled block(static_cast<unsigned>(random()), random() % 3000 + 1);
    const std::string text(random() % 200, 'x');
    if (random() % 4 == 0) block.resize(random() % 6000 + 1);
    if (random() % 8 == 0) std::this_thread::yield();
    if (depth == 0) {
        ++thrown;
        throw Thrown(static_cast<unsigned>(random() % 1000), text + "end");
    }
    try {
        go_down(random, depth - 1);
    } catch (const Thrown& error) {
        if (random() % 3 != 0) throw; // also a yield while an exception is in flight, below
        std::this_thread::yield();
        const std::lock_guard lock(mutex);
        ++rethrown;
        throw Thrown(error.number, std::string(error.what()));
    }
}

void live(unsigned seed, int rounds) {
    std::minstd_rand random(seed);
    std::vector<std::unique_ptr<Filled>> kept;
    for (int round = 0; round < rounds; ++round) {
        try {
            names.emplace_back(random() % 100, 'n');
            if (kept.size() < 40 || random() % 2 == 0) {
                const std::size_t size = random() % 50 == 0 ? random() % 300'000 + 1 : random() % 2000 + 1;
                kept.push_back(std::make_unique<Filled>(static_cast<unsigned>(random()), size));
            } else {
                std::swap(kept[random() % kept.size()], kept.back());
                kept.pop_back();
            }
            if (kept.size() > 80) kept.clear();
            go_down(random, static_cast<unsigned>(random() % 12));
        } catch (const Thrown& error) {
            ++caught;
            if (error.trail->size() != error.number % 97) ++Filled::broken;
            if (std::string(error.what()).find("end") == std::string::npos) ++Filled::broken;
        }
    }
}

} // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::atoi(argv[1]) : 40;
    for (unsigned generation = 0; generation < 12; ++generation) {
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < 8; ++i) threads.emplace_back(live, generation * 8 + i + 1, rounds);
        // Some die at once, so that stacks come and go under the others.
        for (unsigned i = 0; i < 16; ++i) std::thread([] { names.emplace_back("short"); }).detach();
        for (auto& thread : threads) thread.join();
    }
    CHECK(thrown == 12UL * 8 * static_cast<unsigned long>(rounds) && caught == thrown && rethrown > 0);
    CHECK(Filled::broken == 0 && Filled::checked > thrown);
    printf("%lu thrown, %lu thrown again, %lu blocks checked\n", thrown, rethrown, Filled::checked);
    return checks_done();
}
