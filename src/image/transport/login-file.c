/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "basic/base64.h"
#include "image/transport/credential-helper.h"
#include "image/transport/login-file.h"
#include "shared/explain.h"
#include "shared/json-table.h"

void login_file_done(LoginFile *f)
{
        for (size_t i = 0; i < f->n_logins; i++) {
                free(f->logins[i].key);
                credential_done(&f->logins[i].credential);
        }
        for (size_t i = 0; i < f->n_helpers; i++) {
                free(f->helpers[i].key);
                free(f->helpers[i].server);
                free(f->helpers[i].name);
        }
        free(f->logins);
        free(f->helpers);
        free(f->store);
        free(f->path);
        *f = (LoginFile) {};
}

/* Keys are "HOST[/REPOSITORY]", or as of old "https://HOST/v1/". */
static char *login_key(const char *key)
{
        const char *rest = startswith(key, "https://") ?: startswith(key, "http://"), *end;

        if (!rest)
                return strdup(key);
        end = strstr(rest, "/v1") ?: strstr(rest, "/v2");
        return end ? strndup(rest, (size_t) (end - rest)) : strdup(rest);
}

/* Logins */

typedef struct DockerAuth {
        char *auth;
        char *user, *password;
        char *identity_token;
        char *registry_token;
} DockerAuth;

static const JsonField login_table[] = {
        { "auth", &json_string, offsetof(DockerAuth, auth) },
        { "username", &json_string, offsetof(DockerAuth, user) },
        { "password", &json_string, offsetof(DockerAuth, password) },
        { "identitytoken", &json_string, offsetof(DockerAuth, identity_token) },
        { "registrytoken", &json_string, offsetof(DockerAuth, registry_token) },
        {}
};

/* "USER:PASSWORD" in base64; some versions pad it with NULs. */
static int split_auth(DockerAuth *a, JsonError *e)
{
        _cleanup_free_ char *pair = NULL;
        size_t n;
        int r;

        if (isempty(a->auth))
                return 0;
        r = base64_decode(a->auth, &pair, &n);
        if (r == -EINVAL || (r >= 0 && !strchr(pair, ':')))
                return json_error_set(e, -EINVAL, "auth", "is not the base64 of USER:PASSWORD");
        if (r < 0)
                return r;
        free(a->user);
        free(a->password);
        a->user = a->password = NULL;
        return split_pair(pair, ':', &a->user, &a->password);
}

static void login_done(DockerAuth *a)
{
        json_table_free(login_table, a);
}

static int put_login(LoginFile *f, const char *key, const Credential *credential)
{
        Login *login;
        int r = ARRAY_GROW(f->logins, f->n_logins_allocated, f->n_logins, 1);

        if (r < 0)
                return r;
        login = &f->logins[f->n_logins++];
        *login = (Login) { .key = login_key(key) };
        return login->key ? credential_copy(credential, &login->credential) : -ENOMEM;
}

static int read_login(LoginFile *f, const char *key, json_object *o, JsonError *e)
{
        _cleanup_(login_done) DockerAuth a = {};
        int r;

        r = json_table_read(login_table, o, &a, e);
        if (r < 0)
                return r;
        r = split_auth(&a, e);
        if (r < 0 || (!a.user && !a.identity_token && !a.registry_token))
                return r;
        return put_login(f, key, &(Credential) {
                .user = a.user, .password = a.password, .identity_token = a.identity_token,
                .bearer = a.registry_token,
        });
}

/* Helpers */

static int put_helper(LoginFile *f, const char *key, const char *name)
{
        LoginHelper *helper;
        int r = ARRAY_GROW(f->helpers, f->n_helpers_allocated, f->n_helpers, 1);

        if (r < 0)
                return r;
        helper = &f->helpers[f->n_helpers++];
        *helper = (LoginHelper) { .key = login_key(key), .server = strdup(key), .name = strdup(name) };
        return helper->key && helper->server && helper->name ? 0 : -ENOMEM;
}

