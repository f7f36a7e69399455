/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>

#include "basic/parse.h"
#include "basic/path.h"
#include "basic/string-table.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"
#include "manifest/appc-pod.h"
#include "manifest/appc-volume.h"

/* Ports */

static const JsonField pod_port_table[] = {
        { "name",     &json_ac_name,  offsetof(PodPort, name),      JSON_MANDATORY },
        { "hostPort", &json_uint32,   offsetof(PodPort, host_port), JSON_MANDATORY },
        { "hostIP",   &json_string,   offsetof(PodPort, host_ip)                   },
        { "podPort",  &json_app_port, offsetof(PodPort, pod_port)                  },
        {}
};

static bool ip_is_valid(const char *s)
{
        struct in6_addr address;

        return inet_pton(AF_INET, s, &address) == 1 || inet_pton(AF_INET6, s, &address) == 1;
}

static int pod_port_check(void *p, json_object *o, JsonError *e)
{
        PodPort *port = p;
        int r = 0;

        if (port->host_port < 1 || port->host_port > UINT16_MAX)
                r = json_error_add(e, -EINVAL, "hostPort", "must be between 1 and 65535");
        if (isempty(port->host_ip))
                port->host_ip = mfree(port->host_ip);
        else if (!ip_is_valid(port->host_ip))
                r = json_error_add(e, -EINVAL, "hostIP", "'%s' is not an IP address", port->host_ip);
        return r;
}

static const JsonType json_pod_ports = JSON_ARRAY(PodPort, pod_port_table, pod_port_check);
static const JsonType json_pod_port = JSON_STRUCT(PodPort, pod_port_table, pod_port_check);

/* Apps */

static const JsonField image_ref_table[] = {
        { "id",     &json_image_id,      offsetof(AppcImageRef, id)     },
        { "name",   &json_stored_name,   offsetof(AppcImageRef, name)   },
        { "labels", &json_name_values,   offsetof(AppcImageRef, labels) },
        {}
};

static int image_ref_check(void *p, json_object *o, JsonError *e)
{
        AppcImageRef *ref = p;
        int r = 0;

        if (!ref->id && !ref->name)
                r = json_error_add(e, -EINVAL, NULL, "missing member 'id' (or 'name' of a stored image)");
        return MIN(r, ac_labels_check(ref->labels, "labels", e));
}

static const JsonType json_image_ref = JSON_STRUCT(AppcImageRef, image_ref_table, image_ref_check);

static const JsonField credential_table[] = {
        { "name",      &json_string,  offsetof(AppcCredential, name),      JSON_MANDATORY },
        { "source",    &json_string,  offsetof(AppcCredential, source)                    },
        { "encrypted", &json_boolean, offsetof(AppcCredential, encrypted)                 },
        { "variable",  &json_string,  offsetof(AppcCredential, variable)                  },
        {}
};

bool credential_name_is_valid(const char *name)
{
        return !isempty(name) && strlen(name) <= CREDENTIAL_NAME_MAX && name[0] != '.' &&
               string_in_charset(name, LOWERCASE UPPERCASE DIGITS "._-");
}

static int credential_check(void *p, json_object *o, JsonError *e)
{
        AppcCredential *c = p;
        int r = 0;

        if (!credential_name_is_valid(c->name))
                r = json_error_add(e, -EINVAL, "name", "'%s' is not a valid name of a credential: letters, digits, "
                                   "'.', '_' and '-', at most %i", c->name, CREDENTIAL_NAME_MAX);
        if (!isempty(c->source) && !path_is_absolute(c->source) && !credential_name_is_valid(c->source))
                r = json_error_add(e, -EINVAL, "source",
                                   "'%s' is neither an absolute path nor the name of a credential", c->source);
        if (c->variable && (!ac_env_name_is_valid(c->variable) || strlen(c->variable) > CREDENTIAL_NAME_MAX))
                r = json_error_add(e, -EINVAL, "variable", "'%s' is not a valid name of a variable: letters, digits, "
                                   "'_', '.' and '-', a letter or '_' first, at most %i", c->variable,
                                   CREDENTIAL_NAME_MAX);
        return isempty(c->source) && free_and_strdup(&c->source, c->name) < 0 ? -ENOMEM : r;
}

