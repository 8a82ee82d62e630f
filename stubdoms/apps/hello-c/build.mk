# SPDX-License-Identifier: MIT
$(eval $(call skerry-program,hello-c,stubdoms/apps/hello-c/hello.c))
