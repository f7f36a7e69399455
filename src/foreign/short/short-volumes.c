/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "foreign/short/short-pod-internal.h"
#include "manifest/ac-types.h"

static bool volume_name_is_free(const ShortReader *r, const char *name)
{
        for (size_t i = 0; i < r->n_volumes; i++)
                if (streq(r->volumes[i].name, name))
                        return false;
        return true;
}

/* The name that is wanted, or one that no other has. */
static char *free_name(const ShortReader *r, const char *wanted)
{
        if (wanted && volume_name_is_free(r, wanted))
                return strdup(wanted);
        for (size_t i = r->n_volumes;; i++) {
                _cleanup_free_ char *name = strprintf("volume-%zu", i);

                if (!name || volume_name_is_free(r, name))
                        return TAKE_PTR(name);
        }
}

static const ShortVolume *find_volume(const ShortReader *r, const char *fields)
{
        for (size_t i = 0; i < r->n_volumes; i++)
                if (streq_ptr(r->volumes[i].shared, fields))
                        return &r->volumes[i];
        return NULL;
}

/* Shared: the fields, if other places that say the same mean this volume; NULL: each place has its own. */
static int make_volume(ShortReader *r, const ShortAt *at, const char *wanted, const char *fields, const char *shared,
                       const ShortVolume **ret)
{
        _cleanup_free_ char *name = free_name(r, wanted);
        ShortVolume *v;

        if (!name || ARRAY_GROW(r->volumes, r->allocated, r->n_volumes, 1) < 0)
                return -ENOMEM;
        v = &r->volumes[r->n_volumes++];
        *v = (ShortVolume) { TAKE_PTR(name), shared ? strdup(shared) : NULL };
        if (shared && !v->shared)
                return -ENOMEM;
        *ret = v;
        return short_add_word(r, NULL, at, strjoin("--volume=", v->name, ",", fields));
}

/* Wanted: a name for it, or NULL. */
static int mount_volume(ShortReader *r, ShortApp *app, const ShortAt *at, const char *wanted, const char *fields,
                        const char *shared, const char *target)
{
        const ShortVolume *v = shared ? find_volume(r, shared) : NULL;
        int k;

        if (!path_is_absolute(target))
                return short_note(r, at, "'%s' is not an absolute path in the app", target);
        k = v ? 0 : make_volume(r, at, wanted, fields, shared, &v);
        return k < 0 ? k : short_add_word(r, app, at, strjoin("--mount=volume=", v->name, ",target=", target));
}

static int mount_source(ShortReader *r, ShortApp *app, const ShortAt *at, char *const *words)
{
        const char *source = words[0], *access = words[2];
        bool host = path_is_absolute(source);
        _cleanup_free_ char *fields = NULL;

        if (access && !streq(access, "ro") && !streq(access, "rw"))
                return short_note(r, at, "'%s' is neither ro nor rw", access);
        if (!host && !ac_name_is_valid(source))
                return short_note(r, at, "'%s' is neither an absolute path of the host nor the name of a volume",
                                  source);
        fields = strjoin(host ? "kind=host,source=" : "kind=named,volume=", source,
                         access && streq(access, "ro") ? ",readOnly=true" : "");
        return fields ? mount_volume(r, app, at, host ? NULL : source, fields, fields, words[1]) : -ENOMEM;
}

static int add_volume(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at, const char *text)
{
        _cleanup_strv_free_ char **words = NULL;
        size_t n;

        if (strstr(text, ",kind="))
                return short_add_word(r, NULL, at, strjoin("--volume=", text));
        if (strchr(text, ','))
                return short_note(r, at, "a path with a comma cannot be written here");
        if (strv_split(text, ':', &words) < 0)
                return -ENOMEM;
        n = strv_length(words);
        if (n == 0 || n > 3 || string_has_empty_part(text, ':'))
                return short_note(r, at, "expected SOURCE:PATH[:ro] or PATH, not '%s'", text);
        return n == 1 ? mount_volume(r, app, at, NULL, "kind=empty", NULL, words[0]) : mount_source(r, app, at, words);
}

int short_read_volumes(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at)
{
        return short_for_texts(r, app, m, at, add_volume);
}

static int add_tmpfs(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at, const char *text)
{
        return strchr(text, ',') ? short_note(r, at, "a path with a comma cannot be written here")
                                 : mount_volume(r, app, at, NULL, "kind=tmpfs", NULL, text);
}

int short_read_tmpfs(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at)
{
        return short_for_texts(r, app, m, at, add_tmpfs);
}
