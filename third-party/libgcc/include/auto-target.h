// SPDX-License-Identifier: MIT
// For libgcc's sources: nothing is needed of it.
