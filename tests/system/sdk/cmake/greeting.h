// SPDX-License-Identifier: MIT
#pragma once

#ifdef __cplusplus
extern "C"
#endif
    const char*
    greeting(void);
