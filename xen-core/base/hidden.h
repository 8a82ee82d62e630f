// SPDX-License-Identifier: MIT
// Included ahead of everything by the build: every symbol, declared or defined, stays inside the image, so that no
// access goes through a global offset table.
#pragma once
#pragma GCC visibility push(hidden)
