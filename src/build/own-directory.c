/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/parse.h"
#include "build/own-directory.h"
#include "shared/explain.h"

int own_directory_check(int dir_fd, const char *remedy, char **reterr_message)
{
        const char *sudo = geteuid() == 0 ? getenv("SUDO_UID") : NULL;
        uint32_t user;
        struct stat st;

        if (fstat(dir_fd, &st) < 0)
                return -errno;
        if (st.st_mode & 0022)
                return explain(reterr_message, EPERM, "others may write to it; %s", remedy);
        if (st.st_uid == geteuid() || (sudo && parse_uint32(sudo, &user) >= 0 && user == st.st_uid))
                return 0;
        return explain(reterr_message, EPERM, "it belongs to user %u, who alone can use it; %s", st.st_uid, remedy);
}
