/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "basic/path.h"
#include "cli/host-config.h"
#include "pod/plan-journal.h"
#include "shared/config-dir.h"

static const JsonField paths_table[] = {
        { "data", &json_string, offsetof(HostConfig, data), JSON_NONEMPTY },
        { "stage1-images", &json_string, offsetof(HostConfig, stage1_images), JSON_NONEMPTY },
        {}
};

static const JsonField stage1_table[] = {
        { "name", &json_string, offsetof(HostConfig, stage1_name), JSON_NONEMPTY },
        { "version", &json_string, offsetof(HostConfig, stage1_version), JSON_NONEMPTY },
        { "location", &json_string, offsetof(HostConfig, stage1_location), JSON_NONEMPTY },
        {}
};

static const JsonField metadata_table[] = {
        { "register", &json_tristate, offsetof(HostConfig, mds_register) },
        {}
};

static const JsonField log_table[] = {
        { "output", &json_string, offsetof(HostConfig, log), JSON_NONEMPTY },
        {}
};

static const JsonField ended_table[] = {
        { "pods", &json_string, offsetof(HostConfig, keep_pods), JSON_NONEMPTY },
        { "size", &json_string, offsetof(HostConfig, keep_size), JSON_NONEMPTY },
        {}
};

static const JsonField cri_table[] = {
        { "network", &json_string, offsetof(HostConfig, cri_network), JSON_NONEMPTY },
        {}
};

typedef struct Kind {
        const char *name;
        const JsonField *table;
} Kind;

static const Kind all_kinds[] = {
        { "paths", paths_table },
        { "stage1", stage1_table },
        { "metadata", metadata_table },
        { "log", log_table },
        { "ended", ended_table },
        { "cri", cri_table },
        {}
};

typedef struct Reading {
        HostConfig *config;
        unsigned layers[sizeof(HostConfig) / sizeof(char *)]; /* each member's layer, counted from 1; 0: not set */
} Reading;

static char **member_at(HostConfig *c, size_t offset)
{
        return (char **) ((char *) c + offset);
}

static bool is_said(const JsonField *f, HostConfig *c)
{
        return f->type == &json_tristate ? *(Tristate *) member_at(c, f->offset) != TRISTATE_UNSET
                                         : *member_at(c, f->offset) != NULL;
}

static void move_member(const JsonField *f, HostConfig *from, HostConfig *to)
{
        char **text = member_at(to, f->offset);

        if (f->type == &json_tristate) {
                *(Tristate *) text = *(Tristate *) member_at(from, f->offset);
                return;
        }
        free(*text);
        *text = TAKE_PTR(*member_at(from, f->offset));
}

/* Takes over what a file sets; within one layer, a member is set once. */
static int take(Reading *reading, const JsonField *table, HostConfig *said, unsigned layer, JsonError *e)
{
        for (const JsonField *f = table; f->name; f++) {
                unsigned *known = &reading->layers[f->offset / sizeof(char *)];

                if (!is_said(f, said))
                        continue;
                if (*known == layer + 1)
                        return json_error_set(e, -EEXIST, f->name, "is set by another file in this directory already");
                *known = layer + 1;
                move_member(f, said, reading->config);
        }
        return 0;
}

static int check_paths(const HostConfig *said, JsonError *e)
{
        for (const JsonField *f = paths_table; f->name; f++) {
                const char *path = *member_at((HostConfig *) said, f->offset);

                if (path && !path_is_absolute(path))
                        return json_error_set(e, -EINVAL, f->name, "'%s' is not an absolute path", path);
        }
        return 0;
}

static int check_stage1(const HostConfig *said, JsonError *e)
{
        static const char *const schemes[] = { "/", "file://", "http://", "https://", "docker://", "docker:" };

        if (said->stage1_version && !said->stage1_name)
                return json_error_set(e, -EINVAL, "name", "is missing, though there is a version");
        if (said->stage1_name && !said->stage1_version)
                return json_error_set(e, -EINVAL, "version", "is missing, though there is a name");
        for (size_t i = 0; said->stage1_location && i < ELEMENTSOF(schemes); i++)
                if (startswith(said->stage1_location, schemes[i]))
                        return 0;
        return said->stage1_location ? json_error_set(e, -EINVAL, "location",
                                                      "'%s' is neither an absolute path nor a URL of file, http, "
                                                      "https or docker",
                                                      said->stage1_location)
                                     : 0;
}

