/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/fd.h"
#include "basic/string-util.h"
#include "shared/explain.h"
#include "shared/systemd-creds.h"

#define SYSTEMD_CREDS "/usr/bin/systemd-creds"

static _noreturn_ void become_decryptor(const char *name, int in, int out, int err)
{
        _cleanup_free_ char *option = strjoin("--name=", name);
        const char *const argv[] = { "systemd-creds", "decrypt", "--newline=no", option, "-", "-", NULL };

        if (option && lseek(in, 0, SEEK_SET) == 0 && dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
            dup2(err, STDERR_FILENO) >= 0)
                (void) execv(SYSTEMD_CREDS, (char *const *) argv);
        _exit(127);
}

/* The last line of what a program said, which has the reason. */
static char *last_line(int fd)
{
        char text[1024];
        ssize_t n =
                pread(fd, text, sizeof(text) - 1, MAX(lseek(fd, 0, SEEK_END) - (off_t) sizeof(text) + 1, (off_t) 0));
        char *line;

        while (n > 0 && text[n - 1] == '\n')
                n--;
        if (n <= 0)
                return strdup("it said nothing");
        text[n] = 0;
        line = strrchr(text, '\n');
        return strdup(line ? line + 1 : text);
}

int systemd_creds_decrypt(const char *name, const char *what, int in, int out, char **reterr_message)
{
        _cleanup_close_ int err = memfd_create("podctl-message", MFD_CLOEXEC);
        _cleanup_free_ char *said = NULL;
        int status;
        pid_t pid;

        if (err < 0)
                return -errno;
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                become_decryptor(name, in, out, err);
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return 0;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
                return explain(reterr_message, ENOENT, "cannot execute " SYSTEMD_CREDS);
        said = last_line(err);
        return explain(reterr_message, EBADMSG, "cannot decrypt %s: %s", what, strempty(said));
}
