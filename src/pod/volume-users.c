/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod/volume-users.h"

void volume_uses_done(VolumeUses *u)
{
        for (size_t i = 0; i < u->n; i++) {
                free(u->items[i].volume);
                free(u->items[i].pod);
        }
        free(u->items);
        *u = (VolumeUses) {};
}

static int add_use(VolumeUses *uses, const char *volume, Pod *pod)
{
        VolumeUse *grown = reallocarray(uses->items, uses->n + 1, sizeof(VolumeUse)), *u;

        if (!grown)
                return -ENOMEM;
        uses->items = grown;
        u = &grown[uses->n];
        *u = (VolumeUse) { .volume = strdup(volume), .pod = strdup(pod_display_name(pod)), .state = pod->state };
        uses->n++;
        return u->volume && u->pod ? 0 : -ENOMEM;
}

static bool has_use(const VolumeUses *uses, size_t from, const char *volume)
{
        for (size_t i = from; i < uses->n; i++)
                if (streq(uses->items[i].volume, volume))
                        return true;
        return false;
}

/* Each volume of a pod once, of which its uses begin at from. */
static int see_volume(VolumeUses *uses, size_t from, Pod *pod, const Volume *v, const char *wanted)
{
        const char *name = v && v->kind == VOLUME_NAMED ? volume_stored_name(v) : NULL;

        if (!name || (wanted && !streq(name, wanted)) || has_use(uses, from, name))
                return 0;
        return add_use(uses, name, pod);
}

static int see_pod(VolumeUses *uses, Pod *pod, const char *wanted)
{
        const AppcPod *m = pod->manifest;
        size_t from = uses->n;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < m->n_volumes; i++)
                r = see_volume(uses, from, pod, &m->volumes[i], wanted);
        for (size_t i = 0; i < m->n_apps; i++)
                for (size_t j = 0; r >= 0 && j < m->apps[i].n_mounts; j++)
                        r = see_volume(uses, from, pod, m->apps[i].mounts[j].app_volume, wanted);
        return r;
}

static bool may_use(PodState s)
{
        return s == POD_PREPARING || s == POD_PREPARED || pod_state_is_alive(s) || s == POD_EXITED;
}

int volume_find_uses(PodStore *s, const char *volume, VolumeUses *ret)
{
        _cleanup_(volume_uses_done) VolumeUses uses = {};
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        int r = pod_scan_new(s, &scan);

        while (r >= 0 && (r = pod_scan_next(scan, &pod)) > 0)
                if (may_use(pod->state) && pod_load(pod, NULL) >= 0)
                        r = see_pod(&uses, pod, volume);
        if (r < 0)
                return r;
        *ret = uses;
        uses = (VolumeUses) {};
        return 0;
}
