/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/path.h"
#include "pod/pod-plan.h"
#include "stage1/late-mounts.h"

void late_mounts_done(LateMounts *l)
{
        for (size_t i = 0; i < l->n; i++) {
                free(l->items[i].source);
                free(l->items[i].target);
                free(l->items[i].scratch);
        }
        free(l->items);
        *l = (LateMounts) {};
}

static bool is_covered(const LateMounts *l, const char *app, const char *path)
{
        static const char *const covered[] = { "/dev", "/proc", "/sys" };

        for (size_t i = 0; i < ELEMENTSOF(covered); i++)
                if (path_is_at_or_below(path, covered[i]))
                        return true;
        for (size_t i = 0; i < l->n; i++)
                if (streq(l->items[i].app, app) && path_is_at_or_below(path, l->items[i].target))
                        return true;
        return startswith(path, "/run/");
}

/* What the kernel does not show there cannot be made; it shows the pod no more than it shows us. */
static bool cannot_exist(const char *path)
{
        return (startswith(path, "/proc/") || startswith(path, "/sys/")) && access(path, F_OK) < 0;
}

int late_mounts_check(const LateMounts *l, const char *app, const char *path, bool anyway)
{
        if (!anyway && !is_covered(l, app, path))
                return 0;
        /* In quotes, systemd unescapes nothing else. */
        for (const char *p = path; *p; p++)
                if ((unsigned char) *p < ' ' || *p == 127 || strchr("\"\\", *p))
                        return -EINVAL;
        return cannot_exist(path) ? -ENOENT : 1;
}

int late_mounts_add(LateMounts *l, const char *app, const char *target, bool handed, const LateMount **ret)
{
        LateMount *grown = reallocarray(l->items, l->n + 1, sizeof(LateMount)), *m;

        if (!grown)
                return -ENOMEM;
        l->items = grown;
        m = &grown[l->n];
        *m = (LateMount) {
                .app = app,
                .source = strprintf(POD_STAGE2_DIR "/%s/volumes/%zu", app, l->n),
                .target = strdup(target),
                .scratch = handed ? strprintf("late-%zu", l->n) : NULL,
        };
        l->n++;
        if (!m->source || !m->target || (handed && !m->scratch))
                return -ENOMEM;
        *ret = m;
        return 0;
}

static int list_those(const LateMounts *l, const char *app, bool only_shared, char ***ret)
{
        _cleanup_strv_free_ char **list = NULL;

        for (size_t i = 0; i < l->n; i++)
                if (streq(l->items[i].app, app) && (l->items[i].shared || !only_shared)) {
                        int r = strv_extendf(&list, "%s:%s", l->items[i].source, l->items[i].target);

                        if (r < 0)
                                return r;
                }
        *ret = TAKE_PTR(list);
        return 0;
}

int late_mounts_of(const LateMounts *l, const char *app, char ***ret)
{
        return list_those(l, app, false, ret);
}

int late_mounts_shared_of(const LateMounts *l, const char *app, char ***ret)
{
        return list_those(l, app, true, ret);
}
