# SPDX-License-Identifier: MIT
$(eval $(call skerry-ocaml-program,hello-ocaml,stubdoms/apps/hello-ocaml/hello.ml))
$(BUILD)/tests/system/ocaml_test: | $(BUILD)/apps/hello-ocaml $(BUILD)/xen-core
