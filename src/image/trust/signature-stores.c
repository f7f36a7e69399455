/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "image/trust/keystore.h"
#include "image/trust/signature-stores.h"
#include "shared/config-dir.h"

typedef struct File {
        char **prefixes;
        char *store;
} File;

static const JsonField file_table[] = {
        { "prefixes", &json_strv, offsetof(File, prefixes), JSON_MANDATORY | JSON_NONEMPTY },
        { "store", &json_string, offsetof(File, store), JSON_MANDATORY | JSON_NONEMPTY },
        {}
};

void signature_stores_done(SignatureStores *stores)
{
        for (size_t i = 0; i < stores->n; i++) {
                free(stores->stores[i].prefix);
                free(stores->stores[i].store);
        }
        free(stores->stores);
        *stores = (SignatureStores) {};
}

/* Normalises "https://host/path/" and "file:///dir", of which only the path remains. */
static int normalize_store(const char *s, char **ret)
{
        const char *file = startswith(s, "file://"), *host = startswith(s, "https://") ?: startswith(s, "http://");
        char *copy;
        size_t n;

        if (host ? *host == 0 || *host == '/' || strpbrk(s, " ?#") || !string_is_ascii_printable(s)
                 : !path_is_absolute(file ?: s))
                return -EINVAL;
        copy = strdup(file ?: s);
        if (!copy)
                return -ENOMEM;
        for (n = strlen(copy); n > 1 && copy[n - 1] == '/'; n--)
                copy[n - 1] = 0;
        *ret = copy;
        return 0;
}

static SignatureStore *find_prefix(SignatureStores *stores, const char *prefix)
{
        for (size_t i = 0; i < stores->n; i++)
                if (streq(stores->stores[i].prefix, prefix))
                        return &stores->stores[i];
        return NULL;
}

static int add(SignatureStores *stores, const char *prefix, const char *store, unsigned layer, JsonError *e)
{
        SignatureStore *entry = find_prefix(stores, prefix);
        int r;

        if (!key_prefix_is_valid(prefix))
                return json_error_set(e, -EINVAL, "prefixes", "'%s' cannot be the prefix of an image's name", prefix);
        if (entry && entry->layer == layer)
                return json_error_set(e, -EEXIST, "prefixes", "'%s' is in another file of this directory too", prefix);
        if (!entry) {
                r = ARRAY_GROW(stores->stores, stores->n_allocated, stores->n, 1);
                if (r < 0)
                        return r;
                entry = &stores->stores[stores->n];
                *entry = (SignatureStore) { .prefix = strdup(prefix) };
                if (!entry->prefix)
                        return -ENOMEM;
                stores->n++;
        }
        entry->layer = layer;
        return free_and_strdup(&entry->store, store);
}

static void file_done(File *file)
{
        json_table_free(file_table, file);
}

static int read_file(json_object *o, unsigned layer, void *userdata, JsonError *e)
{
        _cleanup_free_ char *store = NULL;
        _cleanup_(file_done) File file = {};
        int r;

        r = json_table_read(file_table, o, &file, e);
        if (r < 0)
                return r;
        r = normalize_store(file.store, &store);
        if (r == -EINVAL)
                return json_error_set(e, r, "store",
                                      "'%s' is neither a URL (https:, http:, file:) nor an absolute path", file.store);
        if (r < 0)
                return r;
        STRV_FOREACH(prefix, file.prefixes) {
                r = add(userdata, *prefix, store, layer, e);
                if (r < 0)
                        return r;
        }
        return 0;
}

int signature_stores_read(const char *const *roots, SignatureStores *ret, char **reterr_message)
{
        static const ConfigKind kinds[] = { { "signatures", read_file }, {} };
        SignatureStores stores = {};
        int r;

        r = config_dir_read(roots, "signatures.d", kinds, &stores, reterr_message);
        if (r < 0) {
                signature_stores_done(&stores);
                return r;
        }
        *ret = stores;
        return 0;
}

int signature_stores_find(const SignatureStores *stores, const char *name, char ***ret)
{
        _cleanup_free_ char *prefix = strdup(name);
        _cleanup_strv_free_ char **found = NULL;

        if (!prefix)
                return -ENOMEM;
        for (;;) {
                SignatureStore *entry = find_prefix((SignatureStores *) stores, prefix);
                char *slash = strrchr(prefix, '/');
                int r;

                if (entry && !strv_contains(found, entry->store)) {
                        r = strv_extend(&found, entry->store);
                        if (r < 0)
                                return r;
                }
                if (!slash)
                        break;
                *slash = 0;
        }
        *ret = TAKE_PTR(found);
        return 0;
}
