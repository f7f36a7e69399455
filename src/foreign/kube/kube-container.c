/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <unistd.h>

#include "basic/parse.h"
#include "foreign/draft/foreign-capabilities.h"
#include "foreign/draft/foreign-name.h"
#include "foreign/draft/foreign-openings.h"
#include "foreign/kube/kube-pod-internal.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"

/* Where the kubelet looks for profiles. */
#define SECCOMP_ROOT "/var/lib/kubelet/seccomp/"
#define SHARES_MIN 2
#define SHARES_MAX 262144
#define DEFAULT_GRACE "30"

int kube_image_origin(const KubeMake *m, const char *where, const char *image, char **ret)
{
        if (strpbrk(image, " \t\n") || strstr(image, "://"))
                return kube_refuse(m, where, "'%s' is not a valid name of an image", image);
        *ret = strjoin("docker://", image);
        return *ret ? 0 : -ENOMEM;
}

/* Its name without tag and digest; the place has them. */
static int set_image(const KubeMake *m, const KubeContainer *c, const char *where, AppcPodApp *app)
{
        _cleanup_free_ char *place = NULL, *bare = strdup(c->image);
        char *tag, *digest;
        int r = bare ? kube_image_origin(m, where, c->image, &place) : -ENOMEM;

        if (r < 0 || !place)
                return r;
        digest = strchr(bare, '@');
        if (digest)
                *digest = 0;
        tag = strrchr(bare, ':');
        if (tag && !strchr(tag, '/'))
                *tag = 0;
        if (ac_identifier_sanitize(bare, &app->image.name) < 0)
                return kube_refuse(m, where, "'%s' is not a valid name of an image", c->image);
        return strv_env_set(&app->annotations, "podctl/image", place);
}

/* Users and groups: the container's word, else the pod's. */

static int set_number(json_object *said, char **to)
{
        if (!said)
                return 0;
        *to = strprintf("%lld", (long long) json_object_get_int64(said));
        return *to ? 0 : -ENOMEM;
}

/* Without a user, it is known when the image is there. */
static int check_root(const KubeMake *m, const KubeSecurity *own, const KubeSecurity *pod, json_object *user,
                      const char *where, AppcPodApp *app)
{
        Tristate wanted = own->non_root != TRISTATE_UNSET ? own->non_root : pod->non_root;

        if (!tristate_or(wanted, false))
                return 0;
        if (!user)
                return strv_env_set(&app->annotations, APPC_ANNOTATION_NON_ROOT, "true");
        return json_object_get_int64(user) == 0 ? kube_refuse(m, where, "runAsNonRoot, and runAsUser is 0") : 0;
}

static int set_groups(const KubeSecurity *pod, AppOptions *o)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < pod->n_groups; i++)
                r = strv_extendf(&o->supplementary_gids, "%u", pod->groups[i]);
        if (r >= 0 && pod->fs_group)
                r = strv_extend(&o->supplementary_gids, json_object_get_string(pod->fs_group));
        return r;
}

/* All that podctl can do without; what it has of its own, such as user IDs, stays. */
static int set_privileged(const KubeMake *m, const KubeSecurity *s, const char *where, ForeignOpenings *openings)
{
        int r = s->escalation == TRISTATE_NO
                        ? kube_refuse(m, where, "privileged and allowPrivilegeEscalation: false exclude each other")
                        : kube_warn(m, where, FOREIGN_PRIVILEGED);

        *openings = (ForeignOpenings) { true, true, true };
        return r < 0 ? r : strv_env_set(&m->pod->manifest->annotations, APPC_ANNOTATION_PRIVILEGED, "true");
}

static int check_capabilities(const KubeMake *m, char *const *names, const char *where, const char *list)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && names && names[i]; i++) {
                _cleanup_free_ char *at = strprintf("%s.capabilities.%s[%zu]", where, list, i);

                if (!at)
                        return -ENOMEM;
                if (!foreign_capability_is_known(names[i]))
                        r = kube_refuse(m, at, FOREIGN_CAPABILITY_UNKNOWN, names[i]);
        }
        return r;
}

