/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/socket.h>

#include "network/net-state.h"
#include "pod/pod-image-manifest.h"
#include "pod/pod-prepare.h"
#include "pod/pod-register.h"
#include "pod/registration.h"
#include "shared/explain.h"

int pod_register_probe(void)
{
        int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        return fd < 0 ? -errno : fd;
}

/* bind() succeeds only for an address of the host. IPv4 addresses are mapped to IPv6. */
static bool is_of_host(int probe, const char *text)
{
        _cleanup_free_ char *mapped = strchr(text, ':') ? strdup(text) : strjoin("::ffff:", text);
        struct sockaddr_in6 address = { .sin6_family = AF_INET6 };

        return mapped && inet_pton(AF_INET6, mapped, &address.sin6_addr) == 1 &&
               bind(probe, (struct sockaddr *) &address, sizeof(address)) >= 0;
}

/* The first address of the host that a network leads to: its gateway, though the gateway of a CNI network may be
 * another machine. */
static int find_host(const Pod *pod, int probe, char **ret, char **reterr_message)
{
        _cleanup_(net_state_done) NetState state = {};
        int r;

        if (net_is_host(strempty(pod->settings->net)))
                return (*ret = strdup("127.0.0.1")) ? 0 : -ENOMEM;
        r = net_state_read(pod->fd, &state);
        if (r < 0 && r != -ENOENT)
                return r;
        for (size_t i = 0; i < state.n_joins; i++)
                STRV_FOREACH(gateway, state.joins[i].gateways)
                        if (state.joins[i].native || is_of_host(probe, *gateway)) {
                                *ret = strchr(*gateway, ':') ? strjoin("[", *gateway, "]") : strdup(*gateway);
                                return *ret ? 0 : -ENOMEM;
                        }
        return explain(reterr_message, EHOSTUNREACH,
                       "--mds-register: none of the pod's networks (%s) leads to an address of the host; "
                       "let it join default-restricted too",
                       pod->settings->net);
}

/* Loads the image, with the name by which the pod knows it. */
static int load_image(ImageStore *store, const AppcPodApp *app, Image **ret)
{
        const char *version = strv_env_get(app->image.labels, "version");
        _cleanup_(image_freep) Image *image = NULL;
        Digest id;
        int r = app->image.id ? digest_parse(app->image.id, &id) : -ENOENT;

        if (r < 0)
                return r;
        r = image_store_load(store, &id, &image, NULL);
        if (r < 0)
                return r;
        if (app->image.name && !image->names)
                r = strv_extendf(&image->names, "%s%s%s", app->image.name, version ? ":" : "", strempty(version));
        if (r < 0)
                return r;
        *ret = TAKE_PTR(image);
        return r;
}

static int add_app(int registry, const Pod *pod, ImageStore *store, const AppcPodApp *app)
{
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        if (store)
                (void) load_image(store, app, &image);
        if (image && image->kind == IMAGE_APPC)
                return registration_add_app(registry, &pod->uuid, app->name, image->manifest);
        r = pod_image_manifest(image, app, &o);
        if (r < 0)
                return r;
        r = json_format_compact(o, &text);
        return r < 0 ? r : registration_add_app(registry, &pod->uuid, app->name, text);
}

/* Registers the pod's addresses, which are recorded with prefix lengths; a pod in the host's network has none. */
static int add_addresses(int registry, const Pod *pod)
{
        _cleanup_strv_free_ char **addresses = new0(char *, 1);
        _cleanup_(net_state_done) NetState state = {};
        int r = addresses ? net_state_read(pod->fd, &state) : -ENOMEM;

        if (r == -ENOENT)
                r = 0;
        for (size_t i = 0; i < state.n_joins; i++)
                STRV_FOREACH(a, state.joins[i].addresses) {
                        NetAddress parsed;
                        _cleanup_free_ char *text = strndup(*a, strcspn(*a, "/"));

                        /* In the form that the service uses. */
                        if (text && net_address_parse(text, &parsed) >= 0)
                                r = r < 0 ? r : strv_extend(&addresses, NET_ADDRESS(&parsed));
                }
        return r < 0 ? r : registration_add_addresses(registry, &pod->uuid, addresses);
}

