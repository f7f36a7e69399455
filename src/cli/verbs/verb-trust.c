/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "basic/log.h"
#include "cli/images/trust-keys.h"
#include "cli/terminal/results.h"
#include "cli/terminal/table.h"
#include "cli/verbs/verbs.h"
#include "image/trust/key-file.h"
#include "shared/explain.h"

typedef struct TrustArgs {
        char *prefix;
        char **remove;
        char *format;
        bool root;
        bool list;
        bool skip_review;
        bool allow_http;
} TrustArgs;

static const Option options[] = {
        RESULTS_OPTION(TrustArgs, format),
        { "insecure-allow-http", &option_bool, offsetof(TrustArgs, allow_http), NULL, "Take keys from http: URLs too" },
        { "list", &option_bool, offsetof(TrustArgs, list), NULL, "List the trusted keys" },
        { "prefix", &option_string, offsetof(TrustArgs, prefix), "PREFIX",
          "Trust the keys for images whose names begin with PREFIX" },
        { "remove", &option_strv, offsetof(TrustArgs, remove), "FINGERPRINT", "Stop trusting this key" },
        { "root", &option_bool, offsetof(TrustArgs, root), NULL, "Trust the keys for every image" },
        { "skip-fingerprint-review", &option_bool, offsetof(TrustArgs, skip_review), NULL, "Do not ask" },
        {},
};

static int read_key(const TrustedKey *key, KeyFile *ret, char **reterr_message)
{
        _cleanup_free_ char *data = NULL;
        size_t n;
        int r = trusted_key_read(key, &data, &n, reterr_message);

        return r < 0 ? r : key_file_parse(data, n, ret, reterr_message);
}

/* What is shown of a key's file: its first identity, or what is wrong. */
static char *describe(const TrustedKey *key)
{
        _cleanup_free_ char *message = NULL, *text = NULL;
        KeyFile f = {};
        int r;

        if (key->masked)
                return strdup("");
        r = read_key(key, &f, &message);
        if (r < 0)
                return strprintf("broken: %s", explained(message, r));
        for (size_t i = 0; i < f.n && !text; i++)
                if (streq(f.keys[i].fingerprint, key->fingerprint))
                        text = strprintf("%s%s%s", f.keys[i].identities ? f.keys[i].identities[0] : "",
                                         f.keys[i].problem ? ": " : "", strempty(f.keys[i].problem));
        if (!text)
                text = strprintf("broken: holds another key, %s", f.keys[0].fingerprint);
        key_file_done(&f);
        return TAKE_PTR(text);
}

static const char *origin(const TrustedKey *key)
{
        return key->masked ? "masked" : key->local ? "local" : "system";
}

static int print_table(const TrustedKeys *keys)
{
        _cleanup_(table_done) Table t = { .n_columns = 5, .flexible = TABLE_COLUMN(2) | TABLE_COLUMN(4) };

        if (table_add_legend(&t, (const char *[]) { "KEY", "KIND", "TRUSTED FOR", "FROM", "IDENTITY" }) < 0)
                return log_oom();
        for (size_t i = 0; i < keys->n; i++) {
                const TrustedKey *key = &keys->keys[i];
                _cleanup_free_ char *identity = describe(key);

                if (table_add_row(&t, (const char *[]) { key->fingerprint, key_kind_to_string(key->kind),
                                                         key->prefix ?: "every image", origin(key), identity }) < 0)
                        return log_oom();
        }
        return table_print(&t, stdout) < 0 ? log_oom() : 0;
}

static json_object *key_to_json(const TrustedKey *key)
{
        json_object *o = json_object_new_object();
        _cleanup_free_ char *identity = describe(key);

        (void) json_object_object_add(o, "fingerprint", json_object_new_string(key->fingerprint));
        (void) json_object_object_add(o, "kind", json_object_new_string(key_kind_to_string(key->kind)));
        (void) json_object_object_add(o, "prefix", key->prefix ? json_object_new_string(key->prefix) : NULL);
        (void) json_object_object_add(o, "from", json_object_new_string(origin(key)));
        (void) json_object_object_add(o, "path", json_object_new_string(key->path));
        (void) json_object_object_add(o, "identity", json_object_new_string(strempty(identity)));
        return o;
}

