/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>
#include <time.h>

#include "basic/macro.h"
#include "shared/libarchive.h"

/* The metadata that an archive has for a file. All of it is untrusted: owners must be valid for the kernel, attributes
 * are filtered by a table. Errors come with a message, without the entry's name. */

/* The entry's access and modification time; the current time where it has none. */
void entry_times(struct archive_entry *entry, struct timespec ret[static 2]);

/* -EBADMSG: not a number that the kernel accepts. */
int entry_owner(struct archive_entry *entry, uid_t *ret_uid, gid_t *ret_gid);

/* The entry's default ACL as the kernel's attribute; NULL when it has none. */
int entry_default_acl(struct archive_entry *entry, void **ret, size_t *ret_size);

/* Sets, for regular files and directories: owner, mode, extended attributes, access ACL. In this order, since a change
 * of owner removes the setuid bits and capabilities. */
int entry_apply(struct archive_entry *entry, int fd, char **reterr_message);

/* Sets, for all other files, by name in their directory: owner, mode (not for symbolic links) and times. */
int entry_apply_at(struct archive_entry *entry, int parent_fd, const char *name, char **reterr_message);
