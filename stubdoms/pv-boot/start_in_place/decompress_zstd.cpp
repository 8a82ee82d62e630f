// SPDX-License-Identifier: MIT
#include "decompress.h"

#define ZSTD_STATIC_LINKING_ONLY // for ZSTD_initStaticDCtx and ZSTD_estimateDCtxSize
#include <zstd.h>
#include <zstd_errors.h>

namespace skerry::start_in_place {

Result<std::uint64_t> decompress_zstd(Bytes input, Output output, Workspace& workspace) {
    const std::size_t frame = ZSTD_findFrameCompressedSize(input.data(), input.size());
    if (ZSTD_isError(frame)) return Failure{"zstd: cut off or corrupt; input bytes", input.size()};
    const std::size_t context_bytes = ZSTD_estimateDCtxSize();
    void* context = workspace.allocate(context_bytes);
    ZSTD_DCtx* decoder = context == nullptr ? nullptr : ZSTD_initStaticDCtx(context, context_bytes);
    if (decoder == nullptr) return Failure{"zstd: not enough memory to unpack; needs bytes", context_bytes};
    const std::size_t written = ZSTD_decompressDCtx(decoder, output.data(), output.size(), input.data(), frame);
    if (!ZSTD_isError(written)) return std::uint64_t{written};
    if (ZSTD_getErrorCode(written) == ZSTD_error_dstSize_tooSmall) return Failure{output_full, output.size()};
    return Failure{"zstd: corrupt; input bytes", frame};
}

} // namespace skerry::start_in_place
