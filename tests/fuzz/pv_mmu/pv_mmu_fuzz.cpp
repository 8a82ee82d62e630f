// SPDX-License-Identifier: MIT
// Each input is a sequence of choices for tests/unit/pv_mmu/hostile_run.h. Anything the reference model finds wrong is
// a crash.
#include "hostile_run.h"

#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    size_t used = 0;
    skerry::HostileRun run([&]() -> uint8_t { return used < size ? data[used++] : 0; }, [&] { return used >= size; });
    std::string wrong = run.run(1);
    if (!wrong.empty()) {
        fprintf(stderr, "%s", wrong.c_str());
        abort();
    }
    return 0;
}
