/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <stdarg.h>

#include "basic/path.h"
#include "foreign/quadlet/quadlet-step.h"

int quadlet_step_tell(QuadletStep *step, FindingState state, const char *format, ...)
{
        _cleanup_free_ char *why = NULL, *both = NULL;
        bool more = state == step->state && step->why;
        va_list ap;

        if (state < step->state)
                return 0;
        va_start(ap, format);
        why = strvprintf(format, ap);
        va_end(ap);
        if (!why)
                return -ENOMEM;
        if (more && strstr(step->why, why))
                return 0;
        both = more ? strjoin(step->why, "; ", why) : TAKE_PTR(why);
        if (!both)
                return -ENOMEM;
        free(step->why);
        step->why = TAKE_PTR(both);
        step->state = state;
        return 0;
}

int quadlet_step_check_name(QuadletStep *step, ForeignName kind, const char *name)
{
        return foreign_name_is_valid(kind, name)
                       ? 0
                       : quadlet_step_tell(step, FINDING_LOST, "'%s' is not a valid name of a %s: %s", name,
                                           foreign_name_kind(kind), foreign_name_rule(kind));
}

int quadlet_step_check_address(QuadletStep *step, const char *address)
{
        return foreign_address_is_valid(address)
                       ? 0
                       : quadlet_step_tell(step, FINDING_LOST, "'%s' is not an address", address);
}

int quadlet_step_check_network(QuadletStep *step, const char *name)
{
        return !step->networks || strv_contains(step->networks, name)
                       ? 0
                       : quadlet_step_tell(step, FINDING_LOST, "there is no network '%s' in /etc/podctl/net.d", name);
}

int quadlet_step_check_path(QuadletStep *step, const char *path)
{
        return !step->exists || step->exists(path)
                       ? 0
                       : quadlet_step_tell(step, FINDING_LOST, "there is no %s; nothing makes it by itself here", path);
}

int quadlet_step_carry(QuadletStep *step, const QuadletRow *row, const char *value)
{
        int r = 0;

        if (row->why && row->state < FINDING_LOST)
                r = quadlet_step_tell(step, row->state, "%s", row->why);
        if (r >= 0)
                r = row->carry(step, row, value);
        return r == -EINVAL ? quadlet_step_tell(step, FINDING_LOST, "the quotes or escapes are not valid") : r;
}

const QuadletFile *quadlet_find_unit(const QuadletFile *files, size_t n_files, const char *word)
{
        for (size_t i = 0; i < n_files; i++) {
                const QuadletFile *f = &files[i];
                bool plain = streq(f->suffix, "container") || streq(f->suffix, "kube");
                _cleanup_free_ char *file = strjoin(f->stem, ".", f->suffix),
                                    *unit = strjoin(f->stem, plain ? "" : "-", plain ? "" : f->suffix, ".service");

                if (streq_ptr(file, word) || streq_ptr(unit, word))
                        return f;
        }
        return NULL;
}

char *quadlet_name_of(const QuadletFile *file)
{
        static const char *const named[][2] = { { "network", "NetworkName" }, { "volume", "VolumeName" } };
        char *name;

        for (size_t i = 0; i < ELEMENTSOF(named); i++) {
                const QuadletEntry *e = streq(file->suffix, named[i][0])
                                                ? quadlet_file_find(file, i == 0 ? "Network" : "Volume", named[i][1])
                                                : NULL;

                if (e)
                        return strdup(e->value);
        }
        name = strdup(file->stem);
        for (char *s = name; s && *s; s++)
                if (!isalnum((unsigned char) *s) && !strchr("-.", *s))
                        *s = '-';
        return name;
}

char *quadlet_path(const QuadletStep *step, const char *value)
{
        _cleanup_free_ char *directory = NULL, *joined = NULL, *real = NULL;
        char *clean = NULL;

        if (path_is_absolute(value))
                return strdup(value);
        directory = strndup(step->file->path, path_basename(step->file->path) - step->file->path);
        real = directory ? realpath(*directory ? directory : ".", NULL) : NULL;
        joined = real ? path_join(real, value) : NULL;
        return joined && path_clean(joined, &clean) >= 0 ? clean : NULL;
}
