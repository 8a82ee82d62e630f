/* SPDX-License-Identifier: MIT */
/* The numbers that the LZMA SDK names in its own error codes; nothing here sets errno. */
#pragma once
#define ENOMEM 12
#define EINVAL 22
