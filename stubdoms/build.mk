# SPDX-License-Identifier: MIT
# Every stub domain brings its own fragment.
-include stubdoms/*/build.mk
