/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/path.h"
#include "image/transport/registry-config.h"
#include "shared/config-dir.h"
#include "shared/explain.h"

#define CERTIFICATES_MAX (64U * 1024)

typedef struct Entry {
        char *registry;
        unsigned layer;
        RegistrySettings settings;
} Entry;

struct RegistryConfig {
        Entry *entries;
        size_t n, n_allocated;
};

typedef struct RegistryFile {
        char **registries;
        char **mirrors;
        bool http;
        Tristate tls_verify;
        char *ca;
} RegistryFile;

static const JsonField registry_file_table[] = {
        { "registries", &json_strv, offsetof(RegistryFile, registries), JSON_MANDATORY | JSON_NONEMPTY },
        { "mirrors", &json_strv, offsetof(RegistryFile, mirrors) },
        { "http", &json_boolean, offsetof(RegistryFile, http) },
        { "tlsVerify", &json_tristate, offsetof(RegistryFile, tls_verify) },
        { "ca", &json_string, offsetof(RegistryFile, ca) },
        {}
};

static void settings_done(RegistrySettings *s)
{
        strv_free(s->mirrors);
        free(s->ca);
}

RegistryConfig *registry_config_free(RegistryConfig *c)
{
        if (!c)
                return NULL;
        for (size_t i = 0; i < c->n; i++) {
                free(c->entries[i].registry);
                settings_done(&c->entries[i].settings);
        }
        free(c->entries);
        return mfree(c);
}

static int check(const RegistryFile *f, JsonError *e)
{
        for (size_t i = 0; f->mirrors && f->mirrors[i]; i++)
                if (!startswith(f->mirrors[i], "https://") && !startswith(f->mirrors[i], "http://"))
                        return json_error_below_index(
                                e, json_error_set(e, -EINVAL, NULL, "'%s' is not a URL", f->mirrors[i]), "mirrors", i);
        if (f->ca && !path_is_absolute(f->ca))
                return json_error_set(e, -EINVAL, "ca", "'%s' is not an absolute path", f->ca);
        return 0;
}

static int put(RegistryConfig *c, const char *registry, unsigned layer, const RegistryFile *f, JsonError *e)
{
        Entry *entry = NULL;
        int r;

        for (size_t i = 0; i < c->n; i++)
                if (streq(c->entries[i].registry, registry))
                        entry = &c->entries[i];
        if (entry && entry->layer == layer)
                return json_error_set(e, -EEXIST, NULL, "registry '%s' is described in this directory already",
                                      registry);
        if (!entry) {
                r = ARRAY_GROW(c->entries, c->n_allocated, c->n, 1);
                if (r < 0)
                        return r;
                entry = &c->entries[c->n++];
                *entry = (Entry) { .registry = strdup(registry) };
                if (!entry->registry)
                        return -ENOMEM;
        }
        settings_done(&entry->settings);
        entry->layer = layer;
        entry->settings = (RegistrySettings) {
                .mirrors = strv_copy(f->mirrors),
                .plain_http = f->http,
                .insecure_tls = !tristate_or(f->tls_verify, true),
                .ca = f->ca ? strdup(f->ca) : NULL,
        };
        return (f->mirrors && !entry->settings.mirrors) || (f->ca && !entry->settings.ca) ? -ENOMEM : 0;
}

static void registry_file_done(RegistryFile *f)
{
        json_table_free(registry_file_table, f);
}

static int read_file(json_object *o, unsigned layer, void *userdata, JsonError *e)
{
        _cleanup_(registry_file_done) RegistryFile f = {};
        int r;

        r = json_table_read(registry_file_table, o, &f, e);
        if (r < 0)
                return r;
        r = check(&f, e);
        if (r < 0)
                return r;
        STRV_FOREACH(registry, f.registries) {
                r = put(userdata, *registry, layer, &f, e);
                if (r < 0)
                        return r;
        }
        return 0;
}

int registry_config_read(const char *const *config_roots, RegistryConfig **ret, char **reterr_message)
{
        static const ConfigKind kinds[] = { { "registries", read_file }, {} };
        _cleanup_(registry_config_freep) RegistryConfig *c = new0(RegistryConfig, 1);
        int r;

        if (!c)
                return -ENOMEM;
        r = config_dir_read(config_roots, "registries.d", kinds, c, reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

const RegistrySettings *registry_config_find(const RegistryConfig *c, const char *registry)
{
        static const RegistrySettings none = {};

        for (size_t i = 0; i < c->n; i++)
                if (streq(c->entries[i].registry, registry))
                        return &c->entries[i].settings;
        return &none;
}

static int add_certificates(const char *path, char **pem, char **reterr_message)
{
        _cleanup_free_ char *text = NULL;
        char *longer;
        int r;

        r = read_file_at(AT_FDCWD, path, CERTIFICATES_MAX, &text, NULL);
        if (r < 0)
                return explain(reterr_message, r, "%s: %s", path, strerror(-r));
        longer = strjoin(strempty(*pem), text, "\n");
        free(*pem);
        *pem = longer;
        return longer ? 0 : -ENOMEM;
}

int registry_config_authorities(const RegistrySettings *settings, const char *registry, char **ret,
                                char **reterr_message)
{
        static const char *const directories[] = { "/etc/containers/certs.d", "/etc/docker/certs.d" };
        _cleanup_free_ char *pem = NULL;
        int r;

        if (settings->ca) {
                r = add_certificates(settings->ca, &pem, reterr_message);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                _cleanup_free_ char *directory = path_join(directories[i], registry);
                _cleanup_strv_free_ char **names = NULL;

                if (!directory)
                        return -ENOMEM;
                r = list_directory_at(AT_FDCWD, directory, &names);
                if (r < 0)
                        return r;
                STRV_FOREACH(name, names) {
                        _cleanup_free_ char *path = path_join(directory, *name);

                        if (!path)
                                return -ENOMEM;
                        if (!endswith(*name, ".crt"))
                                continue;
                        r = add_certificates(path, &pem, reterr_message);
                        if (r < 0)
                                return r;
                }
        }
        *ret = TAKE_PTR(pem);
        return 0;
}