static int set_capabilities(const KubeMake *m, const KubeSecurity *s, const char *where, AppOptions *o,
                            ForeignOpenings *openings)
{
        int r = check_capabilities(m, s->add, where, "add");

        if (r >= 0)
                r = check_capabilities(m, s->drop, where, "drop");
        if (r >= 0 && !s->privileged)
                r = foreign_capabilities(s->add, s->drop, o);
        if (r == -EOPNOTSUPP && s->drop)
                return kube_refuse(m, where, "not supported: all capabilities without some; name those that are "
                                   "needed");
        openings->capabilities = openings->capabilities || r == -EOPNOTSUPP;
        return r == -EOPNOTSUPP ? 0 : r;
}

static int set_proc_mount(const KubeMake *m, const KubeSecurity *s, const char *where, ForeignOpenings *openings)
{
        const char *word = s->proc_mount ?: "Default";

        if (!streq(word, "Default") && !streq(word, "Unmasked"))
                return kube_refuse(m, where, "procMount is Default or Unmasked, not '%s'", word);
        openings->paths = openings->paths || streq(word, "Unmasked");
        return 0;
}

/* Profiles */

static int set_seccomp(const KubeMake *m, const KubeProfile *p, const char *where, AppOptions *o,
                       ForeignOpenings *openings)
{
        if (!p || streq(p->type, "RuntimeDefault") || openings->seccomp)
                return 0;
        openings->seccomp = streq(p->type, "Unconfined");
        if (openings->seccomp)
                return kube_warn(m, where, "seccompProfile Unconfined: " FOREIGN_UNCONFINED);
        if (!streq(p->type, "Localhost") || isempty(p->local) || strchr(p->local, ',') || strstr(p->local, ".."))
                return kube_refuse(m, where, "'%s' is not a valid seccompProfile", p->local ?: p->type);
        o->seccomp = strjoin(SECCOMP_ROOT, p->local);
        if (!o->seccomp)
                return -ENOMEM;
        return m->around->looks && access(o->seccomp, F_OK) < 0 && errno == ENOENT
                       ? kube_warn(m, where, "there is no %s on this host, without which the pod does not start",
                                   o->seccomp)
                       : 0;
}

static int set_apparmor(const KubeMake *m, const KubeProfile *p, const char *where, AppOptions *o)
{
        if (!p || streq(p->type, "RuntimeDefault"))
                return 0;
        if (streq(p->type, "Unconfined"))
                return kube_warn(m, where, "appArmorProfile Unconfined has no effect: systemd-nspawn's stays");
        if (!streq(p->type, "Localhost") || isempty(p->local))
                return kube_refuse(m, where, "'%s' is not a valid appArmorProfile", p->type);
        return free_and_strdup(&o->apparmor, p->local);
}

static int set_selinux(const KubeMake *m, const KubeSelinux *s, const char *where, AppOptions *o)
{
        if (!s)
                return 0;
        if (!s->user || !s->role || !s->type || !s->level)
                return kube_refuse(m, where, "seLinuxOptions needs user, role, type and level: the host's are "
                                   "not known here");
        o->selinux = strjoin(s->user, ":", s->role, ":", s->type, ":", s->level);
        return o->selinux ? 0 : -ENOMEM;
}

