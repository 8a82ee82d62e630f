// SPDX-License-Identifier: MIT
#include "builder-domain/layout/table_area.h"

namespace skerry::builder {

TableArea::TableArea(uint64_t begin, uint64_t end, uint64_t first_page, const TableArea* shared)
    : first_page_(first_page) {
    for (unsigned level = table_levels; level > 0; --level) {
        uint64_t first = table_index(begin, level);
        uint64_t last = table_index(end - 1, level);
        // Two ranges that do not overlap share at most the tables at their ends.
        while (shared && first <= last && shared->page_of(level, first)) ++first;
        while (shared && first <= last && shared->page_of(level, last)) --last;
        uint64_t count = first <= last ? last - first + 1 : 0;
        levels_[level - 1] = {first, count, first_page + pages_};
        pages_ += count;
    }
}

} // namespace skerry::builder
