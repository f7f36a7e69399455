/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <unistd.h>

#include "basic/path.h"
#include "image/transport/credential-helper.h"
#include "image/transport/credentials.h"
#include "image/transport/login-file.h"
#include "shared/config-dir.h"
#include "shared/explain.h"

typedef struct Entry {
        char *key;              /* a host, or a registry, optionally followed by the beginning of a repository */
        bool registry;
        unsigned layer;
        Credential credential;
} Entry;

/* What a helper has said, or why it failed: it is asked once, since one that hangs takes half a minute. */
typedef struct Answer {
        char *helper, *server;
        int result;     /* of CredentialHelperGet */
        char *message;
        Credential credential;
} Answer;

struct Credentials {
        Entry *entries;         /* of rkt's files */
        size_t n, n_allocated;
        LoginFile *files;       /* in the order of precedence */
        size_t n_files, n_files_allocated;
        Answer **answers;       /* results of ours point into them */
        size_t n_answers, n_answers_allocated;
        LoginFile *given;       /* for this purpose alone */
        size_t n_given, n_given_allocated;
        CredentialHelperGet get;
};

static Answer *answer_free(Answer *a)
{
        if (!a)
                return NULL;
        free(a->helper);
        free(a->server);
        free(a->message);
        credential_done(&a->credential);
        return mfree(a);
}
DEFINE_TRIVIAL_CLEANUP_FUNC(Answer *, answer_free);

Credentials *credentials_free(Credentials *c)
{
        if (!c)
                return NULL;
        for (size_t i = 0; i < c->n; i++) {
                free(c->entries[i].key);
                credential_done(&c->entries[i].credential);
        }
        for (size_t i = 0; i < c->n_files; i++)
                login_file_done(&c->files[i]);
        for (size_t i = 0; i < c->n_given; i++)
                login_file_done(&c->given[i]);
        for (size_t i = 0; i < c->n_answers; i++)
                answer_free(c->answers[i]);
        free(c->given);
        free(c->entries);
        free(c->files);
        free(c->answers);
        return mfree(c);
}

static int add(Credentials *c, const char *key, bool registry, unsigned layer, const Credential *credential)
{
        Entry *e;
        int r;

        r = ARRAY_GROW(c->entries, c->n_allocated, c->n, 1);
        if (r < 0)
                return r;
        e = &c->entries[c->n++];
        *e = (Entry) { .key = strdup(key), .registry = registry, .layer = layer };
        return e->key ? credential_copy(credential, &e->credential) : -ENOMEM;
}

/* rkt's files */

typedef struct Secrets {
        char *user, *password;
        char *token;
        char *access_key, *secret_key, *region;
} Secrets;

typedef struct AuthFile {
        char **domains;
        char **registries;
        char *type;
        Secrets credentials;
} AuthFile;

static const JsonField secrets_table[] = {
        { "user", &json_string, offsetof(Secrets, user) },
        { "password", &json_string, offsetof(Secrets, password) },
        { "token", &json_string, offsetof(Secrets, token) },
        { "accessKeyID", &json_string, offsetof(Secrets, access_key) },
        { "secretAccessKey", &json_string, offsetof(Secrets, secret_key) },
        { "awsRegion", &json_string, offsetof(Secrets, region) },
        {}
};
static const JsonType secrets_type = JSON_STRUCT(Secrets, secrets_table, NULL);

static const JsonField auth_table[] = {
        { "domains", &json_strv, offsetof(AuthFile, domains), JSON_MANDATORY | JSON_NONEMPTY },
        { "type", &json_string, offsetof(AuthFile, type), JSON_MANDATORY },
        { "credentials", &secrets_type, offsetof(AuthFile, credentials), JSON_MANDATORY },
        {}
};

static const JsonField docker_auth_table[] = {
        { "registries", &json_strv, offsetof(AuthFile, registries), JSON_MANDATORY | JSON_NONEMPTY },
        { "credentials", &secrets_type, offsetof(AuthFile, credentials), JSON_MANDATORY },
        {}
};

static void auth_done(AuthFile *f)
{
        json_table_free(auth_table, f);
}

static void docker_auth_done(AuthFile *f)
{
        json_table_free(docker_auth_table, f);
}

static int need(const char *value, const char *member, JsonError *e)
{
        return isempty(value) ? json_error_set(e, -EINVAL, member, "is missing or empty") : 0;
}

static int basic_credential(const AuthFile *f, Credential *ret, JsonError *e)
{
        int r;

        *ret = (Credential) { .user = f->credentials.user, .password = f->credentials.password };
        r = need(f->credentials.user, "credentials.user", e);
        return r < 0 ? r : need(f->credentials.password, "credentials.password", e);
}

