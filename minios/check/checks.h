// SPDX-License-Identifier: MIT
#pragma once

#include <minios/minios.h>

void report(const char* name, bool good);
#define CHECK(condition) report(#condition, (condition))

void check_memory();
void check_threads();
void check_events();
void check_grants();
void die(std::string_view how);