static int check_helper(json_object *o, JsonError *e)
{
        const char *name;

        if (!json_object_is_type(o, json_type_string))
                return json_error_expected(e, json_type_string);
        name = json_object_get_string(o);
        if (*name && !credential_helper_name_is_valid(name))
                return json_error_set(e, -EINVAL, NULL, "'%s' is not a valid name of a credential helper", name);
        return 0;
}

static int read_helper(LoginFile *f, const char *key, json_object *o, JsonError *e)
{
        int r = check_helper(o, e);

        return r < 0 ? r : put_helper(f, key, json_object_get_string(o));
}

static int read_store(LoginFile *f, json_object *o, JsonError *e)
{
        json_object *store;
        int r;

        if (!json_object_object_get_ex(o, "credsStore", &store) || !store)
                return 0;
        r = check_helper(store, e);
        if (r < 0)
                return json_error_below(e, r, "credsStore");
        if (!*json_object_get_string(store))
                return 0;
        f->store = strdup(json_object_get_string(store));
        return f->store ? 0 : -ENOMEM;
}

/* The file */

typedef int (*ReadMember)(LoginFile *f, const char *key, json_object *o, JsonError *e);

/* Members of the wrong kind are ignored below "auths": docker writes such. */
static int read_login_object(LoginFile *f, const char *key, json_object *o, JsonError *e)
{
        return json_object_is_type(o, json_type_object) ? read_login(f, key, o, e) : 0;
}

static int read_members(LoginFile *f, json_object *o, const char *name, ReadMember read, JsonError *e)
{
        json_object *members;

        if (!json_object_object_get_ex(o, name, &members) || !members)
                return 0;
        if (!json_object_is_type(members, json_type_object))
                return json_error_below(e, json_error_expected(e, json_type_object), name);
        json_object_object_foreach(members, key, value) {
                int r = read(f, key, value, e);
                if (r < 0)
                        return json_error_below(e, json_error_below(e, r, key), name);
        }
        return 0;
}

static int read_document(LoginFile *f, json_object *o, JsonError *e)
{
        int r;

        if (!json_object_is_type(o, json_type_object))
                return json_error_expected(e, json_type_object);
        r = read_members(f, o, "auths", read_login_object, e);
        if (r < 0)
                return r;
        r = read_members(f, o, "credHelpers", read_helper, e);
        return r < 0 ? r : read_store(f, o, e);
}

static int parse(const char *path, LoginFile *f, JsonError *e)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = json_parse_file_at(AT_FDCWD, path, &o, e);
        if (r == -ENOENT || r == -ENOTDIR)
                return 0;
        if (r < 0)
                return r;
        f->path = strdup(path);
        r = f->path ? read_document(f, o, e) : -ENOMEM;
        return r < 0 ? r : 1;
}

int login_file_read(const char *path, LoginFile *ret, char **reterr_message)
{
        _cleanup_(login_file_done) LoginFile f = {};
        _cleanup_json_error_ JsonError error = {};
        int r;

        r = parse(path, &f, &error);
        if (r < 0)
                return explain(reterr_message, r, "%s: %s", path, json_error_message(&error, r));
        *ret = TAKE_GENERIC(f, ((LoginFile) {}));
        return r;
}

int login_file_parse(const char *text, size_t n, LoginFile *ret, char **reterr_message)
{
        _cleanup_(login_file_done) LoginFile f = {};
        _cleanup_json_error_ JsonError error = {};
        _cleanup_json_object_ json_object *o = NULL;
        int r = json_parse_memory(text, n, &o, &error);

        if (r >= 0)
                r = json_object_is_type(o, json_type_object) ? read_members(&f, o, "auths", read_login_object, &error)
                                                             : json_error_expected(&error, json_type_object);
        if (r < 0)
                return explain(reterr_message, r, "%s", json_error_message(&error, r));
        *ret = TAKE_GENERIC(f, ((LoginFile) {}));
        return 0;
}
