# SPDX-License-Identifier: MIT
$(eval $(call skerry-program,copy-input,stubdoms/apps/copy-input/copy_input.c))
