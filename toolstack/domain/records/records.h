// SPDX-License-Identifier: MIT
// The journal's records, each a line of JSON, and what they add up to.
//   {"record":"begun","uuid":U,"name":N}        a guest is about to be built: a domain with this handle is not complete
//   {"record":"guest","uuid":U,...}             it runs (again), or shall run again, as said here
//   {"record":"gone","uuid":U}                  nothing of it is left
//   {"record":"image",...}  {"record":"image-dropped","name":N}
//   {"record":"first-guest","name":FILE}        this one of the platform's first guests was created, or could not be
// The last record of a guest or an image counts, so a journal may leave out the earlier ones.
#pragma once

#include "toolstack/domain/guests/guest.h"
#include "toolstack/domain/guests/images.h"

#include <map>
#include <set>

namespace skerry::toolstack {

std::string begun_record(const Guest& guest);
std::string guest_record(const Guest& guest);
std::string gone_record(const Guest& guest);
std::string image_record(const Image& image);
std::string image_dropped_record(const std::string& name);
std::string first_guest_record(const std::string& file);

/// What a record is about, so that a later one about the same makes it needless; empty for no record.
struct RecordSubject {
    std::string name;
    bool is_gone = false; ///< nothing is left of it: this record is needless too
};
RecordSubject subject_of(std::string_view record);

struct Remembered {
    std::map<std::string, Guest> guests;      ///< by uuid
    std::map<std::string, std::string> begun; ///< uuid: name
    std::map<std::string, Image> images;      ///< by name
    std::set<std::string> first_guests;       ///< by the names of their files
    std::vector<std::string> not_understood;  ///< why, for each record that was left out
};
Remembered remember(Journal& journal);

} // namespace skerry::toolstack
