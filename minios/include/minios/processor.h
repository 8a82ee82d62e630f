// SPDX-License-Identifier: MIT
// What the processor can do for a program beyond the x86-64 that every image is compiled for.
#pragma once

namespace minios::processor {

/// Lets this domain use AVX and fused multiply-add from now on: false where processor or hypervisor have not got both. Costs some emulated
/// instructions, and a larger state at each switch of domains, so who wants them asks once.
bool enable_fused_multiply_add();

} // namespace minios::processor
