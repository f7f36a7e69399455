/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "cri/cri-answer.h"
#include "cri/cri-cdi.h"
#include "foreign/yaml/yaml-json.h"
#include "shared/explain.h"

const char *const cri_cdi_directories[] = { "/etc/cdi", "/var/run/cdi", NULL };

/* What files say */

typedef struct CdiNode {
        char *path, *host_path, *type, *permissions;
        int64_t major, minor;
        uint32_t mode, uid, gid;
} CdiNode;

typedef struct CdiMount {
        char *host_path, *container_path, *type;
        char **options;
} CdiMount;

typedef struct CdiEdits {
        char **environment;
        CdiNode *nodes;
        size_t n_nodes;
        CdiMount *mounts;
        size_t n_mounts;
        uint32_t *groups;
        size_t n_groups;
        json_object *hooks, *network_devices, *intel_rdt;
} CdiEdits;

typedef struct CdiDevice {
        char *name;
        json_object *annotations;
        CdiEdits edits;
} CdiDevice;

typedef struct CdiSpec {
        char *version, *kind;
        json_object *annotations;
        CdiDevice *devices;
        size_t n_devices;
        CdiEdits edits; /* for each of them */
} CdiSpec;

static const JsonField node_table[] = {
        { "path", &json_string, offsetof(CdiNode, path), JSON_MANDATORY | JSON_NONEMPTY },
        { "hostPath", &json_string, offsetof(CdiNode, host_path) },
        { "type", &json_string, offsetof(CdiNode, type) },
        { "major", &json_int64, offsetof(CdiNode, major) },
        { "minor", &json_int64, offsetof(CdiNode, minor) },
        { "fileMode", &json_uint32, offsetof(CdiNode, mode) },
        { "permissions", &json_string, offsetof(CdiNode, permissions) },
        { "uid", &json_uint32, offsetof(CdiNode, uid) },
        { "gid", &json_uint32, offsetof(CdiNode, gid) },
        {},
};
static const JsonType nodes_type = JSON_ARRAY(CdiNode, node_table, NULL);

static const JsonField mount_table[] = {
        { "hostPath", &json_string, offsetof(CdiMount, host_path), JSON_MANDATORY | JSON_NONEMPTY },
        { "containerPath", &json_string, offsetof(CdiMount, container_path), JSON_MANDATORY | JSON_NONEMPTY },
        { "type", &json_string, offsetof(CdiMount, type) },
        { "options", &json_strv, offsetof(CdiMount, options) },
        {},
};
static const JsonType mounts_type = JSON_ARRAY(CdiMount, mount_table, NULL);

static const JsonField edits_table[] = {
        { "env", &json_strv, offsetof(CdiEdits, environment) },
        { "deviceNodes", &nodes_type, offsetof(CdiEdits, nodes) },
        { "mounts", &mounts_type, offsetof(CdiEdits, mounts) },
        { "additionalGids", &json_uint32_list, offsetof(CdiEdits, groups) },
        { "hooks", &json_raw, offsetof(CdiEdits, hooks) },
        { "netDevices", &json_raw, offsetof(CdiEdits, network_devices) },
        { "intelRdt", &json_raw, offsetof(CdiEdits, intel_rdt) },
        {},
};
static const JsonType edits_type = JSON_STRUCT(CdiEdits, edits_table, NULL);

static const JsonField device_table[] = {
        { "name", &json_string, offsetof(CdiDevice, name), JSON_MANDATORY | JSON_NONEMPTY },
        { "annotations", &json_raw, offsetof(CdiDevice, annotations) },
        { "containerEdits", &edits_type, offsetof(CdiDevice, edits) },
        {},
};
static const JsonType devices_type = JSON_ARRAY(CdiDevice, device_table, NULL);

static int check_version(void *p, json_object *o, JsonError *e)
{
        const char *version = ((const CdiSpec *) p)->version;

        if (startswith(version, "0.") || startswith(version, "1.0.") || startswith(version, "1.1."))
                return 0;
        return json_error_set(e, -EOPNOTSUPP, "cdiVersion", "version %s of the interface is not supported", version);
}

static const JsonField spec_table[] = {
        { "cdiVersion", &json_string, offsetof(CdiSpec, version), JSON_MANDATORY | JSON_NONEMPTY },
        { "kind", &json_string, offsetof(CdiSpec, kind), JSON_MANDATORY | JSON_NONEMPTY },
        { "annotations", &json_raw, offsetof(CdiSpec, annotations) },
        { "devices", &devices_type, offsetof(CdiSpec, devices), JSON_MANDATORY | JSON_NONEMPTY },
        { "containerEdits", &edits_type, offsetof(CdiSpec, edits) },
        {},
};
static const JsonType spec_type = JSON_STRUCT(CdiSpec, spec_table, check_version);

/* Reading them */

