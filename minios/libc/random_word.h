// SPDX-License-Identifier: MIT
// The processor's random number generator.
#pragma once

namespace minios::libc {

/// A random word from RDRAND (an AES-based generator that reseeds itself from its noise source). False: the processor has none,
/// or it does not answer; `word` is then as it was.
bool random_word(unsigned long& word);

} // namespace minios::libc