static int take_kind(json_object *o, const JsonField *table, int (*check)(const HostConfig *said, JsonError *e),
                     unsigned layer, HostConfig *said, void *userdata, JsonError *e)
{
        int r;

        r = json_table_read(table, o, said, e);
        if (r < 0)
                return r;
        if (check)
                r = check(said, e);
        return r < 0 ? r : take(userdata, table, said, layer, e);
}

static int read_kind(json_object *o, const JsonField *table, int (*check)(const HostConfig *said, JsonError *e),
                     unsigned layer, void *userdata, JsonError *e)
{
        HostConfig said = {};
        int r = take_kind(o, table, check, layer, &said, userdata, e);

        json_table_free(table, &said);
        return r;
}

static int read_paths(json_object *o, unsigned layer, void *userdata, JsonError *e)
{
        return read_kind(o, paths_table, check_paths, layer, userdata, e);
}

static int read_stage1(json_object *o, unsigned layer, void *userdata, JsonError *e)
{
        return read_kind(o, stage1_table, check_stage1, layer, userdata, e);
}

static int read_metadata(json_object *o, unsigned layer, void *userdata, JsonError *e)
{
        return read_kind(o, metadata_table, NULL, layer, userdata, e);
}

static int check_log(const HostConfig *said, JsonError *e)
{
        if (said->log && plan_log_from_string(said->log) < 0)
                return json_error_set(e, -EINVAL, "output", "'%s' is not both, pod, host or none", said->log);
        return 0;
}

static int read_log(json_object *o, unsigned layer, void *userdata, JsonError *e)
{
        return read_kind(o, log_table, check_log, layer, userdata, e);
}

static int check_ended(const HostConfig *said, JsonError *e)
{
        uint64_t n;

        if (said->keep_pods && (parse_uint64(said->keep_pods, &n) < 0 || n == 0))
                return json_error_set(e, -EINVAL, "pods", "'%s' is not a number of 1 or more", said->keep_pods);
        if (said->keep_size && parse_size(said->keep_size, &n) < 0)
                return json_error_set(e, -EINVAL, "size", "'%s' is not a size, such as 500M, 20G or infinity",
                                      said->keep_size);
        return 0;
}

static int read_ended(json_object *o, unsigned layer, void *userdata, JsonError *e)
{
        return read_kind(o, ended_table, check_ended, layer, userdata, e);
}

static int check_cri(const HostConfig *said, JsonError *e)
{
        if (said->cri_network && !streq(said->cri_network, "cni") && !streq(said->cri_network, "any"))
                return json_error_set(e, -EINVAL, "network", "'%s' is not cni or any", said->cri_network);
        return 0;
}

static int read_cri(json_object *o, unsigned layer, void *userdata, JsonError *e)
{
        return read_kind(o, cri_table, check_cri, layer, userdata, e);
}

PodKeep host_config_keep(const HostConfig *c)
{
        PodKeep keep = POD_KEEP_DEFAULT;

        if (c->keep_pods)
                (void) parse_uint64(c->keep_pods, &keep.pods);
        if (c->keep_size)
                (void) parse_size(c->keep_size, &keep.bytes);
        return keep;
}

int host_config_read(const char *const *roots, HostConfig **ret, char **reterr_message)
{
        static const struct {
                const char *directory;
                ConfigKind kinds[2];
        } rows[] = {
                { "paths.d", { { "paths", read_paths } } },
                { "stage1.d", { { "stage1", read_stage1 } } },
                { "metadata.d", { { "metadata", read_metadata } } },
                { "log.d", { { "log", read_log } } },
                { "ended.d", { { "ended", read_ended } } },
                { "cri.d", { { "cri", read_cri } } },
        };
        _cleanup_(host_config_freep) HostConfig *c = new0(HostConfig, 1);
        Reading reading = { .config = c };
        int r = c ? 0 : -ENOMEM;

        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                r = config_dir_read(roots, rows[i].directory, rows[i].kinds, &reading, reterr_message);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(c);
        return 0;
}

HostConfig *host_config_free(HostConfig *c)
{
        if (!c)
                return NULL;
        for (const Kind *k = all_kinds; k->name; k++)
                json_table_free(k->table, c);
        return mfree(c);
}

int host_config_to_json(const HostConfig *c, json_object *array)
{
        for (const Kind *k = all_kinds; k->name; k++) {
                json_object *o = NULL;
                int r;

                r = json_table_write(k->table, c, &o);
                if (r < 0)
                        return r;
                if (json_object_object_length(o) == 0) {
                        (void) json_object_put(o);
                        continue;
                }
                config_file_header(o, k->name);
                (void) json_object_array_add(array, o);
        }
        return 0;
}
