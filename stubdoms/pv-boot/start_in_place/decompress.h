// SPDX-License-Identifier: MIT
// One driver per compression format, each a thin bounded wrapper around Debian's library: the whole input and the whole
// output are in memory, nothing is read or written outside them, and bytes after the end of the stream are ignored.
#pragma once

#include "bytes.h"
#include "result.h"
#include "workspace.h"

namespace skerry::start_in_place {

enum class Format { none, gzip, xz, lzma, bzip2, lz4, zstd, lzo };

/// By the first bytes; Format::none when it is no known compression.
Format recognise(Bytes input);
const char* name(Format format);

/// Failure::what of a stream that is good as far as `output` reached.
extern const char* const output_full;

using Output = std::span<std::byte>;
/// Each returns the number of bytes written; a Failure's `where` is the offset in the input (or in the output for
/// output_full).
Result<std::uint64_t> decompress(Format format, Bytes input, Output output, Workspace& workspace);
Result<std::uint64_t> decompress_gzip(Bytes input, Output output, Workspace& workspace);
Result<std::uint64_t> decompress_xz(Bytes input, Output output, Workspace& workspace);
Result<std::uint64_t> decompress_lzma(Bytes input, Output output, Workspace& workspace);
Result<std::uint64_t> decompress_bzip2(Bytes input, Output output, Workspace& workspace);
Result<std::uint64_t> decompress_lz4(Bytes input, Output output);
Result<std::uint64_t> decompress_zstd(Bytes input, Output output, Workspace& workspace);

} // namespace skerry::start_in_place
