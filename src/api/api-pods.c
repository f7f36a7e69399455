/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "api/api-answer.h"
#include "api/api-filter.h"
#include "api/api-method.h"
#include "basic/time-util.h"
#include "cli/start/pod-json.h"
#include "manifest/appc-image.h"
#include "network/net-state.h"
#include "pod/pod-image-manifest.h"
#include "pod/pod-usage.h"

/* rkt's states. What the pod's own programs have done with is exited, though the pod may still be cleared away. */
static const V1alpha__PodState states[_POD_STATE_MAX] = {
        [POD_EMBRYO] = V1ALPHA__POD_STATE__POD_STATE_EMBRYO,
        [POD_PREPARING] = V1ALPHA__POD_STATE__POD_STATE_PREPARING,
        [POD_ABORTED_PREPARE] = V1ALPHA__POD_STATE__POD_STATE_ABORTED_PREPARE,
        [POD_PREPARED] = V1ALPHA__POD_STATE__POD_STATE_PREPARED,
        [POD_RUNNING] = V1ALPHA__POD_STATE__POD_STATE_RUNNING,
        [POD_ENDING] = V1ALPHA__POD_STATE__POD_STATE_EXITED,
        [POD_EXITED] = V1ALPHA__POD_STATE__POD_STATE_EXITED,
        [POD_EXITED_DELETING] = V1ALPHA__POD_STATE__POD_STATE_DELETING,
        [POD_EXITED_GARBAGE] = V1ALPHA__POD_STATE__POD_STATE_GARBAGE,
        [POD_DELETING] = V1ALPHA__POD_STATE__POD_STATE_DELETING,
        [POD_GARBAGE] = V1ALPHA__POD_STATE__POD_STATE_GARBAGE,
};

/* Apps */

static V1alpha__AppState app_state(const Pod *pod, const char *app)
{
        const char *state = pod_app_state(pod, app);

        return streq(state, "running")  ? V1ALPHA__APP_STATE__APP_STATE_RUNNING
               : streq(state, "exited") ? V1ALPHA__APP_STATE__APP_STATE_EXITED
                                        : V1ALPHA__APP_STATE__APP_STATE_UNDEFINED;
}

/* With its names, to which the version belongs. NULL: it is gone, or is damaged. */
static Image *load_image(ImageStore *images, const AppcImageRef *ref)
{
        _cleanup_(image_freep) Image *image = NULL;
        Digest id;

        if (!images || !ref->id || digest_parse(ref->id, &id) < 0 ||
            image_store_load(images, &id, &image, NULL) < 0 || image_store_add_names(images, &image, 1) < 0)
                return NULL;
        return TAKE_PTR(image);
}

/* The form in which a client finds it among images. */
static char *image_id(const AppcImageRef *ref)
{
        Digest id;

        return call_text(ref->id && digest_parse(ref->id, &id) >= 0 ? DIGEST_FILE(&id) : ref->id);
}

/* The format of an image that is gone is not known any more: what the pod knows about it is in appc's form. */
static V1alpha__Image *app_image(ImageStore *images, const AppcPodApp *app)
{
        _cleanup_(image_freep) Image *image = load_image(images, &app->image);
        _cleanup_(appc_image_freep) AppcImage *manifest = NULL;
        V1alpha__Image *to = call_new(&v1alpha__image__descriptor);
        _cleanup_json_object_ json_object *o = NULL;

        if (pod_image_manifest(image, app, &o) >= 0)
                (void) appc_image_read(o, &manifest, NULL);
        to->base_format = api_image_format(image ? image->kind : IMAGE_APPC);
        to->id = image_id(&app->image);
        to->name = call_text(app->image.name ?: (manifest ? manifest->name : NULL));
        to->version = api_image_version(manifest ? manifest->labels : app->image.labels);
        return to;
}

static V1alpha__App *describe_app(ImageStore *images, const Pod *pod, const AppcPodApp *app)
{
        V1alpha__App *to = call_new(&v1alpha__app__descriptor);

        to->name = call_text(app->name);
        to->image = app_image(images, app);
        to->state = app_state(pod, app->name);
        if (pod_app_exit_status(pod, app->name, &to->exit_code, NULL) < 0)
                to->exit_code = -1;
        api_add_pairs(app->annotations, &to->annotations, &to->n_annotations);
        return to;
}

/* Pods */

