// SPDX-License-Identifier: MIT
// The %fs base, which a language runtime uses as thread pointer. The kernel itself never uses %fs.
#pragma once

namespace minios {

void set_thread_pointer(void* block);

} // namespace minios
