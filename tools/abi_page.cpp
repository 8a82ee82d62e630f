// SPDX-License-Identifier: MIT
// Writes docs/abi.md to standard output from xen-core's list of hypercalls. `make docs` replaces the page; the build
// fails when it is stale.
#include "hypercalls/control/extensions.h"
#include "hypercalls/list.h"
#include "tests/guests/authority/operations.h"

#include <cstdio>
#include <string>

namespace skerry {
// The list includes the guest-copy header, whose host form wants these; nothing here calls them.
bool copy_from_guest_raw(void*, GuestVirt, size_t) { return false; }
bool copy_to_guest_raw(GuestVirt, const void*, size_t) { return false; }
bool clear_guest_raw(GuestVirt, size_t) { return false; }
} // namespace skerry

namespace {

void row(unsigned number, const char* name, const char* right, std::string parameters) {
    for (size_t at = 0; (at = parameters.find('|', at)) != std::string::npos; at += 2) parameters.replace(at, 1, "\\|");
    std::printf("| %u | %s | %s | %s |\n", number, name, parameters.empty() ? "" : ("`" + parameters + "`").c_str(),
                right);
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
        text.replace(at, what.size(), by);
    return text;
}
// "a | b" in words, which a table can hold.
std::string alternatives(const std::string& rights) { return replaced(rights, " | ", " or "); }
std::string all_of(const std::string& rights) { return replaced(rights, " | ", ", "); }

} // namespace

int main() {
    std::puts("# The hypercall interface\n\n"
              "Generated from xen-core/hypercalls/list.h by `make docs`: do not edit.\n\n"
              "Numbers, structures and errors are those of Xen's public headers (`<xen/...>`, interface version 4.17). "
              "A hypercall whose\n"
              "right is \"absent\" belongs to a feature that this hypervisor does not have, and returns `-ENOSYS`, as "
              "Xen built without it.\n"
              "\"By operation\": the sub-operations need different rights; each is checked where it is decoded.\n\n"
              "| number | name | arguments, in rdi, rsi, rdx, r10, r8 | right |\n| --- | --- | --- | --- |");
#define ROW(number, name, right, ...) row(number, #name, right, std::string(#__VA_ARGS__));
#define ABSENT_ROW(number, name, ...) ROW(number, name, "absent", __VA_ARGS__)
    SKERRY_HYPERCALLS(ROW, ABSENT_ROW)
#undef ROW
#undef ABSENT_ROW
    std::printf(
        "\n## Control operations of our own\n\n"
        "Three `domctl` numbers have no counterpart in Xen (xen-core/hypercalls/control/extensions.h):\n\n"
        "| number | name | payload | right |\n| --- | --- | --- | --- |\n"
        "| %#x | seal | none: ends every access to the domain's memory by anyone else, for good | map_memory "
        "over it |\n"
        "| %#x | set_right | `struct SetRight {uint8_t kind, right, held, padding; domid_t target;}` | "
        "grant_rights and the right itself; over a domain: that right, to pass on; to give up its own: none |\n"
        "| %#x | get_rights | `struct GetRights`: what the domain holds, which hardware is its own, and who holds "
        "rights over it | inspect, or control over it |\n",
        skerry::domctl_seal, skerry::domctl_set_right, skerry::domctl_get_rights);
    std::printf(
        "\n## Which right each control operation takes\n\n"
        "On another domain, or on the machine; any right of a row is enough. `control` and `map_memory` are over the "
        "target. Others get -EPERM (where the interface tells success by a count: none done). The guest `authority` "
        "(tests/guests) tries every row from domains that hold one right each, and as every kind of domain below, on a "
        "sealed and on an unsealed target.\n\n"
        "| hypercall | operation | rights |\n| --- | --- | --- |\n");
#define OPERATION(hypercall, command, rights)                                                                          \
    std::printf("| %s | %s | %s |\n", #hypercall, #command, alternatives(#rights).c_str());
    CONTROL_OPERATIONS(OPERATION)
#undef OPERATION
    std::printf("\n### What each domain of the platform holds\n\n"
                "| domain | over the platform | over a guest that it builds, unsealed | over a guest, sealed |\n"
                "| --- | --- | --- | --- |\n");
#define PLATFORM_DOMAIN(name, over_platform, over_unsealed, over_sealed)                                               \
    std::printf("| %s | %s | %s | %s |\n", #name, all_of(#over_platform).c_str(), all_of(#over_unsealed).c_str(),      \
                all_of(#over_sealed).c_str());
    PLATFORM_DOMAINS(PLATFORM_DOMAIN)
#undef PLATFORM_DOMAIN
    std::printf(
        "\nNobody has map_memory over a sealed domain, whatever it held: also not the founder. The toolstack has "
        "control over the services too, to restart them; xenstore and console reach, besides, the one page that "
        "each guest lends them by its grant table's reserved entry.\n");
}
