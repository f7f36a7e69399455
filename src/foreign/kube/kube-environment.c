/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/kube/kube-address.h"
#include "foreign/kube/kube-pod-internal.h"
#include "foreign/yaml/yaml-lines.h"
#include "manifest/ac-types.h"

/* References may stand for others, each for some more: more than this is not meant, whatever a pod could be given. */
#define EXPANDED_MAX YAML_MAX_SIZE
/* Of one text: MAX_ARG_STRLEN of linux/binfmts.h. */
#define TEXT_MAX (128U * 1024)

/* References: "$(NAME)" is the value of a variable, "$$(NAME)" is not one; those to unknown variables stay. */

static int append(char **text, const char *more, size_t n)
{
        char *longer = strprintf("%s%.*s", *text, (int) n, more);

        if (!longer)
                return -ENOMEM;
        free(*text);
        *text = longer;
        return 0;
}

static int refuse_secret(const KubeMake *m, const char *member, const char *name)
{
        return kube_refuse(m, member, "not supported: variable '%s' is a secret, which the pod's manifest would show; "
                           "let a shell expand it", name);
}

/* One reference, at its "$". */
static int expand_one(const KubeMake *m, const AppcPodApp *app, const char *member, const char **p, char **text)
{
        const char *end = strchr(*p, ')'), *value;
        _cleanup_free_ char *name = end ? strndup(*p + 2, (size_t) (end - *p - 2)) : NULL;
        int r;

        if (!end)
                return append(text, (*p)++, 1);
        if (!name)
                return -ENOMEM;
        for (size_t i = 0; i < app->n_credentials; i++)
                if (streq_ptr(app->credentials[i].variable, name))
                        return *p = end + 1, refuse_secret(m, member, name);
        value = strv_env_get(app->options->environment, name);
        r = value ? append(text, value, strlen(value)) : append(text, *p, (size_t) (end + 1 - *p));
        *p = end + 1;
        return r;
}

/* "$$(NAME)" of an address, which is filled in later: that knows no other spelling for what it is to leave alone. */
static int check_escaped(const KubeMake *m, const AppcPodApp *app, const char *member, const char *text)
{
        size_t n = strcspn(text, ")");
        _cleanup_free_ char *name = startswith(text, "$$(") && text[n] ? strndup(text + 3, n - 3) : NULL;

        return name && strv_env_get(app->address_variables, name)
                       ? kube_refuse(m, member, "not supported: $$(%s), since '%s' is an address", name, name)
                       : 0;
}

/* Told once: what comes after it is not looked at. */
static int check_size(const KubeMake *m, const char *member, size_t n)
{
        if (n <= TEXT_MAX && *m->expanded + n <= EXPANDED_MAX)
                return 0;
        *m->expanded = SIZE_MAX;
        return n > TEXT_MAX ? kube_refuse(m, member, "has more than %u KiB with its references replaced, which no "
                                          "program can be given", TEXT_MAX / 1024)
                            : kube_refuse(m, member, "texts of the pod have more than %u KiB with their references "
                                          "replaced", EXPANDED_MAX / 1024);
}

static int expand(const KubeMake *m, const AppcPodApp *app, const char *member, const char *from, char **ret)
{
        _cleanup_free_ char *text = strdup("");
        bool any = strchr(from, '$');
        int r = text ? 0 : -ENOMEM;

        while (r >= 0 && *from && *m->expanded < SIZE_MAX) {
                size_t n = strcspn(from, "$");

                r = append(&text, from, n);
                from += n;
                if (r < 0 || !*from)
                        break;
                if (from[1] == '(')
                        r = expand_one(m, app, member, &from, &text);
                else {
                        r = check_escaped(m, app, member, from);
                        if (r >= 0)
                                r = append(&text, from, from[1] && from[1] != '$' ? 2 : 1);
                        from += from[1] ? 2 : 1;
                }
                if (r >= 0)
                        r = check_size(m, member, strlen(text));
        }
        if (r < 0)
                return r;
        if (any && *m->expanded < SIZE_MAX)
                *m->expanded += strlen(text);
        *ret = TAKE_PTR(text);
        return 0;
}

