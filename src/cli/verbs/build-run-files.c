/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "build/build-add.h"
#include "build/build-layer.h"
#include "cli/verbs/build-run.h"
#include "shared/explain.h"

/* copy, copy-to-dir, rm */

static int parse_owner(const char *text, BuildCopy *copy)
{
        _cleanup_free_ char *user = NULL, *group = NULL;
        int k = text ? split_pair(text, ':', &user, &group) : 0;

        if (!text || k < 0)
                return k;
        if (parse_uint32(user, &copy->uid) < 0 || parse_uint32(group ?: user, &copy->gid) < 0 ||
            copy->uid == UINT32_MAX || copy->gid == UINT32_MAX)
                return log_error_errno(EINVAL, "Option --chown=%s: write UID[:GID], in numbers", text);
        return 0;
}

static int parse_copy(const Run *r, BuildCopy *copy)
{
        unsigned mode = 0;
        int k = parse_owner(r->args->chown, copy);

        if (k < 0)
                return k;
        if (r->args->chmod && parse_mode(r->args->chmod, &mode) < 0)
                return log_error_errno(EINVAL, "Option --chmod=%s: write a mode in octal, such as 0755",
                                       r->args->chmod);
        copy->has_mode = r->args->chmod;
        copy->mode = mode;
        copy->exclude = r->args->exclude;
        return 0;
}

static int copy_to(Run *r, bool into)
{
        size_t n = strv_length(r->words);
        _cleanup_free_ char *destination = r->words[n - 1], *message = NULL;
        BuildCopy copy = { .destination = destination, .into = into };
        int k = parse_copy(r, &copy);

        r->words[n - 1] = NULL;
        if (k >= 0 && r->args->platform && !r->other)
                k = log_error_errno(EINVAL, "Option --platform: it is for the image of --from=");
        if (k < 0)
                return k;
        if (r->other)
                k = build_other_unpack(r->other, r->words, r->args->exclude, &message);
        copy.sources = r->other ? r->other->files : r->words;
        copy.shown = r->words;
        if (k >= 0)
                k = build_layer_copy(r->build, &copy, &message);
        return k < 0 ? build_failed(r, k, message) : 0;
}

int build_run_copy(Run *r)
{
        return copy_to(r, false);
}

int build_run_copy_to_dir(Run *r)
{
        return copy_to(r, true);
}

/* The words stay as they are. */
static int add_sources(const Run *r, bool into, Hasher *h)
{
        size_t n = strv_length(r->words) - 1;
        _cleanup_free_ char **sources = new0(char *, n + 1);
        BuildCopy copy = { .sources = sources, .destination = r->words[n], .into = into };

        if (r->other)
                return build_other_hash(r->other, h);
        if (!sources)
                return -ENOMEM;
        memcpy(sources, r->words, n * sizeof(char *));
        copy.exclude = r->args->exclude;
        return build_layer_copy_hash(r->build, &copy, h, NULL);
}

int build_inputs_copy(const Run *r, Hasher *h)
{
        return add_sources(r, false, h);
}

int build_inputs_copy_to_dir(const Run *r, Hasher *h)
{
        return add_sources(r, true, h);
}

int build_inputs_none(const Run *r, Hasher *h)
{
        return 0;
}

int build_run_rm(Run *r)
{
        _cleanup_free_ char *message = NULL;
        int k = build_layer_remove(r->build, r->words, &message);

        return k < 0 ? build_failed(r, k, message) : 0;
}

/* add */

static int parse_checksum(const Run *r, Digest *ret)
{
        if (!r->args->checksum)
                return log_error_errno(EINVAL, "'build add' needs --checksum=, such as sha256:…: what a server sends "
                                       "may change");
        return digest_parse(r->args->checksum, ret) < 0
                       ? log_error_errno(EINVAL, "Option --checksum=%s: it is not a digest, such as sha256:…",
                                         r->args->checksum)
                       : 0;
}

int build_run_add(Run *r)
{
        _cleanup_free_ char *message = NULL;
        BuildAdd add = { .url = r->words[0], .copy.destination = r->words[1] };
        Fetcher *fetcher;
        int k = parse_checksum(r, &add.checksum);

        if (k >= 0)
                k = parse_copy(r, &add.copy);
        if (k >= 0)
                k = context_fetcher(r->context, &fetcher);
        if (k < 0)
                return k;
        k = build_add(r->build, fetcher, &add, &message);
        return k < 0 ? build_failed(r, k, message) : 0;
}