static int list(Context *c, const TrustArgs *args)
{
        const Keystore keystore = context_keystore(c);
        _cleanup_json_object_ json_object *array = NULL;
        _cleanup_free_ char *message = NULL;
        TrustedKeys keys = {};
        int r;

        r = keystore_list(&keystore, args->prefix, args->root, &keys, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot read the keys");
        if (args->format) {
                array = json_object_new_array();
                for (size_t i = 0; i < keys.n; i++)
                        (void) json_object_array_add(array, key_to_json(&keys.keys[i]));
                (void) print_json(array, args->format);
        } else
                r = print_table(&keys);
        trusted_keys_done(&keys);
        return r;
}

/* gpg prints fingerprints in capitals and with spaces. */
static int normalize_fingerprint(const char *text, char **ret)
{
        char *s = new0(char, strlen(text) + 1), *p = s;

        if (!s)
                return log_oom();
        for (; *text; text++)
                if (*text != ' ')
                        *p++ = (char) tolower((unsigned char) *text);
        *ret = s;
        return key_kind_of_fingerprint(s) >= 0
                       ? 0
                       : log_error_errno(EINVAL,
                                         "'%s' is not the fingerprint of a key; 'podctl trust --list' has those "
                                         "that are trusted",
                                         s);
}

static int remove_one(const Keystore *keystore, const TrustedKey *key, const Results *results)
{
        _cleanup_free_ char *message = NULL;
        bool masked;
        int r;

        r = keystore_remove(keystore, key->prefix, key->fingerprint, &masked, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot remove key %s", key->fingerprint);
        if (results_add(results, { "action", masked ? "masked" : "removed" }, { "fingerprint", key->fingerprint },
                        { "kind", key_kind_to_string(key->kind) }, { "prefix", key->prefix }))
                return 0;
        (void) printf("%s key %s for %s\n", masked ? "Masked the vendor's" : "Removed", key->fingerprint,
                      key->prefix ?: "every image");
        return 0;
}

static int remove_key(Context *c, const TrustArgs *args, const char *text, const Results *results)
{
        const Keystore keystore = context_keystore(c);
        _cleanup_free_ char *fingerprint = NULL, *message = NULL;
        TrustedKeys keys = {};
        size_t n = 0;
        int r;

        r = normalize_fingerprint(text, &fingerprint);
        if (r < 0)
                return r;
        r = keystore_list(&keystore, args->prefix, args->root, &keys, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot read the keys");
        for (size_t i = 0; i < keys.n && r >= 0; i++)
                if (!keys.keys[i].masked && streq(keys.keys[i].fingerprint, fingerprint)) {
                        r = remove_one(&keystore, &keys.keys[i], results);
                        n++;
                }
        trusted_keys_done(&keys);
        if (r < 0)
                return r;
        if (n == 0)
                return log_error_errno(ENOENT, "Key %s is not trusted%s%s", fingerprint,
                                       args->prefix || args->root ? " for " : "",
                                       args->root ? "every image" : strempty(args->prefix));
        return r;
}

static int check(TrustArgs *args, char **words)
{
        bool adding = !args->list && !args->remove;

        if (args->prefix && args->root)
                return log_error_errno(EINVAL, "Options --prefix and --root exclude each other");
        if (args->list && args->remove)
                return log_error_errno(EINVAL, "Options --list and --remove exclude each other");
        if (!adding && words[0])
                return log_error_errno(EINVAL, "Option --%s takes no keys, but there is '%s'",
                                       args->list ? "list" : "remove", words[0]);
        if (args->prefix && strstr(args->prefix, "://"))
                return log_error_errno(EINVAL, "Option --prefix takes the beginning of a name, without '%.*s'",
                                       (int) (strstr(args->prefix, "://") + 3 - args->prefix), args->prefix);
        if (args->prefix && !key_prefix_is_valid(args->prefix))
                return log_error_errno(EINVAL, "Option --prefix: '%s' cannot be the beginning of an image's name, "
                                       "without tag or digest", args->prefix);
        if (adding && !args->prefix && !args->root)
                return log_error_errno(EINVAL, "For which images? Give --prefix=NAME, or --root for all of them");
        if (adding && args->root && !words[0])
                return log_error_errno(EINVAL, "Option --root needs a key: a file or a URL");
        return 0;
}

static int remove_keys(Context *c, const TrustArgs *args, const Results *results)
{
        STRV_FOREACH(text, args->remove) {
                int r = remove_key(c, args, *text, results);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_keys(Context *c, const TrustArgs *args, char **words, const Results *results)
{
        TrustKeys how = { .prefix = args->prefix, .skip_review = args->skip_review, .results = results };

        how.allow_http = args->allow_http || context_is_insecure(c, "pubkey");
        if (how.allow_http && strv_extend(&c->insecure, "http") < 0)
                return log_oom();
        if (!words[0])
                return trust_discovered_keys(c, &how);
        STRV_FOREACH(location, words) {
                int r = trust_keys_at(c, &how, *location);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        TrustArgs *args = userdata;
        _cleanup_(results_done) Results results = results_new(args->format);
        int r;

        r = check(args, words);
        if (r < 0)
                return r;
        if (args->list)
                return list(c, args);
        r = args->remove ? remove_keys(c, args, &results) : add_keys(c, args, words, &results);
        results_print(&results);
        return r;
}

const Verb verb_trust = {
        .name = "trust",
        .usage = "[FILE|URL…]",
        .summary = "Trust keys that images are signed with",
        .options = options,
        .args_size = sizeof(TrustArgs),
        .max_words = -1,
        .completes = "FILE",
        .run = run,
};