/* Secrets: credentials of the app. */

static int set_variable(AppcPodApp *app, const char *name, const char *value)
{
        return strv_env_set(&app->options->environment, name, value);
}

static int add_credential(const KubeMake *m, const char *member, AppcPodApp *app, const char *credential,
                          const char *source, const char *variable)
{
        _cleanup_json_error_ JsonError e = {};
        int r = appc_pod_app_add_credential(app, &(AppcCredential) { .name = (char *) credential,
                                            .source = (char *) source, .variable = (char *) variable }, &e);

        return r == -EEXIST || r == -EINVAL
                       ? kube_refuse(m, member, "%s", e.message ?: "another variable has this name")
                       : r;
}

static int add_secret(const KubeMake *m, const char *member, AppcPodApp *app, const KubeSource *s, const char *key,
                      const char *variable)
{
        _cleanup_free_ char *path = strjoin("secrets/", s->config->meta.name, "/", key),
                            *source = path ? strjoin(m->around->directory, "/", path) : NULL,
                            *credential = strprintf("%s.%s.%zu", s->config->meta.name, key, app->n_credentials),
                            *data = NULL, *name = NULL;
        size_t size;
        int r;

        if (!source || !credential)
                return -ENOMEM;
        r = kube_source_get(s, key, &data, &size);
        if (r == -EINVAL)
                return 0;
        if (r < 0)
                return r;
        r = kube_source_credential(s, key, &name);
        if (r < 0)
                return r;
        if (!name && memchr(data, 0, size))
                r = kube_refuse(m, member, "key '%s' of Secret '%s' has a NUL character, which no variable can have",
                                key, s->config->meta.name);
        if (r < 0)
                return r;
        if (!credential_name_is_valid(s->config->meta.name) || !credential_name_is_valid(key))
                return kube_refuse(m, member, "'%s' of Secret '%s' is not a valid key", key, s->config->meta.name);
        r = add_credential(m, member, app, credential, source, variable);
        return r < 0 ? r : kube_add_file(m, &(KubeFile) { path, 0600, 0, data, size, name });
}

/* Values */

static int refuse_missing(const KubeMake *m, const char *member, bool secret, const char *name, const char *key)
{
        if (kube_source_was_wrong(m, secret, name))
                return 0;
        return key ? kube_refuse(m, member, "%s '%s' has no key '%s'", secret ? "Secret" : "ConfigMap", name, key)
                   : kube_refuse(m, member, "the file has no %s '%s'", secret ? "Secret" : "ConfigMap", name);
}

/* One value. As in Kubernetes, a variable has a ConfigMap's data, and not its binaryData. -ENOENT: there is none. */
static int from_source(const KubeMake *m, const char *member, AppcPodApp *app, const KubeSource *s, const char *key,
                       const char *name)
{
        const char *text;

        if (s->secret)
                return add_secret(m, member, app, s, key, name);
        text = strv_env_get(s->config->data, key);
        return text ? set_variable(app, name, text) : -ENOENT;
}

static int from_key(const KubeMake *m, const char *member, AppcPodApp *app, const KubeVariable *v)
{
        const KubeKey *k = v->secret ?: v->config_map;
        const KubeSource *s = kube_find_source(m, v->secret, k->name);
        int r = s ? from_source(m, member, app, s, k->key, v->name) : -ENOENT;

        return r != -ENOENT  ? r
               : k->optional ? 0
                             : refuse_missing(m, member, v->secret, k->name, s ? k->key : NULL);
}

static int from_field(const KubeMake *m, const char *member, AppcPodApp *app, const KubeContainer *c,
                      const KubeVariable *v)
{
        const char *address = kube_address_of_field(v->from.field);
        _cleanup_free_ char *value = NULL;
        int r;

        if (address)
                return strv_env_set(&app->address_variables, v->name, address);
        r = kube_field(m, c, member, &v->from, &value);
        return r < 0 || !value ? r : set_variable(app, v->name, value);
}