static const JsonType json_credentials = JSON_ARRAY(AppcCredential, credential_table, credential_check);

static const JsonField pod_app_table[] = {
        { "name",           &json_ac_name,     offsetof(AppcPodApp, name),  JSON_MANDATORY },
        { "image",          &json_image_ref,   offsetof(AppcPodApp, image), JSON_MANDATORY },
        { "app",            &json_app,         offsetof(AppcPodApp, app)                   },
        { "options",        &json_app_options, offsetof(AppcPodApp, options)               },
        { "readOnlyRootFS", &json_boolean,     offsetof(AppcPodApp, read_only_rootfs)      },
        { "mounts",         &json_mounts,      offsetof(AppcPodApp, mounts)                },
        { "credentials",    &json_credentials, offsetof(AppcPodApp, credentials)           },
        { "addressVariables", &json_string_map, offsetof(AppcPodApp, address_variables)    },
        { "annotations",    &json_name_values, offsetof(AppcPodApp, annotations)           },
        {}
};

/* Whether the variable is that of one of the first n credentials. */
static bool has_secret_variable(const AppcPodApp *app, size_t n, const char *variable)
{
        for (size_t i = 0; variable && i < n; i++)
                if (streq_ptr(app->credentials[i].variable, variable))
                        return true;
        return false;
}

static int refuse_secret_variable(const char *member, const char *variable, JsonError *e)
{
        return json_error_add(e, -EINVAL, member, "another credential of the app has the variable '%s'", variable);
}

static int check_address_variable(const AppcPodApp *app, const char *variable, JsonError *e)
{
        static const char *const words[] = { "pod-ip", "pod-ips", "host-ip", "host-ips", NULL };
        const char *word = variable + strcspn(variable, "=") + 1;
        _cleanup_free_ char *name = strndup(variable, (size_t) (word - variable - 1));

        if (!name)
                return -ENOMEM;
        if (!ac_env_name_is_valid(name))
                return json_error_add(e, -EINVAL, "addressVariables", "'%s' is not a valid name of a variable", name);
        if (!strv_contains((char *const *) words, word))
                return json_error_add(e, -EINVAL, "addressVariables", "'%s' is not an address: pod-ip, pod-ips, "
                                      "host-ip and host-ips are", word);
        return has_secret_variable(app, app->n_credentials, name)
                       ? json_error_add(e, -EINVAL, "addressVariables", "a credential of the app has the variable '%s'",
                                        name)
                       : 0;
}

static int pod_app_check(void *p, json_object *o, JsonError *e)
{
        const AppcPodApp *app = p;
        int r;

        r = names_check_unique(app->credentials, app->n_credentials, sizeof(AppcCredential), "credentials", e);
        for (size_t i = 0; i < app->n_credentials; i++)
                if (has_secret_variable(app, i, app->credentials[i].variable))
                        r = refuse_secret_variable("credentials", app->credentials[i].variable, e);
        STRV_FOREACH(variable, app->address_variables)
                r = MIN(r, check_address_variable(app, *variable, e));
        return MIN(r, ac_annotations_check(app->annotations, "annotations", e));
}

static const JsonType json_pod_apps = JSON_ARRAY(AppcPodApp, pod_app_table, pod_app_check);

/* Pods */

