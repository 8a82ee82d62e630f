// SPDX-License-Identifier: MIT
// For libgcc's sources: no signal frames to step over.
