# SPDX-License-Identifier: MIT
# builder-domain: the first domain's image, and its platform description for `make run`.

BUILDER_LOGIC := $(wildcard builder-domain/base/*.cpp builder-domain/description/*.cpp builder-domain/modules/*.cpp \
    builder-domain/image/*.cpp builder-domain/layout/*.cpp builder-domain/create/*.cpp builder-domain/platform/*.cpp)

$(eval $(call minios-program,builder-domain,builder-domain/main.cpp $(wildcard builder-domain/xen/*.cpp) $(BUILDER_LOGIC)))

all: $(BUILD)/builder-domain