static const JsonField pod_table[] = {
        { "acKind",          &json_string,      offsetof(AppcPod, kind),    JSON_MANDATORY },
        { "acVersion",       &json_ac_version,  offsetof(AppcPod, version), JSON_MANDATORY },
        { "apps",            &json_pod_apps,    offsetof(AppcPod, apps),    JSON_MANDATORY },
        { "volumes",         &json_volumes,     offsetof(AppcPod, volumes)                 },
        { "isolators",       &json_isolators,   offsetof(AppcPod, isolators)               },
        { "annotations",     &json_name_values, offsetof(AppcPod, annotations)             },
        { "ports",           &json_pod_ports,   offsetof(AppcPod, ports)                   },
        { "userAnnotations", &json_string_map,  offsetof(AppcPod, user_annotations)        },
        { "userLabels",      &json_string_map,  offsetof(AppcPod, user_labels)             },
        {}
};

static int pod_check(void *p, json_object *o, JsonError *e)
{
        AppcPod *pod = p;
        int r;

        r = ac_kind_check(pod->kind, "PodManifest", e);
        r = MIN(r, names_check_unique(pod->apps, pod->n_apps, sizeof(AppcPodApp), "apps", e));
        r = MIN(r, names_check_unique(pod->volumes, pod->n_volumes, sizeof(Volume), "volumes", e));
        r = MIN(r, isolators_check(pod->isolators, pod->n_isolators, "isolators", e));
        return MIN(r, ac_annotations_check(pod->annotations, "annotations", e));
}

static const JsonType json_pod = JSON_POINTER(AppcPod, pod_table, pod_check);

AppcPod *appc_pod_new(void)
{
        _cleanup_(appc_pod_freep) AppcPod *pod = new0(AppcPod, 1);

        if (!pod || free_and_strdup(&pod->kind, "PodManifest") < 0 ||
            free_and_strdup(&pod->version, AC_VERSION) < 0)
                return NULL;
        return TAKE_PTR(pod);
}

AppcPod *appc_pod_free(AppcPod *pod)
{
        return json_document_free(&json_pod, pod);
}

int appc_pod_parse(const char *data, size_t n, AppcPod **ret, JsonError *e)
{
        return json_document_parse(&json_pod, data, n, (void **) ret, e);
}

int appc_pod_read(json_object *o, AppcPod **ret, JsonError *e)
{
        return json_document_read(&json_pod, o, (void **) ret, e);
}

int appc_pod_write(const AppcPod *pod, json_object **ret)
{
        return json_table_write(pod_table, pod, ret);
}

/* Rules that only matter when the pod is to run */

/* Volumes: their names, or NULL, which are not known. Paths: where something is mounted already. */
static int check_mount(const Mount *m, char *const *volumes, char ***paths, JsonError *e)
{
        _cleanup_free_ char *path = NULL;
        int r = 0;

        if (volumes && !m->app_volume && !isempty(m->volume) && !strv_contains(volumes, m->volume))
                r = json_error_add(e, -EINVAL, "volume", "no volume '%s' is declared", m->volume);
        if (isempty(m->path))
                return r;
        if (path_clean(m->path, &path) < 0)
                return -ENOMEM;
        if (strv_contains(*paths, path))
                return json_error_add(e, -EINVAL, "path", "something is mounted at '%s' already", path);
        return strv_consume(paths, TAKE_PTR(path)) < 0 ? -ENOMEM : r;
}

static int check_mounts(const AppcPodApp *app, char *const *volumes, JsonError *e)
{
        _cleanup_strv_free_ char **paths = NULL;
        int r = 0;

        for (size_t i = 0; i < app->n_mounts; i++) {
                _cleanup_json_error_ JsonError part = json_error_part(e);
                int k = check_mount(&app->mounts[i], volumes, &paths, &part);

                r = MIN(r, json_error_join(e, &part, json_error_below_index(&part, k, "mounts", i)));
        }
        return r;
}

/* Lists the names of all ports, for a message that suggests one. */
static char *list_ports(const AppcPod *pod)
{
        _cleanup_strv_free_ char **names = NULL;

        for (size_t i = 0; i < pod->n_apps; i++)
                for (size_t k = 0; pod->apps[i].app && k < pod->apps[i].app->n_ports; k++)
                        if (strv_extend(&names, pod->apps[i].app->ports[k].name) < 0)
                                return NULL;
        return names ? strv_join(names, ", ") : NULL;
}

