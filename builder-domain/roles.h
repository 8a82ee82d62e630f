// SPDX-License-Identifier: MIT
#pragma once

#include "builder-domain/modules/module_set.h"

namespace skerry::builder {

// The first domain's life: builds the platform that the image `platform` among `images` describes and looks after it until
// it is to be powered off. The exit status.
int run_founder(const ModuleSet& images);

// The builder's, as a service: answers the requests of its client (service/requests.h), for good. `words`: what it was
// told behind its own (docs/platform-description.md).
int run_service(const ModuleSet& images, std::span<char* const> words);

} // namespace skerry::builder