static void add_networks(const Pod *pod, V1alpha__Pod *to)
{
        _cleanup_(net_state_done) NetState s = {};

        if (net_state_read(pod->fd, &s) < 0)
                return;
        for (size_t i = 0; i < s.n_joins; i++) {
                V1alpha__Network *network = call_new(&v1alpha__network__descriptor);
                _cleanup_free_ char *ip4 = net_state_address(&s.joins[i], AF_INET),
                                    *ip6 = net_state_address(&s.joins[i], AF_INET6);

                network->name = call_text(s.joins[i].name);
                network->ipv4 = call_text(ip4);
                network->ipv6 = call_text(ip6);
                call_append(&to->networks, &to->n_networks, network);
        }
}

static void add_manifest(ImageStore *images, const Pod *pod, V1alpha__Pod *to)
{
        size_t n = 0;
        char *text = NULL;

        for (size_t i = 0; i < pod->manifest->n_apps; i++)
                call_append(&to->apps, &to->n_apps, describe_app(images, pod, &pod->manifest->apps[i]));
        api_add_pairs(pod->manifest->annotations, &to->annotations, &to->n_annotations);
        if (read_file_at(pod->fd, "pod", GRPC_MESSAGE_MAX, &text, &n) >= 0)
                to->manifest = (ProtobufCBinaryData) { .data = (uint8_t *) text, .len = n };
}

/* When it was moved to where it waits to be deleted, which changed its directory. */
static int64_t marked_time(const Pod *pod)
{
        struct stat st;

        if (pod->directory != POD_DIR_EXITED_GARBAGE && pod->directory != POD_DIR_GARBAGE)
                return 0;
        return fstat(pod->fd, &st) < 0 ? 0 : (int64_t) timespec_to_nsec(&st.st_ctim);
}

static void add_process(const Pod *pod, V1alpha__Pod *to)
{
        _cleanup_free_ char *group = NULL;

        if (pod_leader_pid(pod, &to->pid) < 0)
                to->pid = -1;
        if (pod->state == POD_RUNNING && pod_group_name(pod, &group) >= 0)
                to->cgroup = call_text(group);
}

/* Of a damaged pod, as much as there is. */
static V1alpha__Pod *describe(ImageStore *images, Pod *pod)
{
        V1alpha__Pod *to = call_new(&v1alpha__pod__descriptor);

        to->id = call_text(pod->uuid.s);
        to->state = states[pod->state];
        to->pid = -1;
        if (pod->state == POD_EMBRYO)
                return to;
        to->created_at = (int64_t) pod_created_time(pod);
        to->started_at = (int64_t) pod_started_time(pod);
        to->gc_marked_at = marked_time(pod);
        (void) pod_load(pod, NULL);
        if (pod->settings)
                add_process(pod, to);
        if (pod->manifest)
                add_manifest(images, pod, to);
        if (pod_state_has_run(pod->state))
                add_networks(pod, to);
        return to;
}

/* Without images, pods have their names and IDs of images all the same. */
static ImageStore *images_of(Context *c)
{
        ImageStore *images;

        return context_images(c, &images) < 0 ? NULL : images;
}

static GrpcCode list_pods(Context *c, const void *request, void *response, char **reterr_message)
{
        const V1alpha__ListPodsRequest *asked = request;
        V1alpha__ListPodsResponse *answer = response;
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        ImageStore *images = images_of(c);
        PodStore *pods;
        int r = context_pods(c, &pods);

        if (r >= 0)
                r = pod_scan_new(pods, &scan);
        while (r >= 0 && (r = pod_scan_next(scan, &pod)) > 0) {
                V1alpha__Pod *to = describe(images, pod);

                if (!api_filter_has_pod(asked->filters, asked->n_filters, to))
                        continue;
                if (!asked->detail)
                        to->manifest = (ProtobufCBinaryData) {};
                call_append(&answer->pods, &answer->n_pods, to);
        }
        return r < 0 ? call_code_of(r) : GRPC_OK;
}

static GrpcCode inspect_pod(Context *c, const void *request, void *response, char **reterr_message)
{
        const V1alpha__InspectPodRequest *asked = request;
        V1alpha__InspectPodResponse *answer = response;
        _cleanup_(pod_freep) Pod *pod = NULL;
        int r = context_look_for_pod(c, asked->id, &pod, reterr_message);

        if (r < 0)
                return call_code_of(r);
        answer->pod = describe(images_of(c), pod);
        return GRPC_OK;
}

const CallMethod api_pod_methods[] = {
        API_METHOD(ListPods, list_pods, run, list_pods),
        API_METHOD(InspectPod, inspect_pod, run, inspect_pod),
        {},
};