static int check_port(const AppcPod *pod, const PodPort *port, JsonError *e)
{
        size_t found = 0;

        if (port->pod_port)
                return 0;

        for (size_t i = 0; i < pod->n_apps; i++)
                found += pod->apps[i].app && app_find_port(pod->apps[i].app, port->name);
        if (found == 0) {
                _cleanup_free_ char *names = list_ports(pod);

                return json_error_set(e, -EINVAL, "name", "no app has a port '%s'%s%s", port->name,
                                      names ? "; there are " : "", strempty(names));
        }
        if (found > 1)
                return json_error_set(e, -EINVAL, "name", "several apps have a port '%s'", port->name);
        return 0;
}

static int check_all_mounts(const AppcPod *pod, char *const *volumes, JsonError *e)
{
        int r = 0;

        for (size_t i = 0; i < pod->n_apps; i++) {
                _cleanup_json_error_ JsonError part = json_error_part(e);
                int k = check_mounts(&pod->apps[i], volumes, &part);

                r = MIN(r, json_error_join(e, &part, json_error_below_index(&part, k, "apps", i)));
        }
        return r;
}

static int check_all_ports(const AppcPod *pod, JsonError *e)
{
        int r = 0;

        for (size_t i = 0; i < pod->n_ports; i++) {
                _cleanup_json_error_ JsonError part = json_error_part(e);
                int k = check_port(pod, &pod->ports[i], &part);

                r = MIN(r, json_error_join(e, &part, json_error_below_index(&part, k, "ports", i)));
        }
        return r;
}

static int check_has_apps(const AppcPod *pod, JsonError *e)
{
        return pod->n_apps == 0 && !appc_pod_is_mutable(pod)
                       ? json_error_add(e, -EINVAL, "apps", "a pod needs at least one app")
                       : 0;
}

int appc_pod_check_runnable(const AppcPod *pod, JsonError *e)
{
        _cleanup_free_ char **volumes = new0(char *, pod->n_volumes + 1);
        int r = volumes ? check_has_apps(pod, e) : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < pod->n_volumes; i++)
                volumes[i] = pod->volumes[i].name;
        if (r >= 0)
                r = check_all_mounts(pod, volumes, e);
        return r < 0 ? r : check_all_ports(pod, e);
}

/* The names in the text, of volumes that are wrong, too. NULL: not all of them can be told. */
static int written_volumes(json_object *o, char ***ret)
{
        json_object *volumes = json_member(o, "volumes", json_type_array);
        size_t n = volumes ? json_object_array_length(volumes) : 0;
        _cleanup_free_ char **names = new0(char *, n + 1);

        if (!names)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                json_object *name = json_member(json_object_array_get_idx(volumes, i), "name", json_type_string);

                if (!name)
                        return 0;
                names[i] = (char *) json_object_get_string(name);
        }
        if (volumes || !json_object_object_get(o, "volumes"))
                *ret = TAKE_PTR(names);
        return 0;
}

/* Ports of apps whose image has the app are not known yet, either. */
static bool ports_are_known(const AppcPod *pod, char *const *left_out)
{
        for (size_t i = 0; i < pod->n_apps; i++)
                if (!pod->apps[i].app)
                        return false;
        return !json_left_out_in(left_out, "apps");
}

static int check_rest_runnable(const AppcPod *pod, json_object *o, JsonError *e)
{
        _cleanup_free_ char **volumes = NULL;
        int r = written_volumes(o, &volumes);

        if (r < 0)
                return r;
        if (!json_left_out_has(e->left_out, "apps"))
                r = check_has_apps(pod, e);
        r = MIN(r, check_all_mounts(pod, volumes, e));
        return ports_are_known(pod, e->left_out) ? MIN(r, check_all_ports(pod, e)) : r;
}

