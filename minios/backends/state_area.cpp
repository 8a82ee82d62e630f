// SPDX-License-Identifier: MIT
#include <minios/backends/service_page.h>
#include <minios/backends/state_area.h>

namespace minios::backends {

namespace {

constexpr std::uint32_t references_per_page = page_size / sizeof(std::uint32_t);
constexpr std::uint32_t most_pages = 32768;

struct AreaAddress {
    DomId domain;
    std::uint32_t reference; ///< of the first index page
    std::uint32_t pages;
};

Result<AreaAddress> find_word(std::span<char* const> words) {
    for (const char* word : words) {
        const char* text = after_key(word, "state=");
        if (text == nullptr) continue;
        std::uint32_t domain, reference, pages;
        if (!parse_number(text, ':', dom_first_reserved.value - 1u, domain) ||
            !parse_number(text, ':', UINT32_MAX, reference) || !parse_number(text, '\0', most_pages, pages) ||
            pages == 0)
            return Error::invalid;
        return AreaAddress{DomId{static_cast<std::uint16_t>(domain)}, reference, pages};
    }
    return Error::not_found;
}

} // namespace

Result<std::span<std::byte>> map_state_area(std::span<char* const> words) {
    const auto address = find_word(words);
    if (!address) return address.error();
    const AreaAddress area = *address;
    const std::size_t index_pages = (area.pages + references_per_page - 1) / references_per_page;
    auto* references = static_cast<GrantRef*>(heap::allocate(area.pages * sizeof(GrantRef)));
    auto* handles = static_cast<std::uint32_t*>(heap::allocate(area.pages * sizeof(std::uint32_t)));
    if (references == nullptr || handles == nullptr || !heap::touch(references, area.pages * sizeof(GrantRef)) ||
        !heap::touch(handles, area.pages * sizeof(std::uint32_t))) {
        heap::release(references);
        heap::release(handles);
        return Error::no_memory;
    }
    Result<void*> mapped = Error::none;
    for (std::size_t i = 0; i < index_pages; ++i) {
        auto page = grants::MappedGrant::map(area.domain, GrantRef{area.reference + static_cast<std::uint32_t>(i)},
                                             Access::read_only);
        if (!page) {
            mapped = page.error();
            break;
        }
        const auto* list = static_cast<const std::uint32_t*>(page->data());
        for (std::size_t k = 0; k < references_per_page && i * references_per_page + k < area.pages; ++k)
            references[i * references_per_page + k] = GrantRef{list[k]};
        if (i + 1 == index_pages)
            mapped = grants::map_side_by_side(area.domain, {references, area.pages}, Access::read_write,
                                              {handles, area.pages});
    }
    heap::release(references);
    heap::release(handles); // it stays mapped
    if (!mapped) return mapped.error();
    return std::span(static_cast<std::byte*>(*mapped), area.pages * page_size);
}

} // namespace minios::backends
