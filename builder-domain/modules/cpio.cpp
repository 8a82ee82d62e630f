// SPDX-License-Identifier: MIT
#include "builder-domain/modules/cpio.h"

namespace skerry::builder {
namespace {

// The header is 6 characters of magic and 13 fields of 8 hexadecimal digits; these are the fields we need.
constexpr size_t magic_size = 6;
constexpr size_t field_size = 8;
constexpr size_t header_size = magic_size + 13 * field_size;
constexpr size_t mode_field = 1;
constexpr size_t file_size_field = 6;
constexpr size_t name_size_field = 11;

constexpr uint32_t type_mask = 0170000;
constexpr uint32_t regular_file = 0100000;
constexpr size_t alignment = 4; // of the name's end and of the data's end

std::optional<uint32_t> read_field(std::string_view header, size_t field) {
    uint32_t number = 0;
    for (char character : header.substr(magic_size + field * field_size, field_size)) {
        unsigned digit;
        if (character >= '0' && character <= '9')
            digit = character - '0';
        else if (character >= 'a' && character <= 'f')
            digit = character - 'a' + 10;
        else if (character >= 'A' && character <= 'F')
            digit = character - 'A' + 10;
        else
            return std::nullopt;
        number = number << 4 | digit;
    }
    return number;
}

size_t align_up(size_t position) { return (position + alignment - 1) & ~(alignment - 1); }

} // namespace

bool CpioReader::recognises(Bytes bytes) {
    return as_text(bytes).starts_with("070701") || as_text(bytes).starts_with("070702");
}

Result<CpioReader::Header> CpioReader::read_header() const {
    Bytes rest = archive_.subspan(position_);
    if (rest.size() < header_size || !recognises(rest))
        return Failure() << "no cpio header at offset " << position_ << " of the archive";
    auto text = as_text(rest.first(header_size));
    auto mode = read_field(text, mode_field);
    auto file_size = read_field(text, file_size_field);
    auto name_size = read_field(text, name_size_field);
    if (!mode || !file_size || !name_size || *name_size == 0)
        return Failure() << "damaged cpio header at offset " << position_ << " of the archive";
    return Header{*mode, *name_size, *file_size};
}

Result<std::optional<CpioFile>> CpioReader::next() {
    for (;;) {
        if (position_ >= archive_.size()) return Failure() << "the archive is cut off: it has no end entry";
        auto header = read_header();
        BUILDER_TRY(header);
        const Header& fields = header.value();
        // 32-bit sizes added to a size_t cannot overflow.
        size_t name_at = position_ + header_size;
        size_t data_at = align_up(name_at + fields.name_size);
        if (data_at + fields.file_size > archive_.size())
            return Failure() << "the archive is cut off in the entry at offset " << position_;
        auto name = as_text(archive_.subspan(name_at, fields.name_size - 1));
        if (name == "TRAILER!!!") return std::optional<CpioFile>{};
        position_ = align_up(data_at + fields.file_size);
        if ((fields.mode & type_mask) == regular_file)
            return std::optional{CpioFile{name, archive_.subspan(data_at, fields.file_size)}};
    }
}

} // namespace skerry::builder