static int set_security(const KubeMake *m, const KubeContainer *c, const char *where, AppcPodApp *app)
{
        static const KubeSecurity nothing = {};
        const KubeSecurity *own = c->security ?: &nothing, *pod = m->spec->security ?: &nothing;
        _cleanup_free_ char *at = strjoin(where, ".securityContext");
        json_object *user = own->user ?: pod->user;
        AppOptions *o = app->options;
        ForeignOpenings openings = {};
        int r = at ? check_root(m, own, pod, user, at, app) : -ENOMEM;

        if (r >= 0)
                r = set_number(user, &o->user);
        if (r >= 0)
                r = set_number(own->group ?: pod->group, &o->group);
        if (r >= 0)
                r = set_groups(pod, o);
        if (r >= 0)
                r = own->privileged ? set_privileged(m, own, at, &openings) : 0;
        if (r >= 0)
                r = set_capabilities(m, own, at, o, &openings);
        if (r >= 0)
                r = set_proc_mount(m, own, at, &openings);
        if (r >= 0)
                r = set_seccomp(m, own->seccomp ?: pod->seccomp, at, o, &openings);
        if (r >= 0)
                r = foreign_openings_annotate(&openings, &app->annotations);
        if (r >= 0)
                r = set_apparmor(m, own->apparmor ?: pod->apparmor, at, o);
        if (r >= 0)
                r = set_selinux(m, own->selinux ?: pod->selinux, at, o);
        if (own->escalation == TRISTATE_NO)
                o->no_new_privileges = TRISTATE_YES;
        app->read_only_rootfs = own->read_only;
        return r;
}

/* Limits */

/* 0 is no limit, as for the runtimes of Kubernetes. */
static int set_limit(const KubeMake *m, const char *where, json_object *resources, const char *name, char **to)
{
        _cleanup_free_ char *at = strjoin(where, ".", name);
        json_object *value = json_object_object_get(resources, name);
        const char *text = json_object_get_string(value);
        Quantity q;

        if (!value || !at)
                return at ? 0 : -ENOMEM;
        if (quantity_from_json(value, &q) < 0 || q.nano < 0)
                return kube_refuse(m, at, "'%s' is not a valid quantity", text);
        if (q.nano == 0)
                return 0;
        if (streq(name, "memory") && endswith(where, ".limits") && quantity_units(q) < APP_MEMORY_MIN)
                return kube_refuse(m, at, "an app has at least %i bytes, not '%s'", APP_MEMORY_MIN, text);
        return free_and_strdup(to, text);
}

/* A thousandth of a CPU is a thousandth of 1024 shares. */
static int set_shares(const KubeMake *m, const char *where, json_object *requests, AppOptions *o)
{
        _cleanup_free_ char *checked = NULL;
        Quantity q;
        int64_t shares;
        int r = set_limit(m, where, requests, "cpu", &checked);

        if (r < 0 || !checked || quantity_from_json(json_object_object_get(requests, "cpu"), &q) < 0)
                return r;
        shares = quantity_milli(q) * 1024 / 1000;
        o->cpu_shares = strprintf("%lld", (long long) MIN(MAX(shares, SHARES_MIN), SHARES_MAX));
        return o->cpu_shares ? 0 : -ENOMEM;
}

static int check_names(const KubeMake *m, const char *where, json_object *resources)
{
        int r = 0;

        if (resources && !json_object_is_type(resources, json_type_object))
                return kube_refuse(m, where, "expected an object");
        if (!resources)
                return 0;
        json_object_object_foreach(resources, name, value) {
                _cleanup_free_ char *at = strjoin(where, ".", name);

                (void) value;
                if (!at || r < 0)
                        return -ENOMEM;
                if (streq(name, "ephemeral-storage"))
                        r = kube_warn(m, at, "has no effect: what an app writes is not limited");
                else if (!streq(name, "cpu") && !streq(name, "memory"))
                        r = kube_refuse(m, at, "not supported: there are cpu and memory");
        }
        return r;
}

static int check_request(const KubeMake *m, const char *where, const KubeContainer *c, const char *name)
{
        _cleanup_free_ char *at = strjoin(where, ".", name);
        json_object *requested = json_object_object_get(c->requests, name),
                    *limit = json_object_object_get(c->limits, name);
        Quantity q, most;

        if (!at)
                return -ENOMEM;
        /* No limit at all is one of 0. */
        if (!requested || !limit || quantity_from_json(requested, &q) < 0 || quantity_from_json(limit, &most) < 0 ||
            most.nano == 0 || q.nano <= most.nano)
                return 0;
        return kube_refuse(m, at, "'%s' is more than the limit, '%s'", json_object_get_string(requested),
                           json_object_get_string(limit));
}