static int oauth_credential(const AuthFile *f, Credential *ret, JsonError *e)
{
        *ret = (Credential) { .bearer = f->credentials.token };
        return need(f->credentials.token, "credentials.token", e);
}

static int aws_credential(const AuthFile *f, Credential *ret, JsonError *e)
{
        int r;

        *ret = (Credential) {
                .user = f->credentials.access_key,
                .password = f->credentials.secret_key,
                .aws_region = f->credentials.region ?: (char *) "", /* derived from the host */
        };
        r = need(f->credentials.access_key, "credentials.accessKeyID", e);
        return r < 0 ? r : need(f->credentials.secret_key, "credentials.secretAccessKey", e);
}

static const struct {
        const char *type;
        int (*make)(const AuthFile *f, Credential *ret, JsonError *e);
} auth_types[] = {
        { "basic", basic_credential },
        { "oauth", oauth_credential },
        { "aws", aws_credential },
};

static int make_credential(const AuthFile *f, Credential *ret, JsonError *e)
{
        for (size_t i = 0; i < ELEMENTSOF(auth_types); i++)
                if (streq(auth_types[i].type, f->type))
                        return auth_types[i].make(f, ret, e);
        return json_error_set(e, -EINVAL, "type", "'%s' is not known", f->type);
}

/* An entry of a later layer replaces one of an earlier; within one layer a key may occur once. */
static int put(Credentials *c, const char *key, bool registry, unsigned layer, const Credential *credential,
               JsonError *e)
{
        for (size_t i = 0; i < c->n; i++) {
                Entry *old = &c->entries[i];

                if (old->registry != registry || !streq(old->key, key))
                        continue;
                if (old->layer == layer)
                        return json_error_set(e, -EEXIST, NULL,
                                              "there are credentials for '%s' in this directory already", key);
                free(old->key);
                credential_done(&old->credential);
                *old = c->entries[--c->n];
                break;
        }
        return add(c, key, registry, layer, credential);
}

/* "s3.eu-west-1.amazonaws.com", "s3-eu-west-1.amazonaws.com", each also with a bucket before it. */
static char *aws_region_of_host(const char *host)
{
        const char *end = strstr(host, ".amazonaws.com");

        for (const char *p = host; end && p < end; p += strcspn(p, ".") + 1) {
                const char *rest = startswith(p, "s3.") ?: startswith(p, "s3-");

                if (rest && rest < end)
                        return strndup(rest, (size_t) (end - rest));
        }
        return strdup("us-east-1");
}

static int put_for(Credentials *c, const char *key, bool registry, unsigned layer, const Credential *credential,
                   JsonError *e)
{
        _cleanup_free_ char *region = NULL;
        Credential own = *credential;

        if (own.aws_region && !*own.aws_region) {
                own.aws_region = region = aws_region_of_host(key);
                if (!region)
                        return -ENOMEM;
        }
        return put(c, key, registry, layer, &own, e);
}