static int from_text(const KubeMake *m, const char *member, AppcPodApp *app, const KubeVariable *v)
{
        _cleanup_free_ char *value = NULL;
        int r = expand(m, app, member, strempty(v->value), &value);

        return r < 0 ? r : set_variable(app, v->name, value);
}

static int add_variable(const KubeMake *m, const KubeContainer *c, const char *member, AppcPodApp *app,
                        const KubeVariable *v)
{
        for (size_t i = 0; i < app->n_credentials; i++)
                if (streq_ptr(app->credentials[i].variable, v->name))
                        return kube_refuse(m, member, "not supported: variable '%s' is a secret already", v->name);
        return v->config_map || v->secret          ? from_key(m, member, app, v)
               : v->from.field || v->from.resource ? from_field(m, member, app, c, v)
                                                   : from_text(m, member, app, v);
}

/* All keys of a source; those that cannot be names of variables are left out, as Kubernetes does. */
static int add_all(const KubeMake *m, const char *member, AppcPodApp *app, const KubeVariables *v)
{
        bool secret = v->secret;
        const KubeKey *k = v->secret ?: v->config_map;
        const KubeSource *s = k ? kube_find_source(m, secret, k->name) : NULL;
        _cleanup_strv_free_ char **keys = NULL;
        int r = s ? kube_source_keys(s, true, &keys) : 0;

        /* Not at all: it is left out. */
        if (!s)
                return !k || k->optional ? 0 : refuse_missing(m, member, secret, k->name, NULL);
        STRV_FOREACH(key, keys) {
                _cleanup_free_ char *name = strjoin(strempty(v->prefix), *key);

                if (r < 0 || !name)
                        return r < 0 ? r : -ENOMEM;
                if (!ac_env_name_is_valid(name)) {
                        r = kube_warn(m, member, "has no effect: '%s' is not a valid name of a variable", name);
                        continue;
                }
                r = from_source(m, member, app, s, *key, name);
        }
        return r;
}

/* The program: a command replaces what the image has altogether, arguments only its own. */

static int expand_all(const KubeMake *m, const AppcPodApp *app, const char *member, char *const *words, char ***to)
{
        STRV_FOREACH(word, words) {
                char *text = NULL;
                int r = expand(m, app, member, *word, &text);

                if (r >= 0)
                        r = strv_consume(to, text);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int set_words(const KubeMake *m, const KubeContainer *c, const char *where, AppcPodApp *app)
{
        _cleanup_free_ char *command = strjoin(where, ".command"), *args = strjoin(where, ".args");
        AppOptions *o = app->options;
        int r;

        if (!command || !args)
                return -ENOMEM;
        if (c->command && c->command[0]) {
                if (isempty(c->command[0]))
                        return kube_refuse(m, command, "needs a program");
                r = expand(m, app, command, c->command[0], &o->exec);
                if (r >= 0)
                        r = expand_all(m, app, command, c->command + 1, &o->arguments);
                if (r < 0)
                        return r;
        }
        return expand_all(m, app, args, c->args, &o->arguments);
}

int kube_environment(const KubeMake *m, const KubeContainer *c, const char *where, AppcPodApp *app)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < c->n_env_from; i++) {
                _cleanup_free_ char *member = strprintf("%s.envFrom[%zu]", where, i);

                r = member ? add_all(m, member, app, &c->env_from[i]) : -ENOMEM;
        }
        for (size_t i = 0; r >= 0 && i < c->n_env; i++) {
                _cleanup_free_ char *member = strprintf("%s.env[%zu]", where, i);

                r = member ? add_variable(m, c, member, app, &c->env[i]) : -ENOMEM;
        }
        return r < 0 ? r : set_words(m, c, where, app);
}
