/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "foreign/short-pod-internal.h"
#include "manifest/ac-types.h"

static bool volume_name_is_free(const ShortReader *r, const char *name)
{
        for (size_t i = 0; i < r->n_volumes; i++)
                if (streq(r->volumes[i].name, name))
                        return false;
        return ac_name_is_valid(name);
}

/* The name of the volume with these fields, which is made where it is said first. Wanted: a name for it, or NULL. */
static int volume_for(ShortReader *r, const ShortAt *at, const char *wanted, const char *fields, const char **ret)
{
        ShortVolume *v;

        for (size_t i = 0; i < r->n_volumes; i++)
                if (streq(r->volumes[i].fields, fields)) {
                        *ret = r->volumes[i].name;
                        return 0;
                }
        if (ARRAY_GROW(r->volumes, r->allocated, r->n_volumes, 1) < 0)
                return -ENOMEM;
        v = &r->volumes[r->n_volumes];
        *v = (ShortVolume) { wanted && volume_name_is_free(r, wanted) ? strdup(wanted)
                                                                     : strprintf("volume-%zu", r->n_volumes),
                             strdup(fields) };
        r->n_volumes++;
        if (!v->name || !v->fields)
                return -ENOMEM;
        *ret = v->name;
        return short_add_word(r, NULL, at, strjoin("--volume=", v->name, ",", v->fields));
}

static int mount_volume(ShortReader *r, ShortApp *app, const ShortAt *at, const char *wanted, const char *fields,
                        const char *target)
{
        const char *name;
        int k;

        if (!path_is_absolute(target))
                return short_note(r, at, "'%s' is not an absolute path in the app", target);
        k = volume_for(r, at, wanted, fields, &name);
        return k < 0 ? k : short_add_word(r, app, at, strjoin("--mount=volume=", name, ",target=", target));
}

/* Each place has its own. */
static int mount_fresh(ShortReader *r, ShortApp *app, const ShortAt *at, const char *fields, const char *target)
{
        _cleanup_free_ char *name = strprintf("volume-%zu", r->n_volumes), *own = strjoin(fields, ",", target);
        int k;

        if (!name || !own)
                return -ENOMEM;
        if (!path_is_absolute(target))
                return short_note(r, at, "'%s' is not an absolute path in the app", target);
        if (ARRAY_GROW(r->volumes, r->allocated, r->n_volumes, 1) < 0)
                return -ENOMEM;
        k = short_add_word(r, NULL, at, strjoin("--volume=", name, ",", fields));
        if (k >= 0)
                k = short_add_word(r, app, at, strjoin("--mount=volume=", name, ",target=", target));
        r->volumes[r->n_volumes++] = (ShortVolume) { TAKE_PTR(name), TAKE_PTR(own) };
        return k;
}

static int mount_source(ShortReader *r, ShortApp *app, const ShortAt *at, char *const *words)
{
        const char *source = words[0], *access = words[2];
        bool host = path_is_absolute(source);
        _cleanup_free_ char *fields = NULL;

        if (access && !streq(access, "ro") && !streq(access, "rw"))
                return short_note(r, at, "'%s' is neither ro nor rw", access);
        if (!host && (!*source || *source == '.' || strchr(source, '/')))
                return short_note(r, at, "'%s' is neither an absolute path of the host nor the name of a volume", source);
        fields = strjoin(host ? "kind=host,source=" : "kind=named,volume=", source,
                         access && streq(access, "ro") ? ",readOnly=true" : "");
        return fields ? mount_volume(r, app, at, host ? NULL : source, fields, words[1]) : -ENOMEM;
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
        if (n == 0 || n > 3)
                return short_note(r, at, "expected SOURCE:PATH[:ro] or PATH, not '%s'", text);
        return n == 1 ? mount_fresh(r, app, at, "kind=empty", words[0]) : mount_source(r, app, at, words);
}

int short_read_volumes(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at)
{
        return short_for_texts(r, app, m, at, add_volume);
}

static int add_tmpfs(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at, const char *text)
{
        return strchr(text, ',') ? short_note(r, at, "a path with a comma cannot be written here")
                                 : mount_fresh(r, app, at, "kind=tmpfs", text);
}

int short_read_tmpfs(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at)
{
        return short_for_texts(r, app, m, at, add_tmpfs);
}