typedef struct File {
        char *path;
        size_t layer; /* of its directory */
        CdiSpec *spec;
        bool used; /* its edits for all devices have been made */
} File;

typedef struct Files {
        File *items;
        size_t n, allocated;
        char *broken; /* what is wrong with the first one that cannot be read */
} Files;

static void files_done(Files *f)
{
        for (size_t i = 0; i < f->n; i++) {
                free(f->items[i].path);
                if (f->items[i].spec)
                        (void) json_document_free(&spec_type, f->items[i].spec);
        }
        free(f->items);
        free(f->broken);
}

static bool is_yaml(const char *name)
{
        return endswith(name, ".yaml") || endswith(name, ".yml");
}

static int parse_yaml(const char *text, size_t n, json_object **ret, JsonError *e)
{
        _cleanup_json_object_ json_object *documents = NULL;
        YamlLines *lines = NULL;
        int r = yaml_parse_memory(text, n, &documents, &lines, e);

        yaml_lines_free(lines);
        if (r < 0)
                return r;
        if (json_object_array_length(documents) != 1)
                return json_error_set(e, -EINVAL, NULL, "one document is expected");
        *ret = json_object_get(json_object_array_get_idx(documents, 0));
        return 0;
}

/* What is unknown might be needed for the device. */
static int read_spec(const char *path, CdiSpec **ret, char **reterr_message)
{
        _cleanup_json_error_ JsonError e = { .strict = true };
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        int r = read_file_at(AT_FDCWD, path, JSON_MAX_SIZE, &text, &n);

        if (r < 0)
                return explain(reterr_message, -r, "%s: %s", path, strerror(-r));
        r = is_yaml(path) ? parse_yaml(text, n, &o, &e) : json_parse_memory(text, n, &o, &e);
        if (r >= 0)
                r = json_document_read(&spec_type, o, (void **) ret, &e);
        return r < 0 ? explain(reterr_message, -r, "%s: %s", path, json_error_message(&e, r)) : 0;
}

/* One that is broken is nobody's problem who does not need it. */
static int add_file(Files *files, const char *path, size_t layer)
{
        _cleanup_free_ char *message = NULL;
        CdiSpec *spec = NULL;
        int r = read_spec(path, &spec, &message);

        if (r < 0) {
                if (!files->broken)
                        files->broken = TAKE_PTR(message);
                return r == -ENOMEM ? r : 0;
        }
        if (ARRAY_GROW(files->items, files->allocated, files->n, 1) < 0) {
                (void) json_document_free(&spec_type, spec);
                return -ENOMEM;
        }
        files->items[files->n++] = (File) { .path = strdup(path), .layer = layer, .spec = spec };
        return files->items[files->n - 1].path ? 0 : -ENOMEM;
}

static int read_files(const char *const *directories, Files *ret)
{
        int r = 0;

        for (size_t layer = 0; r >= 0 && directories[layer]; layer++) {
                _cleanup_strv_free_ char **names = NULL;

                r = list_directory_at(AT_FDCWD, directories[layer], &names);
                if (r == -ENOTDIR)
                        r = 0;
                STRV_FOREACH(name, names) {
                        _cleanup_free_ char *path = path_join(directories[layer], *name);

                        if (r >= 0 && (endswith(*name, ".json") || is_yaml(*name)))
                                r = path ? add_file(ret, path, layer) : -ENOMEM;
                }
        }
        return r;
}

/* Finding a device */

static const CdiDevice *device_in(const CdiSpec *spec, const char *kind, const char *name)
{
        for (size_t i = 0; streq(spec->kind, kind) && i < spec->n_devices; i++)
                if (streq(spec->devices[i].name, name))
                        return &spec->devices[i];
        return NULL;
}

/* Those of later directories take the place of earlier ones; two of one directory are a conflict. */
static GrpcCode find(Files *files, const char *qualified, File **ret_file, const CdiDevice **ret, char **reterr_message)
{
        const char *equals = strchr(qualified, '='), *slash = strchr(qualified, '/');
        _cleanup_free_ char *kind = equals ? strndup(qualified, (size_t) (equals - qualified)) : NULL;
        const File *other = NULL;

        *ret_file = NULL;
        *ret = NULL;
        if (!kind || !slash || slash > equals || !equals[1])
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "'%s' is not the name of a CDI device, "
                                   "VENDOR/CLASS=NAME", qualified);
        for (size_t i = 0; i < files->n; i++) {
                File *f = &files->items[i];
                const CdiDevice *device = device_in(f->spec, kind, equals + 1);

                if (!device)
                        continue;
                other = *ret_file && (*ret_file)->layer == f->layer ? *ret_file : NULL;
                *ret_file = f;
                *ret = device;
        }
        if (other)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "CDI device '%s' is both in %s and in %s",
                                   qualified, other->path, (*ret_file)->path);
        if (!*ret)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "there is no CDI device '%s'%s%s", qualified,
                                   files->broken ? "; " : "", strempty(files->broken));
        return GRPC_OK;
}

