/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/time-util.h"
#include "cri/cri-method.h"
#include "cri/cri-status.h"
#include "cri/cri-watch.h"

/* What happens to sandboxes and containers, from the call on: what there is then, a kubelet lists. Each event comes
 * with all that is known of the sandbox, which a kubelet takes instead of asking. As containerd has it, a sandbox has
 * the same events as a container, under its own ID. */

/* How far one of them has come; each step is an event. */
typedef enum Stage {
        STAGE_NONE,
        STAGE_CREATED,
        STAGE_STARTED,
        STAGE_STOPPED,
        STAGE_DELETED,
} Stage;

static const Cri__ContainerEventType types[] = {
        [STAGE_CREATED] = CRI__CONTAINER_EVENT_TYPE__CONTAINER_CREATED_EVENT,
        [STAGE_STARTED] = CRI__CONTAINER_EVENT_TYPE__CONTAINER_STARTED_EVENT,
        [STAGE_STOPPED] = CRI__CONTAINER_EVENT_TYPE__CONTAINER_STOPPED_EVENT,
        [STAGE_DELETED] = CRI__CONTAINER_EVENT_TYPE__CONTAINER_DELETED_EVENT,
};

typedef struct Known {
        char *id;
        Stage stage;
        bool there;
} Known;

/* What was told of a sandbox. */
typedef struct Told {
        /* The sandbox is the first. */
        Known *items;
        size_t n, allocated;
        Cri__PodSandboxStatus *status;
        Cri__ContainerStatus **containers;
        size_t n_containers;
} Told;

typedef struct Teller {
        CallStream *to;
        bool silent; /* what was there before */
} Teller;

static void forget_status(Told *told)
{
        if (told->status)
                protobuf_c_message_free_unpacked(&told->status->base, NULL);
        told->status = NULL;
        for (size_t i = 0; i < told->n_containers; i++)
                protobuf_c_message_free_unpacked(&told->containers[i]->base, NULL);
        told->n_containers = 0;
}

static void told_free(Told *told)
{
        forget_status(told);
        for (size_t i = 0; i < told->n; i++)
                free(told->items[i].id);
        free(told->items);
        free(told->containers);
        free(told);
}

static int send_event(const Teller *teller, const Told *told, const char *id, Stage stage)
{
        Cri__ContainerEventResponse event = CRI__CONTAINER_EVENT_RESPONSE__INIT;

        event.container_id = (char *) id;
        event.container_event_type = types[stage];
        event.created_at = (int64_t) now_nsec();
        event.pod_sandbox_status = told->status;
        event.containers_statuses = told->containers;
        event.n_containers_statuses = told->n_containers;
        return call_stream_send(teller->to, &event);
}

/* Steps that nobody has seen are told as well, but not those that were not made: what did not start was not stopped. */
static int advance(const Teller *teller, const Told *told, Known *known, Stage to, bool has_started)
{
        int r = 0;

        for (Stage stage = known->stage + 1; r >= 0 && stage <= to; stage++) {
                const bool made = stage == STAGE_CREATED || stage == to || (has_started && stage == STAGE_STARTED) ||
                                  (stage == STAGE_STOPPED && known->stage == STAGE_STARTED);

                if (!made)
                        continue;
                known->stage = stage;
                r = teller->silent ? 0 : send_event(teller, told, known->id, stage);
        }
        return r;
}

static int find_or_add(Told *told, const char *id, Known **ret)
{
        for (size_t i = 0; i < told->n; i++)
                if (streq(told->items[i].id, id)) {
                        *ret = &told->items[i];
                        return 0;
                }
        if (ARRAY_GROW(told->items, told->allocated, told->n, 1) < 0)
                return -ENOMEM;
        told->items[told->n] = (Known) { .id = strdup(id) };
        if (!told->items[told->n].id)
                return -ENOMEM;
        *ret = &told->items[told->n++];
        return 0;
}