static int take_file(const AuthFile *f, bool registry, unsigned layer, Credentials *c, JsonError *e)
{
        Credential credential = {};
        int r;

        r = registry ? basic_credential(f, &credential, e) : make_credential(f, &credential, e);
        if (r < 0)
                return r;
        STRV_FOREACH(key, registry ? f->registries : f->domains) {
                r = put_for(c, *key, registry, layer, &credential, e);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int read_auth(json_object *o, unsigned layer, void *userdata, JsonError *e)
{
        _cleanup_(auth_done) AuthFile f = {};
        int r;

        r = json_table_read(auth_table, o, &f, e);
        return r < 0 ? r : take_file(&f, false, layer, userdata, e);
}

static int read_docker_auth(json_object *o, unsigned layer, void *userdata, JsonError *e)
{
        _cleanup_(docker_auth_done) AuthFile f = {};
        int r;

        r = json_table_read(docker_auth_table, o, &f, e);
        return r < 0 ? r : take_file(&f, true, layer, userdata, e);
}

static const ConfigKind auth_kinds[] = {
        { "auth", read_auth },
        { "dockerAuth", read_docker_auth },
        {}
};

/* In the form of a file for one domain or registry. */

static void secrets_of(const Entry *e, AuthFile *f)
{
        const Credential *c = &e->credential;

        if (c->bearer) {
                f->type = (char *) "oauth";
                f->credentials.token = c->bearer;
        } else if (c->aws_region) {
                f->type = (char *) "aws";
                f->credentials =
                        (Secrets) { .access_key = c->user, .secret_key = c->password, .region = c->aws_region };
        } else {
                f->type = (char *) "basic";
                f->credentials = (Secrets) { .user = c->user, .password = c->password };
        }
}

static int entry_to_json(const Entry *e, json_object *array)
{
        char *keys[] = { e->key, NULL };
        AuthFile f = { .domains = keys, .registries = keys };
        json_object *o = NULL;
        int r;

        secrets_of(e, &f);
        r = json_table_write(e->registry ? docker_auth_table : auth_table, &f, &o);
        if (r < 0)
                return r;
        config_file_header(o, e->registry ? "dockerAuth" : "auth");
        (void) json_object_array_add(array, o);
        return 0;
}

static int compare_entries(const void *a, const void *b)
{
        const Entry *x = *(const Entry *const *) a, *y = *(const Entry *const *) b;

        return x->registry != y->registry ? (int) x->registry - (int) y->registry : strcmp(x->key, y->key);
}

/* Files of docker and podman */

static int read_logins(Credentials *c, const char *path, char **reterr_message)
{
        int r = ARRAY_GROW(c->files, c->n_files_allocated, c->n_files, 1);

        if (r < 0)
                return r;
        r = login_file_read(path, &c->files[c->n_files], reterr_message);
        if (r > 0)
                c->n_files++;
        return MIN(r, 0);
}

int credentials_add_logins(Credentials *c, const char *text, char **reterr_message)
{
        int r = ARRAY_GROW(c->given, c->n_given_allocated, c->n_given, 1);

        if (r >= 0)
                r = login_file_parse(text, strlen(text), &c->given[c->n_given], reterr_message);
        if (r >= 0)
                c->n_given++;
        return r;
}

static int read_all_logins(Credentials *c, char **reterr_message)
{
        _cleanup_free_ char *runtime = strprintf("/run/containers/%u/auth.json", geteuid());
        const struct {
                const char *variable;   /* NULL: the path stands for itself; without its value there is no such file */
                const char *path;       /* below it; NULL: the value is the path */
        } files[] = {
                { "REGISTRY_AUTH_FILE", NULL },
                { "XDG_RUNTIME_DIR", "containers/auth.json" },
                { NULL, runtime },
                { "XDG_CONFIG_HOME", "containers/auth.json" },
                { "HOME", ".config/containers/auth.json" },
                { "DOCKER_CONFIG", "config.json" },
                { "HOME", ".docker/config.json" },
        };

        if (!runtime)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                const char *value = files[i].variable ? getenv(files[i].variable) : "";
                _cleanup_free_ char *path = NULL;
                int r;

                if (!value || (files[i].variable && !*value))
                        continue;
                path = !files[i].variable ? strdup(files[i].path)
                       : files[i].path    ? path_join(value, files[i].path)
                                          : strdup(value);
                /* Nobody has said that there is one, and its directory may be root's. */
                if (path && !files[i].variable && faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) < 0)
                        continue;
                r = path ? read_logins(c, path, reterr_message) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        return 0;
}

int credentials_to_json(const Credentials *c, json_object *array)
{
        _cleanup_free_ const Entry **sorted = new0(const Entry *, c->n + 1);
        size_t n = 0;

        if (!sorted)
                return -ENOMEM;
        for (size_t i = 0; i < c->n; i++)
                sorted[n++] = &c->entries[i];
        if (n > 0)
                qsort(sorted, n, sizeof(Entry *), compare_entries);
        for (size_t i = 0; i < n; i++) {
                int r = entry_to_json(sorted[i], array);
                if (r < 0)
                        return r;
        }
        return 0;
}

typedef int (*ReadConfig)(const char *const *roots, const char *directory, const ConfigKind *kinds, void *userdata,
                          char **reterr_message);

static int read_config(const char *const *config_roots, ReadConfig read, Credentials **ret, char **reterr_message)
{
        _cleanup_(credentials_freep) Credentials *c = new0(Credentials, 1);
        int r;

        if (!c)
                return -ENOMEM;
        c->get = credential_helper_get;
        r = read(config_roots, "auth.d", auth_kinds, c, reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

int credentials_read_config(const char *const *config_roots, Credentials **ret, char **reterr_message)
{
        return read_config(config_roots, config_dir_read, ret, reterr_message);
}

int credentials_read(const char *const *config_roots, Credentials **ret, char **reterr_message)
{
        _cleanup_(credentials_freep) Credentials *c = NULL;
        int r;

        r = read_config(config_roots, config_dir_read_readable, &c, reterr_message);
        if (r < 0)
                return r;
        r = read_all_logins(c, reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

/* Looking */

/* Maps the many names of one registry to one. */
static const char *canonical(const char *registry)
{
        static const char *const hub[] = { "docker.io", "index.docker.io", "registry-1.docker.io" };

        for (size_t i = 0; i < ELEMENTSOF(hub); i++)
                if (streq(registry, hub[i]))
                        return hub[0];
        return registry;
}

/* How much of the name the key covers, component by component; 0: the key does not match. */
static size_t covers(const char *key, const char *registry, const char *repository)
{
        _cleanup_free_ char *host = strndup(key, strcspn(key, "/"));
        const char *below = key + strcspn(key, "/");
        size_t n;

        if (!host || !streq(canonical(host), canonical(registry)))
                return 0;
        below += strspn(below, "/");
        n = strlen(below);
        if (n > 0 && (strncmp(repository, below, n) != 0 || (repository[n] != 0 && repository[n] != '/')))
                return 0;
        return n + 1;
}

static const Credential *find_entry(const Credentials *c, const char *registry, const char *repository)
{
        const Entry *best = NULL;
        size_t best_n = 0;

        for (size_t i = 0; i < c->n; i++) {
                const Entry *e = &c->entries[i];
                size_t n = e->registry ? covers(e->key, registry, repository) : 0;

                if (n > best_n) {
                        best = e;
                        best_n = n;
                }
        }
        return best ? &best->credential : NULL;
}

/* The first of equally good ones, and the file that it is in; without one, all files are before it. */
static const Credential *find_login(const LoginFile *files, size_t n_files, const char *registry,
                                    const char *repository, size_t *ret_file)
{
        const Credential *best = NULL;
        size_t best_n = 0;

        *ret_file = n_files;
        for (size_t i = 0; i < n_files; i++)
                for (size_t j = 0; j < files[i].n_logins; j++) {
                        const Login *login = &files[i].logins[j];
                        size_t n = covers(login->key, registry, repository);

                        if (n > best_n) {
                                best = &login->credential;
                                best_n = n;
                                *ret_file = i;
                        }
                }
        return best;
}

/* NULL: the file's own logins count. */
static const char *find_helper(const LoginFile *f, const char *registry, const char *repository,
                               const char **ret_server)
{
        const LoginHelper *best = NULL;
        size_t best_n = 0;

        for (size_t i = 0; i < f->n_helpers; i++) {
                size_t n = covers(f->helpers[i].key, registry, repository);

                if (n > best_n) {
                        best = &f->helpers[i];
                        best_n = n;
                }
        }
        if (best) {
                *ret_server = best->server;
                return *best->name ? best->name : NULL;
        }
        /* By which name docker keeps its own registry. */
        *ret_server = streq(canonical(registry), "docker.io") ? "https://index.docker.io/v1/" : registry;
        return f->store;
}

static int put_answer(Credentials *c, const char *helper, const char *server, Answer **ret)
{
        _cleanup_(answer_freep) Answer *a = new0(Answer, 1);
        int r;

        r = a ? ARRAY_GROW(c->answers, c->n_answers_allocated, c->n_answers, 1) : -ENOMEM;
        if (r < 0)
                return r;
        a->helper = strdup(helper);
        a->server = strdup(server);
        if (!a->helper || !a->server)
                return -ENOMEM;
        a->result = c->get(helper, server, &a->credential, &a->message);
        if (a->result == -ENOMEM)
                return -ENOMEM;
        *ret = c->answers[c->n_answers++] = TAKE_PTR(a);
        return 0;
}

static int ask(Credentials *c, const char *helper, const char *server, const char *path, const Credential **ret,
               char **reterr_message)
{
        Answer *a = NULL;
        int r;

        for (size_t i = 0; !a && i < c->n_answers; i++)
                if (streq(c->answers[i]->helper, helper) && streq(c->answers[i]->server, server))
                        a = c->answers[i];
        if (!a) {
                r = put_answer(c, helper, server, &a);
                if (r < 0)
                        return r;
        }
        if (a->result < 0)
                return explain(reterr_message, a->result, "%s: %s", path, explained(a->message, a->result));
        *ret = a->result == 0 ? NULL : &a->credential;
        return 0;
}

int credentials_for_registry(Credentials *c, const char *registry, const char *repository, const Credential **ret,
                             char **reterr_message)
{
        const Credential *found;
        size_t file;

        found = find_login(c->given, c->n_given, registry, repository, &file) ?: find_entry(c, registry, repository);
        if (found) {
                *ret = found;
                return 0;
        }
        *ret = find_login(c->files, c->n_files, registry, repository, &file);
        /* In each file, helpers come before logins. */
        for (size_t i = 0; !found && i < c->n_files && i <= file; i++) {
                const char *server, *helper = find_helper(&c->files[i], registry, repository, &server);
                int r = helper ? ask(c, helper, server, c->files[i].path, &found, reterr_message) : 0;

                if (r < 0)
                        return r;
        }
        if (found)
                *ret = found;
        return 0;
}

void credentials_set_helper(Credentials *c, CredentialHelperGet get)
{
        c->get = get;
}

const Credential *credentials_for_host(const Credentials *c, const char *host)
{
        for (size_t i = 0; i < c->n; i++)
                if (!c->entries[i].registry && streq(c->entries[i].key, host))
                        return &c->entries[i].credential;
        return NULL;
}
