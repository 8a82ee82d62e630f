# SPDX-License-Identifier: MIT
$(eval $(call skerry-program,hello-cxx,stubdoms/apps/hello-cxx/hello.cpp))