/* Adding to the container */

static int add_variable(Cri__ContainerConfig *to, const char *assignment)
{
        const char *equals = strchr(assignment, '=');
        Cri__KeyValue *pair;

        if (!equals)
                return -EINVAL;
        pair = call_new(&cri__key_value__descriptor);
        pair->key = call_text_n(assignment, (size_t) (equals - assignment));
        pair->value.data = (uint8_t *) call_text(equals + 1);
        pair->value.len = strlen(equals + 1);
        call_append(&to->envs, &to->n_envs, pair);
        return 0;
}

/* A device of the host is as it is there: what the file says of it can only be that. */
static bool is_as_said(const CdiNode *node, const struct stat *st)
{
        const char *type = strempty(node->type);

        if (!S_ISCHR(st->st_mode) && !S_ISBLK(st->st_mode))
                return false;
        if (!isempty(type) && !streq(type, S_ISBLK(st->st_mode) ? "b" : "c") &&
            !(streq(type, "u") && S_ISCHR(st->st_mode)))
                return false;
        return ((node->major == 0 && node->minor == 0) || ((int64_t) major(st->st_rdev) == node->major &&
                                                            (int64_t) minor(st->st_rdev) == node->minor)) &&
               (node->mode == 0 || (st->st_mode & 07777) == (node->mode & 07777)) &&
               (node->uid == 0 || st->st_uid == node->uid) && (node->gid == 0 || st->st_gid == node->gid);
}

/* Devices may have nodes and mounts in common: what comes later for a path counts, as with the library of the
 * specification. */
static void put_device(Cri__ContainerConfig *to, Cri__Device *device)
{
        for (size_t i = 0; i < to->n_devices; i++)
                if (streq(to->devices[i]->container_path, device->container_path)) {
                        protobuf_c_message_free_unpacked(&to->devices[i]->base, NULL);
                        to->devices[i] = device;
                        return;
                }
        call_append(&to->devices, &to->n_devices, device);
}

static void put_mount(Cri__ContainerConfig *to, Cri__Mount *mount)
{
        for (size_t i = 0; i < to->n_mounts; i++)
                if (streq(to->mounts[i]->container_path, mount->container_path)) {
                        protobuf_c_message_free_unpacked(&to->mounts[i]->base, NULL);
                        to->mounts[i] = mount;
                        return;
                }
        call_append(&to->mounts, &to->n_mounts, mount);
}

static GrpcCode add_node(Cri__ContainerConfig *to, const CdiNode *node, char **reterr_message)
{
        const char *path = isempty(node->host_path) ? node->path : node->host_path;
        Cri__Device *device;
        struct stat st;

        if (stat(path, &st) < 0)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "%s: %s", path, strerror(errno));
        if (!is_as_said(node, &st))
                return call_refuse(GRPC_UNIMPLEMENTED, reterr_message, "%s: type, number, mode or owner is not that of "
                                   "the device on the host, and not supported: others", path);
        device = call_new(&cri__device__descriptor);
        device->host_path = call_text(path);
        device->container_path = call_text(node->path);
        device->permissions = call_text(node->permissions);
        put_device(to, device);
        return GRPC_OK;
}

/* What mount(8) has for bind mounts. nodev goes without saying: of devices below one, only those work that the
 * container has. nosuid does not, and is passed over: what has it is the host's own. */
static const struct {
        const char *name;
        Cri__MountPropagation propagation;
        bool read_only;
} mount_options[] = {
        { "bind" },
        { "rbind" },
        { "rw" },
        { "nodev" },
        { "nosuid" },
        { "private" },
        { "rprivate" },
        { "ro", .read_only = true },
        { "slave", CRI__MOUNT_PROPAGATION__PROPAGATION_HOST_TO_CONTAINER },
        { "rslave", CRI__MOUNT_PROPAGATION__PROPAGATION_HOST_TO_CONTAINER },
        { "shared", CRI__MOUNT_PROPAGATION__PROPAGATION_BIDIRECTIONAL },
        { "rshared", CRI__MOUNT_PROPAGATION__PROPAGATION_BIDIRECTIONAL },
        {},
};

static bool take_option(Cri__Mount *to, const char *word)
{
        FOREACH_ROW(o, mount_options)
                if (streq(o->name, word)) {
                        to->readonly = to->readonly || o->read_only;
                        to->propagation = MAX(to->propagation, o->propagation);
                        return true;
                }
        return false;
}