int appc_pod_parse_runnable(const char *data, size_t n, AppcPod **ret, JsonError *e)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
        int r = json_parse_memory(data, n, &o, e);

        if (r < 0)
                return r;
        r = json_document_read_rest(&json_pod, o, (void **) &pod, e);
        if (pod)
                r = MIN(r, check_rest_runnable(pod, o, e));
        if (r < 0)
                return r;
        *ret = TAKE_PTR(pod);
        return 0;
}

/* Looking up and composing */

const AppcPodApp *appc_pod_find_app(const AppcPod *pod, const char *name)
{
        for (size_t i = 0; i < pod->n_apps; i++)
                if (streq(pod->apps[i].name, name))
                        return &pod->apps[i];
        return NULL;
}

const Volume *appc_pod_find_volume(const AppcPod *pod, const char *name)
{
        for (size_t i = 0; i < pod->n_volumes; i++)
                if (streq(pod->volumes[i].name, name))
                        return &pod->volumes[i];
        return NULL;
}

int appc_pod_app_each_image(const AppcPodApp *app, int (*f)(Volume *v, void *userdata), void *userdata)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < app->n_mounts; i++)
                if (app->mounts[i].app_volume && app->mounts[i].app_volume->kind == VOLUME_IMAGE)
                        r = f(app->mounts[i].app_volume, userdata);
        return r;
}

int appc_pod_each_image(const AppcPod *pod, int (*f)(Volume *v, void *userdata), void *userdata)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < pod->n_volumes; i++)
                if (pod->volumes[i].kind == VOLUME_IMAGE)
                        r = f(&pod->volumes[i], userdata);
        for (size_t i = 0; r >= 0 && i < pod->n_apps; i++)
                r = appc_pod_app_each_image(&pod->apps[i], f, userdata);
        return r;
}

const char *appc_pod_annotation(const AppcPod *pod, const char *name)
{
        return strv_env_get(pod->annotations, name);
}

bool appc_pod_is_mutable(const AppcPod *pod)
{
        return streq_ptr(appc_pod_annotation(pod, APPC_ANNOTATION_MUTABLE), "true");
}

bool appc_pod_is_privileged(const AppcPod *pod)
{
        return streq_ptr(appc_pod_annotation(pod, APPC_ANNOTATION_PRIVILEGED), "true");
}

bool appc_pod_is_unfiltered(const AppcPod *pod)
{
        return appc_pod_is_privileged(pod) || streq_ptr(appc_pod_annotation(pod, APPC_ANNOTATION_UNFILTERED), "true");
}

#define APPEND(array, n, element)                                                                              \
        ({                                                                                                     \
                typeof(array) _grown_ = reallocarray((array), (n) + 1, sizeof(*(array)));                      \
                                                                                                               \
                if (_grown_) {                                                                                 \
                        (array) = _grown_;                                                                     \
                        (array)[(n)++] = (element);                                                            \
                        (element) = (typeof(element)) {};                                                      \
                }                                                                                              \
                _grown_ ? 0 : -ENOMEM;                                                                         \
        })

int appc_pod_add_app(AppcPod *pod, const char *name, AppcPodApp **ret)
{
        AppcPodApp app = {};
        int r;

        if (appc_pod_find_app(pod, name))
                return -EEXIST;

        r = free_and_strdup(&app.name, name);
        if (r < 0)
                return r;
        r = APPEND(pod->apps, pod->n_apps, app);
        if (r < 0) {
                free(app.name);
                return r;
        }

        *ret = &pod->apps[pod->n_apps - 1];
        return 0;
}

static bool mounts_volume(const AppcPodApp *app, const char *volume)
{
        for (size_t i = 0; i < app->n_mounts; i++)
                if (!app->mounts[i].app_volume && streq(app->mounts[i].volume, volume))
                        return true;
        return false;
}

