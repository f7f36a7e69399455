/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For the process that becomes buildah, in mount and PID namespaces of its own, as their first process: with it, all
 * that it has started ends. Whatever a Containerfile finds to get out of its context by, it finds no people's files
 * there (/home, /root, /srv, /mnt, /media), but for the credentials that buildah looks for and its secrets, as in
 * Containerfile, and the context cannot be written to.
 *
 * Returns a negative errno; then the process must not go on. */
int containerfile_confine(const char *context, const char *file, char *const *secrets, const char *place);