static GrpcCode add_mount(Cri__ContainerConfig *to, const CdiMount *mount, char **reterr_message)
{
        const char *type = strempty(mount->type);
        Cri__Mount *m;

        if (!isempty(type) && !streq(type, "bind") && !streq(type, "rbind") && !streq(type, "none"))
                return call_refuse(GRPC_UNIMPLEMENTED, reterr_message, "mount '%s': not supported: a mount of the type "
                                   "'%s'", mount->container_path, type);
        m = call_new(&cri__mount__descriptor);
        m->host_path = call_text(mount->host_path);
        m->container_path = call_text(mount->container_path);
        put_mount(to, m);
        STRV_FOREACH(word, mount->options)
                if (!take_option(m, *word))
                        return call_refuse(GRPC_UNIMPLEMENTED, reterr_message, "mount '%s': not supported: the option "
                                           "'%s'", mount->container_path, *word);
        return GRPC_OK;
}

static void add_group(Cri__ContainerConfig *to, uint32_t group)
{
        Cri__LinuxContainerSecurityContext *s;
        int64_t *grown;

        if (!to->linux)
                to->linux = call_new(&cri__linux_container_config__descriptor);
        if (!to->linux->security_context)
                to->linux->security_context = call_new(&cri__linux_container_security_context__descriptor);
        s = to->linux->security_context;
        grown = cri_numbers(s->n_supplemental_groups + 1);
        if (s->n_supplemental_groups > 0)
                memcpy(grown, s->supplemental_groups, s->n_supplemental_groups * sizeof(*grown));
        grown[s->n_supplemental_groups++] = group;
        free(s->supplemental_groups);
        s->supplemental_groups = grown;
}

/* Something else than a list or an object is a mistake, and not to be passed over. */
static bool is_empty(json_object *o)
{
        return (json_object_is_type(o, json_type_array) && json_object_array_length(o) == 0) ||
               (json_object_is_type(o, json_type_object) && json_object_object_length(o) == 0);
}

static GrpcCode check(const CdiEdits *edits, char **reterr_message)
{
        const struct {
                json_object *o;
                const char *name;
        } rows[] = {
                { edits->hooks, "hooks" },
                { edits->network_devices, "network devices" },
                { edits->intel_rdt, "Intel RDT" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (rows[i].o && !is_empty(rows[i].o))
                        return call_refuse(GRPC_UNIMPLEMENTED, reterr_message, "not supported: %s", rows[i].name);
        return GRPC_OK;
}

static GrpcCode apply(const CdiEdits *edits, Cri__ContainerConfig *to, char **reterr_message)
{
        GrpcCode code = check(edits, reterr_message);

        STRV_FOREACH(assignment, edits->environment)
                if (code == GRPC_OK && add_variable(to, *assignment) < 0)
                        code = call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "'%s' is not a valid NAME=VALUE",
                                           *assignment);
        for (size_t i = 0; code == GRPC_OK && i < edits->n_nodes; i++)
                code = add_node(to, &edits->nodes[i], reterr_message);
        for (size_t i = 0; code == GRPC_OK && i < edits->n_mounts; i++)
                code = add_mount(to, &edits->mounts[i], reterr_message);
        /* As the specification has it, root's is no addition. */
        for (size_t i = 0; code == GRPC_OK && i < edits->n_groups; i++)
                if (edits->groups[i] != 0)
                        add_group(to, edits->groups[i]);
        return code;
}

static bool is_again(const Cri__ContainerConfig *config, size_t i)
{
        for (size_t k = 0; k < i; k++)
                if (streq(config->cdi_devices[k]->name, config->cdi_devices[i]->name))
                        return true;
        return false;
}

static GrpcCode apply_device(Files *files, const char *name, Cri__ContainerConfig *to, char **reterr_message)
{
        _cleanup_free_ char *why = NULL;
        const CdiDevice *device = NULL;
        File *file = NULL;
        GrpcCode code = find(files, name, &file, &device, reterr_message);

        if (code != GRPC_OK)
                return code;
        if (!file->used)
                code = apply(&file->spec->edits, to, &why);
        file->used = true;
        if (code == GRPC_OK)
                code = apply(&device->edits, to, &why);
        return code == GRPC_OK ? code
                               : call_refuse(code, reterr_message, "CDI device '%s' of %s: %s", name, file->path,
                                             strempty(why));
}

GrpcCode cri_cdi_apply(const char *const *directories, Cri__ContainerConfig *config, char **reterr_message)
{
        _cleanup_(files_done) Files files = {};
        GrpcCode code = GRPC_OK;

        if (!config || config->n_cdi_devices == 0)
                return GRPC_OK;
        if (read_files(directories, &files) < 0)
                return GRPC_RESOURCE_EXHAUSTED;
        for (size_t i = 0; code == GRPC_OK && i < config->n_cdi_devices; i++)
                if (!is_again(config, i))
                        code = apply_device(&files, config->cdi_devices[i]->name, config, reterr_message);
        return code;
}
