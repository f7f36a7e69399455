/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/path.h"
#include "build/build-add.h"
#include "build/build-layer.h"
#include "shared/explain.h"

#define PLACE "add"
#define BLOCK_SIZE (256U * 1024)

/* The last part of the path, as it is written; else that of the destination. */
static char *name_of(const BuildAdd *add)
{
        const char *path = strstr(add->url, "://"), *end, *name;

        path = path ? path + strlen("://") : add->url;
        end = path + strcspn(path, "?#");
        name = memrchr(path, '/', (size_t) (end - path));
        if (!name || name + 1 == end)
                return strdup(path_basename(add->copy.destination));
        return strndup(name + 1, (size_t) (end - name - 1));
}

static int check_words(const BuildAdd *add, const char *name, char **reterr_message)
{
        if (!startswith(add->url, "https://") && !startswith(add->url, "http://"))
                return explain(reterr_message, EINVAL, "'%s' is not a URL; 'copy' takes files of this host", add->url);
        return isempty(name) || streq(name, ".") || streq(name, "..")
                       ? explain(reterr_message, EINVAL, "%s does not say what the file is called; write a PATH that "
                                 "does", add->url)
                       : 0;
}

/* The process that talks to the network could change what it has open, so that it only gets a pipe. */
static int take(int from, int to, const Digest *wanted, Digest *found)
{
        _cleanup_(hasher_freep) Hasher *hasher = NULL;
        _cleanup_free_ char *block = new_array(char, BLOCK_SIZE);
        int r = block ? hasher_new(wanted->algorithm, &hasher) : -ENOMEM;
        ssize_t n = 0;

        while (r >= 0 && (n = loop_read(from, block, BLOCK_SIZE)) > 0) {
                r = hasher_update(hasher, block, (size_t) n);
                if (r >= 0)
                        r = loop_write(to, block, (size_t) n);
        }
        if (r >= 0)
                r = n < 0 ? (int) n : hasher_finish(hasher, found);
        return r;
}

static int start(Fetcher *f, const char *url, int *ret_fd, uint64_t *ret_id, char **reterr_message)
{
        FetchRequest request = { .kind = FETCH_URL, .url = url };
        _cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF;
        int fds[2], r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        read_fd = fds[0];
        request.fd = write_fd = fds[1];
        r = fetcher_start(f, &request, ret_id, reterr_message);
        if (r < 0)
                return r;
        *ret_fd = TAKE_FD(read_fd);
        return 0;
}

static int fetch(Fetcher *f, const BuildAdd *add, int to, char **reterr_message)
{
        _cleanup_close_ int from = -EBADF;
        FetchReply reply = {};
        Digest found;
        uint64_t id;
        int r = start(f, add->url, &from, &id, reterr_message), k;

        if (r < 0)
                return r;
        r = take(from, to, &add->checksum, &found);
        from = safe_close(from);
        k = fetcher_finish(f, id, &reply, r < 0 ? NULL : reterr_message);
        fetch_reply_done(&reply);
        if (r >= 0)
                r = k;
        if (r < 0)
                return explain_context(reterr_message, r, "%s", add->url);
        return digest_equal(&found, &add->checksum)
                       ? 0
                       : explain(reterr_message, EBADMSG, "%s is not the file that the checksum is of, but %s",
                                 add->url, DIGEST_STRING(&found));
}

static int fetch_to(BuildContext *c, Fetcher *f, const BuildAdd *add, const char *name, char **reterr_message)
{
        _cleanup_close_ int place = -EBADF, fd = -EBADF;

        /* A script has the build open for several of them. */
        if (rm_rf_at(c->dir_fd, PLACE) < 0 || mkdirat(c->dir_fd, PLACE, 0700) < 0)
                return -errno;
        place = open_directory_at(c->dir_fd, PLACE);
        if (place < 0)
                return place;
        fd = openat(place, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        return fd < 0 ? -errno : fetch(f, add, fd, reterr_message);
}

int build_add(BuildContext *c, Fetcher *f, BuildAdd *add, char **reterr_message)
{
        _cleanup_free_ char *name = name_of(add), *path = NULL;
        char proc[PROC_FD_PATH_MAX];
        int r = name ? check_words(add, name, reterr_message) : -ENOMEM;

        if (r >= 0)
                r = fetch_to(c, f, add, name, reterr_message);
        if (r < 0)
                return r;
        path = strjoin(proc_fd_path(c->dir_fd, proc), "/" PLACE "/", name);
        if (!path)
                return -ENOMEM;
        add->copy.sources = (char *[]) { path, NULL };
        add->copy.command = "add";
        if (!add->copy.has_mode) {
                add->copy.has_mode = true;
                add->copy.mode = 0644;
        }
        r = build_layer_copy(c, &add->copy, reterr_message);
        (void) rm_rf_at(c->dir_fd, PLACE);
        return r;
}