static int set_resources(const KubeMake *m, const KubeContainer *c, const char *where, AppOptions *o)
{
        _cleanup_free_ char *limits = strjoin(where, ".resources.limits"),
                            *requests = strjoin(where, ".resources.requests");
        size_t refused = findings_count(&m->pod->findings, FINDING_LOST);
        int r = limits && requests ? check_names(m, limits, c->limits) : -ENOMEM;

        if (r >= 0)
                r = check_names(m, requests, c->requests);
        if (r < 0 || findings_count(&m->pod->findings, FINDING_LOST) > refused)
                return r;
        r = set_limit(m, limits, c->limits, "memory", &o->memory);
        if (r >= 0)
                r = set_limit(m, limits, c->limits, "cpu", &o->cpu);
        if (r >= 0)
                r = check_request(m, requests, c, "memory");
        if (r >= 0)
                r = check_request(m, requests, c, "cpu");
        return r < 0 ? r : set_shares(m, requests, c->requests, o);
}

/* Ports: only those of the host need anything. */

/* "": every address; "::": every one of IPv6. */
static bool addresses_meet(const char *a, const char *b)
{
        return !*a || !*b || streq(a, b) || (streq(a, "::") && strchr(b, ':')) || (streq(b, "::") && strchr(a, ':'));
}

static bool host_port_is_taken(const AppcPod *pod, const PodPort *port, const char *protocol)
{
        for (size_t i = 0; i < pod->n_ports; i++) {
                const PodPort *other = &pod->ports[i];

                if (other->host_port == port->host_port && streq(other->pod_port->protocol, protocol) &&
                    addresses_meet(other->host_ip, port->host_ip))
                        return true;
        }
        return false;
}

static int add_port(const KubeMake *m, const KubePort *p, const char *where)
{
        const char *said = strempty(p->protocol),
                   *protocol = streq(said, "UDP") ? "udp" : streq(said, "SCTP") ? "sctp" : "tcp";
        _cleanup_(pod_port_done) PodPort port = { .host_port = p->host_port };

        if (p->host_port == 0 || (m->spec->host_network && p->host_port == p->container_port))
                return 0;
        if (!isempty(p->host_ip) && !foreign_address_is_valid(p->host_ip))
                return kube_refuse(m, where, "hostIP '%s' is not an IP address", p->host_ip);
        if (m->spec->host_network)
                return kube_refuse(m, where, "hostPort must be containerPort where hostNetwork is true");
        port.name = strprintf("%s-%u", protocol, p->host_port);
        port.host_ip = strdup(p->host_ip && !streq(p->host_ip, "0.0.0.0") ? p->host_ip : "");
        port.pod_port = new0(AppPort, 1);
        if (!port.name || !port.host_ip || !port.pod_port)
                return -ENOMEM;
        if (host_port_is_taken(m->pod->manifest, &port, protocol))
                return kube_refuse(m, where, "another port of the pod has port %u of the host already", p->host_port);
        port.pod_port->name = strdup(port.name);
        port.pod_port->protocol = strdup(protocol);
        port.pod_port->port = p->container_port;
        port.pod_port->count = 1;
        return port.pod_port->name && port.pod_port->protocol ? appc_pod_add_port(m->pod->manifest, &port) : -ENOMEM;
}

static int add_ports(const KubeMake *m, const KubeContainer *c, const char *where)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < c->n_ports; i++) {
                _cleanup_free_ char *at = strprintf("%s.ports[%zu]", where, i);

                r = at ? add_port(m, &c->ports[i], at) : -ENOMEM;
        }
        return r;
}

