// SPDX-License-Identifier: MIT
// .xz: LZMA2 blocks by the LZMA SDK, each straight into its place in the output, which is its own dictionary.
#include "decompress.h"
#include "lzma_sdk.h"
#include "xz_container.h"

#include <7zCrc.h>
#include <Bra.h>
#include <Lzma2Dec.h>
#include <Sha256.h>
#include <XzCrc64.h>

namespace skerry::start_in_place {
namespace {

struct Progress {
    std::uint64_t consumed = 0;
    std::uint64_t produced = 0;
};

Result<Progress> decode_lzma2(std::uint8_t dictionary, Bytes input, std::uint64_t input_offset, Output output,
                              Workspace& workspace) {
    SdkAllocator allocator(workspace);
    CLzma2Dec decoder;
    Lzma2Dec_CONSTRUCT(&decoder) if (const SRes status =
                                         Lzma2Dec_AllocateProbs(&decoder, dictionary, &allocator.interface);
                                     status != SZ_OK) return Failure{
        status == SZ_ERROR_MEM ? "xz: not enough memory to unpack; at input offset" : "xz: corrupt; at input offset",
        input_offset};
    decoder.decoder.dic = reinterpret_cast<Byte*>(output.data());
    decoder.decoder.dicBufSize = output.size();
    Lzma2Dec_Init(&decoder);
    SizeT consumed = input.size();
    ELzmaStatus progress = LZMA_STATUS_NOT_SPECIFIED;
    const SRes status = Lzma2Dec_DecodeToDic(&decoder, output.size(), reinterpret_cast<const Byte*>(input.data()),
                                             &consumed, LZMA_FINISH_END, &progress);
    const std::uint64_t produced = decoder.decoder.dicPos;
    Lzma2Dec_FreeProbs(&decoder, &allocator.interface);
    if (status == SZ_OK && progress == LZMA_STATUS_FINISHED_WITH_MARK) return Progress{consumed, produced};
    if (status == SZ_OK && progress == LZMA_STATUS_NEEDS_MORE_INPUT)
        return Failure{"xz: cut off; at input offset", input_offset + consumed};
    if (produced == output.size()) return Failure{output_full, produced};
    return Failure{"xz: corrupt; at input offset", input_offset + consumed};
}

bool check_is_right(XzCheck check, Bytes expected, std::span<const std::byte> data) {
    const auto equals = [&](const auto& value) { return expected.starts_with(&value, sizeof(value)); };
    switch (check) {
    case XzCheck::none: return true;
    case XzCheck::crc32: return equals(UInt32{CrcCalc(data.data(), data.size())});
    case XzCheck::crc64: return equals(UInt64{CRC64_GET_DIGEST(Crc64Update(CRC64_INIT_VAL, data.data(), data.size()))});
    case XzCheck::sha256: {
        Byte digest[SHA256_DIGEST_SIZE];
        CSha256 state;
        Sha256_Init(&state);
        Sha256_Update(&state, reinterpret_cast<const Byte*>(data.data()), data.size());
        Sha256_Final(&state, digest);
        return equals(digest);
    }
    }
    return false;
}

/// The block at `offset`, unpacked to the start of `output`.
Result<Progress> decode_block(Bytes input, std::uint64_t offset, XzCheck check, Output output, Workspace& workspace) {
    Result<XzBlock> block = read_xz_block_header(input, offset);
    if (!block) return block.failure();
    const std::uint64_t data_at = offset + block->header_bytes;
    Result<Progress> data =
        decode_lzma2(block->dictionary, input.slice(data_at, input.size() - data_at), data_at, output, workspace);
    if (!data) return data.failure();
    if (block->x86_filter) {
        UInt32 state = Z7_BRANCH_CONV_ST_X86_STATE_INIT_VAL;
        z7_BranchConvSt_X86_Dec(reinterpret_cast<Byte*>(output.data()), data->produced, block->x86_position, &state);
    }
    const std::uint64_t padded = (data->consumed + 3) & ~std::uint64_t{3}, check_at = data_at + padded;
    if (!input.contains(check_at, check_bytes(check))) return Failure{"xz: cut off; at input offset", check_at};
    if (!check_is_right(check, input.slice(check_at, check_bytes(check)), output.first(data->produced)))
        return Failure{"xz: checksum is wrong; at input offset", check_at};
    return Progress{block->header_bytes + padded + check_bytes(check), data->produced};
}

void make_tables() {
    static bool made;
    if (made) return;
    CrcGenerateTable();
    Crc64GenerateTable();
    Sha256Prepare();
    made = true;
}

} // namespace

Result<std::uint64_t> decompress_xz(Bytes input, Output output, Workspace& workspace) {
    make_tables();
    Result<XzCheck> check = read_xz_stream_header(input);
    if (!check) return check.failure();
    std::uint64_t at = xz_stream_header_bytes, written = 0;
    while (!at_xz_index(input, at)) {
        Result<Progress> block = decode_block(input, at, *check, output.subspan(written), workspace);
        if (!block) return block.failure().what == output_full ? Failure{output_full, output.size()} : block.failure();
        at += block->consumed;
        written += block->produced;
    }
    return written;
}

} // namespace skerry::start_in_place
