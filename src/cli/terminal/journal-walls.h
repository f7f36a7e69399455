/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Root of a pod writes to the directory of the pod's journal, and can make links there to journals of the host or of
 * other pods. Whoever reads it may read more than the pod: so links are not followed. */

/* For a process that becomes a reader of that directory: by a mount in a namespace of its own, else by rules of
 * Landlock (landlock(7)). -EOPNOTSUPP, with a message: this process can do neither. */
int journal_walls_raise(const char *directory, char **reterr_message);
