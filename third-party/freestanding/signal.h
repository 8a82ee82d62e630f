/* SPDX-License-Identifier: MIT */
/* liblzma's thread wrappers mention signal masks even when threads are off; nothing calls these. */
#pragma once
typedef unsigned long sigset_t;
int sigprocmask(int how, const sigset_t* set, sigset_t* old);