/* Order: init containers one after another, and then the others. */
static int set_order(const KubeMake *m, const KubeContainer *c, const char *where, bool init, const char *before,
                     AppcPodApp *app)
{
        bool sidecar = init && streq_ptr(c->restart_policy, "Always");
        const char *restart = sidecar ? "always" : init ? NULL : m->restart;
        int r = 0;

        if (c->restart_policy && !sidecar)
                return kube_refuse(m, where, "not supported: restartPolicy '%s'; an init container may have Always",
                                   c->restart_policy);
        if (sidecar && !streq(m->restart, "always"))
                return kube_refuse(m, where, "not supported: a sidecar would keep a pod from ending that has another "
                                   "restartPolicy than Always");
        if (init && !sidecar)
                r = strv_env_set(&app->annotations, APPC_ANNOTATION_ONESHOT, "true");
        if (r >= 0 && before)
                r = strv_env_set(&app->annotations, APPC_ANNOTATION_REQUIRES, before);
        if (r >= 0 && restart)
                r = strv_env_set(&app->annotations, APPC_ANNOTATION_RESTART, restart);
        if (r >= 0 && restart && !streq(restart, "no"))
                r = strv_env_set(&app->annotations, APPC_ANNOTATION_RESTART_BACKOFF, "true");
        if (r >= 0 && m->retries && streq_ptr(restart, "on-failure"))
                r = strv_env_set(&app->annotations, APPC_ANNOTATION_RESTART_LIMIT,
                                 json_object_get_string(m->retries));
        return r;
}

/* What clients of Kubernetes attach to. A terminal is what the container reads from, too, whether anybody may type
 * there or not: a shell waits. */
static int set_streams(const KubeContainer *c, AppcPodApp *app)
{
        static const char *const annotations[] = { APPC_ANNOTATION_STDIN, APPC_ANNOTATION_STDOUT,
                                                   APPC_ANNOTATION_STDERR };
        int r = 0;

        if (!c->open_input && !c->terminal)
                return 0;
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(annotations); i++)
                r = strv_env_set(&app->annotations, annotations[i], c->terminal ? "tty" : "stream");
        return r;
}

static int fill_in(const KubeMake *m, const KubeContainer *c, const char *where, bool init, AppcPodApp *app)
{
        _cleanup_free_ char *image = strjoin(where, ".image"), *directory = strjoin(where, ".workingDir");
        AppOptions *o = app->options;
        int r = image && directory ? set_image(m, c, image, app) : -ENOMEM;

        if (r >= 0 && !isempty(c->working_dir))
                r = *c->working_dir == '/' ? free_and_strdup(&o->working_dir, c->working_dir)
                                           : kube_refuse(m, directory, "'%s' is not an absolute path", c->working_dir);
        if (r >= 0)
                r = free_and_strdup(&o->stop_timeout,
                                    m->spec->grace ? json_object_get_string(m->spec->grace) : DEFAULT_GRACE);
        if (r >= 0)
                r = set_streams(c, app);
        if (r >= 0)
                r = kube_environment(m, c, where, app);
        if (r >= 0)
                r = kube_mounts(m, c, where, app);
        if (r >= 0)
                r = set_security(m, c, where, app);
        if (r >= 0)
                r = set_resources(m, c, where, o);
        if (r >= 0)
                r = kube_checks(m, c, where, init && !c->restart_policy, app);
        return r < 0 ? r : add_ports(m, c, where);
}

int kube_container(const KubeMake *m, const KubeContainer *c, const char *where, bool init, const char *before)
{
        AppcPodApp *app;
        int r;

        if (!ac_name_is_valid(c->name))
                return kube_refuse(m, where, "'%s' is not a valid name: small letters, digits and '-'", c->name);
        r = appc_pod_add_app(m->pod->manifest, c->name, &app);
        if (r == -EEXIST)
                return kube_refuse(m, where, "there is a container '%s' already", c->name);
        if (r < 0)
                return r;
        app->options = new0(AppOptions, 1);
        if (!app->options)
                return -ENOMEM;
        r = set_order(m, c, where, init, before, app);
        return r < 0 ? r : fill_in(m, c, where, init, app);
}
