// SPDX-License-Identifier: MIT
// parking.h for C.
#pragma once

void minios_park(const void* address);
void minios_unpark_all(const void* address);
