/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cri/cri-answer.h"
#include "cri/cri-find.h"

#define UUID_DIGITS 32
/* How many digits of its own a container has. */
#define OWN_DIGITS 16

void cri_sandbox_done(CriSandbox *s)
{
        cri_sandbox_record_free(s->record);
        pod_free(s->pod);
        *s = (CriSandbox) {};
}

void cri_container_done(CriContainer *c)
{
        cri_container_record_free(c->record);
        pod_free(c->pod);
        *c = (CriContainer) {};
}

/* "a-b" without its '-'. */
static void copy_digits(const char *from, char *to)
{
        for (; *from; from++)
                if (*from != '-')
                        *to++ = *from;
        *to = 0;
}

char *cri_container_new_id(const Uuid *pod)
{
        char own[sizeof(pod->s)], digits[sizeof(pod->s)];
        Uuid random;

        if (uuid_new(&random) < 0)
                return NULL;
        copy_digits(random.s, own);
        copy_digits(pod->s, digits);
        /* The first digits of a UUID have no fixed ones among them, but for one. */
        return strprintf("%.*s%s", OWN_DIGITS, own, digits);
}

/* Sandboxes */

/* Takes over the pod. */
static int sandbox_of(Pod *pod, CriSandbox *ret)
{
        CriSandbox s = { .pod = pod };
        int r = pod_load(pod, NULL);

        if (r >= 0)
                r = cri_sandbox_record_of(pod->manifest, &s.record);
        if (r < 0)
                cri_sandbox_done(&s);
        else
                *ret = s;
        return r;
}

int cri_sandbox_find(Context *c, const char *id, CriSandbox *ret)
{
        Pod *pod = NULL;
        PodStore *store;
        int r = context_pods(c, &store);

        /* Names of pods are not IDs here. */
        if (r < 0)
                return r;
        if (strspn(id, "0123456789abcdef-") != strlen(id) || !*id)
                return -ENOENT;
        r = pod_find(store, id, &pod, NULL);
        if (r >= 0 && !startswith(pod->uuid.s, id)) {
                pod_free(pod);
                return -ENOENT;
        }
        return r < 0 ? r : sandbox_of(pod, ret);
}

int cri_sandbox_open(PodStore *store, const Uuid *uuid, CriSandbox *ret)
{
        Pod *pod;
        int r = pod_open(store, uuid, &pod);

        return r < 0 ? r : sandbox_of(pod, ret);
}

int cri_sandbox_each(Context *c, int (*function)(CriSandbox *s, void *userdata), void *userdata)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        PodStore *store;
        int r = context_pods(c, &store);

        if (r >= 0)
                r = pod_scan_new(store, &scan);
        while (r >= 0 && (r = pod_scan_next(scan, &pod)) > 0) {
                CriSandbox s = {};

                /* Pods of others, and what is damaged, are none. */
                if (sandbox_of(TAKE_PTR(pod), &s) < 0)
                        continue;
                r = function(&s, userdata);
                cri_sandbox_done(&s);
                if (r != 0)
                        return r;
        }
        return r;
}

/* Containers */

/* Takes over the pod if it has the container. */
static int container_in(Pod *pod, const char *id, bool whole, CriContainer *ret)
{
        for (size_t i = 0; i < pod->manifest->n_apps; i++) {
                CriContainer found = { .app = &pod->manifest->apps[i] };
                int r = cri_container_record_of(found.app, &found.record);

                if (r >= 0 && (whole ? streq(found.record->id, id) : !!startswith(found.record->id, id))) {
                        found.pod = pod;
                        *ret = found;
                        return 0;
                }
                cri_container_done(&found);
                if (r < 0 && r != -ENOENT)
                        return r;
        }
        return -ENOENT;
}

/* The UUID that a whole ID ends with. */
static bool pod_of_id(const char *id, Uuid *ret)
{
        const char *d = id + OWN_DIGITS;
        _cleanup_free_ char *text = NULL;

        if (strlen(id) != OWN_DIGITS + UUID_DIGITS)
                return false;
        text = strprintf("%.8s-%.4s-%.4s-%.4s-%.12s", d, d + 8, d + 12, d + 16, d + 20);
        return text && uuid_parse(text, ret) >= 0;
}

static int find_whole(PodStore *store, const Uuid *uuid, const char *id, CriContainer *ret)
{
        _cleanup_(cri_sandbox_done) CriSandbox s = {};
        int r = cri_sandbox_open(store, uuid, &s);

        if (r >= 0)
                r = container_in(s.pod, id, true, ret);
        if (r >= 0)
                s.pod = NULL;
        return r;
}

typedef struct Beginning {
        const char *id;
        CriContainer found;
} Beginning;

static int look_for_beginning(CriSandbox *s, void *userdata)
{
        Beginning *b = userdata;
        CriContainer other = {};

        if (container_in(s->pod, b->id, false, &other) < 0)
                return 0;
        s->pod = NULL;
        if (b->found.pod) {
                cri_container_done(&other);
                return -ENOTUNIQ;
        }
        b->found = other;
        return 0;
}

static int find_beginning(Context *c, const char *id, CriContainer *ret)
{
        Beginning b = { .id = id };
        int r = cri_sandbox_each(c, look_for_beginning, &b);

        if (r >= 0 && !b.found.pod)
                r = -ENOENT;
        if (r < 0)
                cri_container_done(&b.found);
        else
                *ret = b.found;
        return r;
}

int cri_container_find(Context *c, const char *id, CriContainer *ret)
{
        PodStore *store;
        Uuid uuid;
        int r = context_pods(c, &store);

        if (r < 0)
                return r;
        if (isempty(id))
                return -ENOENT;
        return pod_of_id(id, &uuid) ? find_whole(store, &uuid, id, ret) : find_beginning(c, id, ret);
}

static GrpcCode answer_for(int r, const char *what, const char *id, char **reterr_message)
{
        return r == -ENOENT ? call_refuse(GRPC_NOT_FOUND, reterr_message, "there is no %s '%s'", what, id)
               : r < 0      ? call_code_of(r)
                            : GRPC_OK;
}

GrpcCode cri_sandbox_ask(Context *c, const char *id, CriSandbox *ret, char **reterr_message)
{
        return answer_for(cri_sandbox_find(c, id, ret), "sandbox", id, reterr_message);
}

GrpcCode cri_container_ask(Context *c, const char *id, CriContainer *ret, char **reterr_message)
{
        return answer_for(cri_container_find(c, id, ret), "container", id, reterr_message);
}
