/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/patience.h"
#include "basic/string-util.h"
#include "basic/strv.h"
#include "basic/time-util.h"
#include "pod/pod-ending.h"

/* systemd kills what does not end by itself after a longer time, but no pod comes to that whose apps have ended. */
#define PATIENCE_USEC (20 * USEC_PER_SEC)

static char *mark_of(const Uuid *uuid)
{
        return strjoin(POD_ENDING_DIRECTORY "/", uuid->s);
}

int pod_ending_begin(const Uuid *uuid)
{
        _cleanup_close_ int directory = mkdir_open_at(AT_FDCWD, POD_ENDING_DIRECTORY, 0755), fd = -EBADF;

        if (directory < 0)
                return directory;
        fd = openat(directory, uuid->s, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
        return fd < 0 ? -errno : 0;
}

void pod_ending_finish(const Uuid *uuid)
{
        _cleanup_free_ char *mark = mark_of(uuid);

        if (mark)
                (void) unlink(mark);
}

bool pod_is_ending(const Uuid *uuid)
{
        _cleanup_free_ char *mark = mark_of(uuid);

        return mark && access(mark, F_OK) >= 0;
}

/* A watch of the directory would have to be taken away again, for which the kernel makes a process wait longer than for
 * the end of a pod. */
static void wait_for(const Uuid *uuid, Patience *patience)
{
        while (pod_is_ending(uuid))
                if (!patience_wait(patience, -EBADF)) {
                        pod_ending_finish(uuid);
                        return;
                }
}

void pod_ending_wait(const Uuid *uuid)
{
        wait_for(uuid, &(Patience) { .step_usec = 2000, .left_usec = PATIENCE_USEC });
}

void pod_endings_wait(void)
{
        Patience patience = { .step_usec = 2000, .left_usec = PATIENCE_USEC };
        _cleanup_strv_free_ char **names = NULL;
        Uuid uuid;

        if (list_directory_at(AT_FDCWD, POD_ENDING_DIRECTORY, &names) < 0)
                return;
        STRV_FOREACH(name, names)
                if (uuid_parse(*name, &uuid) >= 0)
                        wait_for(&uuid, &patience);
}