/* Named after it, and no other app has it. */
static bool is_of_app(json_object *volume, const AppcPod *pod, const char *app)
{
        const Volume *v = appc_pod_find_volume(pod, json_object_get_string(json_object_object_get(volume, "name")));
        const char *rest = v && v->kind == VOLUME_EMPTY ? startswith(v->name, app) : NULL;

        for (size_t i = 0; rest && i < pod->n_apps; i++)
                if (mounts_volume(&pod->apps[i], v->name) != streq(pod->apps[i].name, app))
                        return false;
        return rest && *rest == '-';
}

static void drop_of_app(json_object *o, const AppcPod *pod, const char *app)
{
        json_object *apps = json_object_object_get(o, "apps"), *volumes = json_object_object_get(o, "volumes");

        for (size_t i = json_object_array_length(apps); i > 0; i--)
                if (streq_ptr(json_object_get_string(json_object_object_get(json_object_array_get_idx(apps, i - 1),
                                                                            "name")), app))
                        (void) json_object_array_del_idx(apps, i - 1, 1);
        for (size_t i = volumes ? json_object_array_length(volumes) : 0; i > 0; i--)
                if (is_of_app(json_object_array_get_idx(volumes, i - 1), pod, app))
                        (void) json_object_array_del_idx(volumes, i - 1, 1);
}

int appc_pod_without_app(const AppcPod *pod, const char *app, AppcPod **ret)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r = appc_pod_write(pod, &o);

        if (r < 0)
                return r;
        drop_of_app(o, pod, app);
        return appc_pod_read(o, ret, NULL);
}

int appc_pod_add_volume(AppcPod *pod, Volume *volume)
{
        return appc_pod_find_volume(pod, volume->name) ? -EEXIST : APPEND(pod->volumes, pod->n_volumes, *volume);
}

int appc_pod_add_port(AppcPod *pod, PodPort *port)
{
        return APPEND(pod->ports, pod->n_ports, *port);
}

int appc_pod_app_add_mount(AppcPodApp *app, Mount *mount)
{
        return APPEND(app->mounts, app->n_mounts, *mount);
}

bool appc_pod_app_has_mount(const AppcPodApp *app, const char *path)
{
        _cleanup_free_ char *wanted = NULL;

        (void) path_clean(path, &wanted);
        for (size_t i = 0; i < app->n_mounts; i++) {
                _cleanup_free_ char *there = NULL;

                (void) path_clean(app->mounts[i].path, &there);
                if (streq_ptr(there, wanted))
                        return true;
        }
        return false;
}

int appc_pod_app_add_credential(AppcPodApp *app, const AppcCredential *credential, JsonError *e)
{
        AppcCredential c = { .encrypted = credential->encrypted };
        int r;

        for (size_t i = 0; i < app->n_credentials; i++)
                if (streq(app->credentials[i].name, credential->name))
                        return -EEXIST;
        if (has_secret_variable(app, app->n_credentials, credential->variable))
                return refuse_secret_variable(NULL, credential->variable, e);

        r = free_and_strdup(&c.name, credential->name);
        if (r >= 0)
                r = free_and_strdup(&c.source, credential->source);
        if (r >= 0)
                r = free_and_strdup(&c.variable, credential->variable);
        if (r >= 0)
                r = credential_check(&c, NULL, e);
        if (r >= 0)
                r = APPEND(app->credentials, app->n_credentials, c);
        if (r < 0)
                json_table_free(credential_table, &c);
        return r;
}

/* Single parts */

int pod_port_read(json_object *o, PodPort *ret, JsonError *e)
{
        return json_pod_port.read(&json_pod_port, o, ret, e);
}

void pod_port_done(PodPort *p)
{
        json_table_free(pod_port_table, p);
}

void appc_image_ref_done(AppcImageRef *r)
{
        json_table_free(image_ref_table, r);
}
