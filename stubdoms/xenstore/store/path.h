// SPDX-License-Identifier: MIT
// Names of nodes: absolute paths, paths relative to a domain's home, and the special names that begin with '@'.
#pragma once

#include "error.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace skerry::xenstore {

using DomainId = std::uint16_t;

inline constexpr std::size_t longest_path = 3072;          ///< XENSTORE_ABS_PATH_MAX
inline constexpr std::size_t longest_relative_path = 2048; ///< XENSTORE_REL_PATH_MAX

/// "/local/domain/<id>".
std::string home_of(DomainId domain);

/// Checks `text` and makes an absolute path of it, relative paths taken from the home of `domain`.
/// Error::invalid: characters other than A-Z a-z 0-9 - / _ @, empty components, a '/' at the end, or too long.
Error make_path(std::string_view text, DomainId domain, std::string& path);

/// A path's length without the "/local/domain/<id>/" that it may begin with: what relative paths are given for does not
/// depend on whose they are.
std::size_t length_in_home(std::string_view path);

/// "@introduceDomain", "@releaseDomain" and whatever else is of their form; its characters are checked as a path's are.
bool is_special(std::string_view text);
bool is_valid_special(std::string_view text);

/// Decimal, nothing else, at most `most`.
bool parse_number(std::string_view text, std::uint64_t most, std::uint64_t& value);

/// The names along a path: none for "/", "a" and "b" for "/a/b"; "@x" and "5" for "@x/5".
class Components {
  public:
    class Iterator {
      public:
        explicit Iterator(std::string_view rest) : rest_(rest) { cut(); }
        std::string_view operator*() const { return rest_.substr(0, length_); }
        Iterator& operator++() {
            rest_.remove_prefix(length_ < rest_.size() ? length_ + 1 : length_);
            cut();
            return *this;
        }
        bool operator!=(const Iterator&) const { return !rest_.empty(); } // only ever against end()

      private:
        void cut() {
            const std::size_t slash = rest_.find('/');
            length_ = slash == rest_.npos ? rest_.size() : slash;
        }
        std::string_view rest_;
        std::size_t length_ = 0;
    };
    explicit Components(std::string_view path) : path_(path) {
        if (!path_.empty() && path_.front() == '/') path_.remove_prefix(1);
    }
    Iterator begin() const { return Iterator(path_); }
    Iterator end() const { return Iterator({}); }
    std::size_t count() const;

  private:
    std::string_view path_;
};

} // namespace skerry::xenstore
