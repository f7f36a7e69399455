/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/app-options.h"

/* Capabilities as Kubernetes and its runtimes say them: the usual set, with what is added and without what is dropped,
 * which may be ALL. As with containerd, what is both added and dropped is dropped, but for what is added to none.
 * Names with or without "CAP_". MKNOD is not usual here: it is of no use in a user namespace, and
 * reaches the devices of other apps without one. Nothing is set where neither is said. -EOPNOTSUPP: all are to be
 * added, but for those that are to be removed now. */
int foreign_capabilities(char *const *add, char *const *drop, AppOptions *o);
/* Names as these options have them: in capitals, with "CAP_", but for "ALL". */
int foreign_capability_names(char *const *names, char ***ret);
/* As the kernel has them, or ALL. One that is not known would neither be granted nor taken away, in silence. */
bool foreign_capability_is_known(const char *name);
#define FOREIGN_CAPABILITY_UNKNOWN "'%s' is not a capability of the kernel; see capabilities(7)"
