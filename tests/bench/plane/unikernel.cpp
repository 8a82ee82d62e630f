// SPDX-License-Identifier: MIT
// The smallest program of minios as a guest: says when it was entered (nanoseconds of the wall clock, as the toolstack notes
// when a guest was asked for), and then waits for good, as an idle guest does.
#include <minios/minios.h>

int main(int, char**) {
    using namespace minios;
    const std::uint64_t main_ns = clock::since_entry_ns();
    print("entered %lu main-after %lu pages %lu\n",
          static_cast<unsigned long>(clock::wall_ns() - clock::since_entry_ns()), static_cast<unsigned long>(main_ns),
          static_cast<unsigned long>(total_pages() - frames::free_count()));
    static WaitQueue nothing;
    for (;;) (void)nothing.wait();
}