static int add_addresses_and_apps(int registry, const Pod *pod)
{
        _cleanup_(image_store_freep) ImageStore *store = NULL;
        int r;

        r = add_addresses(registry, pod);
        if (r < 0)
                return r;
        (void) image_store_open(pod->store->data, &store, NULL);
        for (size_t i = 0; i < pod->manifest->n_apps; i++) {
                r = add_app(registry, pod, store, &pod->manifest->apps[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_pod(const Pod *pod, const char *token)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int registry = -EBADF;
        int r;

        r = registration_open(&registry);
        if (r < 0)
                return r;
        r = appc_pod_write(pod->manifest, &o);
        if (r < 0)
                return r;
        r = registration_format_manifest(o, &text);
        if (r < 0)
                return r;
        r = registration_add(registry, &pod->uuid, token, text);
        if (r < 0)
                return r;
        r = add_addresses_and_apps(registry, pod);
        if (r < 0)
                (void) registration_remove(registry, &pod->uuid);
        return r;
}

static int set_manifest(int registry, const Pod *pod)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;
        int r = appc_pod_write(pod->manifest, &o);

        if (r >= 0)
                r = registration_format_manifest(o, &text);
        return r < 0 ? r : registration_set_manifest(registry, &pod->uuid, text);
}

int pod_register_changes(const Pod *pod, const AppcPodApp *came, const char *went)
{
        _cleanup_(image_store_freep) ImageStore *store = NULL;
        _cleanup_close_ int registry = -EBADF;
        int r;

        if (!pod->settings->metadata_url)
                return 0;
        registry = open_directory_at(AT_FDCWD, REGISTRATION_DIRECTORY);
        r = MIN(registry, 0);
        if (r >= 0 && came) {
                (void) image_store_open(pod->store->data, &store, NULL);
                r = add_app(registry, pod, store, came);
        }
        if (r >= 0)
                r = set_manifest(registry, pod);
        return r < 0 || !went ? r : registration_remove_app(registry, &pod->uuid, went);
}

static int set_url(Pod *pod, PodPlan *plan, const char *host, const char *token)
{
        PodSettings *s = pod->settings;
        int r = 0;

        free(s->metadata_url);
        s->metadata_url = strprintf("http://%s:%u/%s", host, REGISTRATION_PORT, token);
        if (!s->metadata_url)
                return -ENOMEM;
        for (size_t i = 0; i < plan->n_apps; i++) {
                r = strv_env_set(&plan->apps[i].environment, POD_METADATA_VARIABLE, s->metadata_url);
                if (r < 0)
                        return r;
        }
        return pod_write_settings(pod, false);
}

static int register_pod(Pod *pod, PodPlan *plan, int probe, char **reterr_message)
{
        _cleanup_free_ char *host = NULL, *token = NULL;
        int r;

        r = find_host(pod, probe, &host, reterr_message);
        if (r < 0)
                return r;
        r = token_new(&token);
        if (r < 0)
                return r;
        r = add_pod(pod, token);
        if (r < 0)
                return r;
        return set_url(pod, plan, host, token);
}

int pod_register(Pod *pod, PodPlan *plan, int probe, char **reterr_message)
{
        int r;

        if (!registration_is_served())
                return explain(reterr_message, ENOTCONN,
                               "--mds-register: the metadata service does not listen; start it with "
                               "systemctl enable --now podctl-metadata.socket");
        r = register_pod(pod, plan, probe, reterr_message);
        if (r == -ESRCH)
                return explain(reterr_message, r,
                               "--mds-register: there is no group " REGISTRATION_GROUP "; systemd-sysusers makes it");
        return r < 0 ? explain_unless_told(reterr_message, r, "--mds-register") : 0;
}

int pod_unregister(const Pod *pod)
{
        _cleanup_close_ int registry = open_directory_at(AT_FDCWD, REGISTRATION_DIRECTORY);
        int r = registry < 0 ? registry : registration_remove(registry, &pod->uuid);

        return r == -ENOENT ? 0 : r;
}