static Stage stage_of(const Cri__ContainerStatus *status)
{
        static const Stage stages[] = {
                [CRI__CONTAINER_STATE__CONTAINER_CREATED] = STAGE_CREATED,
                [CRI__CONTAINER_STATE__CONTAINER_RUNNING] = STAGE_STARTED,
                [CRI__CONTAINER_STATE__CONTAINER_EXITED] = STAGE_STOPPED,
                [CRI__CONTAINER_STATE__CONTAINER_UNKNOWN] = STAGE_NONE,
        };

        return stages[status->state];
}

static void read_status(const CriSandbox *s, Told *told)
{
        forget_status(told);
        told->status = cri_sandbox_status(s);
        cri_container_statuses(s, &told->containers, &told->n_containers);
}

/* Containers that are not the sandbox's any more. */
static int tell_deleted(const Teller *teller, Told *told)
{
        size_t kept = 1;
        int r = 0;

        for (size_t i = 1; i < told->n; i++) {
                Known *known = &told->items[i];

                if (known->there) {
                        known->there = false;
                        told->items[kept++] = *known;
                        continue;
                }
                if (r >= 0)
                        r = advance(teller, told, known, STAGE_DELETED, false);
                free(known->id);
        }
        told->n = kept;
        return r;
}

static int tell_sandbox(const Teller *teller, Told *told, Stage stage)
{
        return advance(teller, told, &told->items[0], stage, true);
}

static int tell_containers(const Teller *teller, Told *told)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < told->n_containers; i++) {
                const Cri__ContainerStatus *status = told->containers[i];
                Known *known;

                r = find_or_add(told, status->id, &known);
                if (r < 0)
                        return r;
                known->there = true;
                r = advance(teller, told, known, stage_of(status), status->started_at > 0);
        }
        return r < 0 ? r : tell_deleted(teller, told);
}

/* The last that was known of it. */
static int tell_gone(const Teller *teller, Told *told)
{
        int r = 0;

        if (told->status && told->items[0].stage != STAGE_NONE) {
                told->status->state = CRI__POD_SANDBOX_STATE__SANDBOX_NOTREADY;
                for (size_t i = 0; i < told->n_containers; i++)
                        protobuf_c_message_free_unpacked(&told->containers[i]->base, NULL);
                told->n_containers = 0;
                r = tell_deleted(teller, told);
                if (r >= 0)
                        r = tell_sandbox(teller, told, STAGE_DELETED);
        }
        told_free(told);
        return r;
}

static int tell(const Uuid *uuid, CriSandbox *s, void **state, void *userdata)
{
        const Teller *teller = userdata;
        Told *told = *state;
        Known *own;
        int r;

        if (!s) {
                *state = NULL;
                return told ? tell_gone(teller, told) : 0;
        }
        if (!pod_state_has_run(s->pod->state))
                return 0;
        if (!told)
                *state = told = new0(Told, 1);
        r = told ? find_or_add(told, uuid->s, &own) : -ENOMEM;
        if (r < 0)
                return r;
        read_status(s, told);
        /* Its network is there once it has a supervisor. */
        if (s->pod->state == POD_RUNNING && pod_started_time(s->pod) == 0)
                return tell_sandbox(teller, told, STAGE_CREATED);
        if (s->pod->state != POD_RUNNING) {
                r = tell_containers(teller, told);
                return r < 0 ? r : tell_sandbox(teller, told, STAGE_STOPPED);
        }
        r = tell_sandbox(teller, told, STAGE_STARTED);
        return r < 0 ? r : tell_containers(teller, told);
}

static GrpcCode get_events(Context *c, const void *request, CallStream *to, char **reterr_message)
{
        _cleanup_(cri_watch_freep) CriWatch *watch = NULL;
        Teller teller = { .to = to, .silent = true };
        int r = cri_watch_new(c, tell, &teller, &watch);

        teller.silent = false;
        if (r >= 0)
                r = cri_watch_run(watch);
        return r < 0 ? call_refuse(call_code_of(r), reterr_message, "Cannot watch pods: %s", strerror(-r)) : GRPC_OK;
}

const CriMethod cri_event_methods[] = {
        CRI_STREAM(RuntimeService, GetContainerEvents, get_events, container_event_response, get_events),
        {},
};
