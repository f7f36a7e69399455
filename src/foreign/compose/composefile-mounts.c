/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/compose/composefile-plan-internal.h"

/* Volumes, secrets and configs of services: what the file says of them at its top, and where the service has them. */

/* Null is an object without members. */
static bool top_level(const ComposefileMake *m, const char *section, const char *name, json_object **ret)
{
        json_object *all = NULL;

        return json_object_object_get_ex(m->model, section, &all) &&
               json_object_is_type(all, json_type_object) && json_object_object_get_ex(all, name, ret);
}

/* Volumes */

static bool is_path(const char *source)
{
        return *source == '/' || *source == '.' || *source == '~';
}

/* Names of volumes are like those of apps. */
static int name_of_project(ComposefileStep *c, const char *source, char **ret)
{
        _cleanup_free_ char *joined = strjoin(c->make->project, "-", source);

        *ret = joined ? composefile_app_name(joined) : NULL;
        return *ret ? 0 : -ENOMEM;
}

static int check_volume_name(ComposefileStep *c, const char *name, char **ret)
{
        int r = quadlet_step_check_name(&c->step, FOREIGN_VOLUME, name);

        if (r < 0 || c->step.state == FINDING_LOST)
                return r;
        *ret = strdup(name);
        return *ret ? 0 : -ENOMEM;
}

/* A volume of the project has the project's name before its own, unless the file gives it another one. */
static int volume_name(ComposefileStep *c, const char *source, char **ret)
{
        json_object *volume = NULL, *options = NULL;
        const char *name, *driver;
        _cleanup_free_ char *own = NULL;
        int r;

        if (!top_level(c->make, "volumes", source, &volume) && !composefile_is_wrong(c->make, "volumes", source))
                return lose(c, "there is no volume '%s' in the file", source);
        name = composefile_get(volume, "name");
        driver = composefile_get(volume, "driver");
        if ((driver && !streq(driver, "local")) || (json_object_is_type(volume, json_type_object) &&
                                                    json_object_object_get_ex(volume, "driver_opts", &options)))
                return lose(c,
                            "volume '%s' has a driver or its options: mount it by a mount unit, and write "
                            "its path",
                            source);
        if (name || composefile_is_true(composefile_get(volume, "external")))
                return check_volume_name(c, name ?: source, ret);
        r = name_of_project(c, source, &own);
        return r < 0 ? r : check_volume_name(c, own, ret);
}

static int resolve(ComposefileStep *c, const char *source, char **ret)
{
        if (*source == '~')
                return lose(c, "write the path of the home directory");
        if (!is_path(source))
                return volume_name(c, source, ret);
        *ret = strdup(source);
        return *ret ? 0 : -ENOMEM;
}

/* SOURCE:TARGET[:OPTIONS], or a TARGET alone */
static int short_volume(ComposefileStep *c, const char *text)
{
        const char *colon = strchr(text, ':');
        _cleanup_free_ char *source = NULL, *resolved = NULL, *value = NULL;
        int r;

        if (!colon)
                return composefile_carry(c, "Volume", text);
        source = strndup(text, colon - text);
        r = source ? resolve(c, source, &resolved) : -ENOMEM;
        if (r < 0 || c->step.state == FINDING_LOST)
                return r;
        value = strjoin(resolved, colon);
        return value ? composefile_carry(c, "Volume", value) : -ENOMEM;
}

/* A number of YAML, "0700", "0o700" or "448", in the base that Mount= has it in. -EINVAL: it is none. */
static int read_mode(const char *text, char **ret)
{
        const char *rest = startswith(text, "0o");
        _cleanup_free_ char *octal = rest ? strjoin("0", rest) : strdup(text);
        unsigned long mode;
        char *end;

        if (!octal)
                return -ENOMEM;
        mode = strtoul(octal, &end, 0);
        if (isempty(octal) || !string_in_charset(octal, DIGITS) || *end || mode > 07777)
                return -EINVAL;
        *ret = strprintf("%lo", mode);
        return *ret ? 0 : -ENOMEM;
}

/* The long form's members as fields of Mount=, "tmpfs-size=1G". */
static int add_fields(ComposefileStep *c, json_object *o, char ***fields)
{
        static const struct {
                const char *object, *member, *field;
        } rows[] = {
                { "bind", "propagation", "bind-propagation" },
                { "tmpfs", "size", "tmpfs-size" },
                { "tmpfs", "mode", "tmpfs-mode" },
                { "image", "subpath", "subpath" },
                { "volume", "subpath", "volume-subpath" },
        };
        int r = composefile_is_true(composefile_get(o, "read_only")) ? strv_extend(fields, "ro=true") : 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(rows); i++) {
                json_object *inner = NULL;
                const char *text = json_object_object_get_ex(o, rows[i].object, &inner)
                                           ? composefile_get(inner, rows[i].member)
                                           : NULL;
                _cleanup_free_ char *mode = NULL;

                if (text && streq(rows[i].member, "mode")) {
                        r = read_mode(text, &mode);
                        if (r == -EINVAL)
                                return lose(c, "'%s' is not a mode of a file", text);
                        text = mode;
                }
                if (r >= 0 && text)
                        r = strv_extendf(fields, "%s=%s", rows[i].field, text);
        }
        return r;
}

/* Members of bind, tmpfs and volume. */
static int check_inner(ComposefileStep *c, json_object *o)
{
        static const struct {
                const char *object;
                const char *const known[4];
        } rows[] = {
                { "bind", { "create_host_path", "propagation" } },
                { "tmpfs", { "mode", "size" } },
                { "volume", { "nocopy", "subpath" } },
                { "image", { "subpath" } },
        };
        char *outer = c->at;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *at = strjoin(outer, ".", rows[i].object);
                json_object *inner = NULL;

                if (!at)
                        return -ENOMEM;
                c->at = at;
                if (json_object_object_get_ex(o, rows[i].object, &inner) &&
                    json_object_is_type(inner, json_type_object))
                        r = composefile_check_members(c, inner, rows[i].known);
                c->at = outer;
        }
        return r;
}

static int check_long_volume(ComposefileStep *c, json_object *o)
{
        static const char *const known[] = { "type",  "source", "target",      "read_only", "bind",
                                             "image", "tmpfs",  "volume",      "consistency", NULL };
        json_object *volume = NULL;
        int r = composefile_check_members(c, o, known);

        if (r >= 0)
                r = check_inner(c, o);
        if (r < 0 || !json_object_object_get_ex(o, "volume", &volume))
                return r;
        return composefile_is_true(composefile_get(volume, "nocopy"))
                       ? lose(c, "a new volume has what the image has there; 'nocopy' is not possible")
                       : 0;
}

static int long_volume(ComposefileStep *c, json_object *o)
{
        const char *type = composefile_get(o, "type") ?: "volume", *source = composefile_get(o, "source"),
                   *target = composefile_get(o, "target");
        _cleanup_strv_free_ char **fields = NULL;
        _cleanup_free_ char *resolved = NULL, *value = NULL;
        int r = check_long_volume(c, o);

        if (r >= 0 && source)
                r = streq(type, "image") ? ((resolved = strdup(source)) ? 0 : -ENOMEM) : resolve(c, source, &resolved);
        if (r < 0 || c->step.state == FINDING_LOST)
                return r;
        if (!target)
                return lose(c, "there is no target");
        if (streq(type, "volume") && source && is_path(source))
                return lose(c, "'%s' is a path, which 'type: bind' mounts", source);
        if (streq(type, "volume") && !source)
                return composefile_carry(c, "Volume", target);
        r = strv_extendf(&fields, "type=%s", type);
        if (r >= 0 && resolved)
                r = strv_extendf(&fields, "source=%s", resolved);
        if (r >= 0)
                r = strv_extendf(&fields, "destination=%s", target);
        if (r >= 0)
                r = add_fields(c, o, &fields);
        if (r < 0 || c->step.state == FINDING_LOST)
                return r;
        STRV_FOREACH(field, fields)
                if (strchr(*field, ','))
                        return lose(c, "there is a comma in '%s'", *field);
        value = r >= 0 ? strv_join(fields, ",") : NULL;
        return value ? composefile_carry(c, "Mount", value) : -ENOMEM;
}

static int one_volume(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        if (json_object_is_type(value, json_type_object))
                return long_volume(c, value);
        return composefile_text(value) ? short_volume(c, composefile_text(value))
                                       : lose(c, "expected SOURCE:TARGET or an object");
}

int composefile_volumes(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        return composefile_each(c, value, one_volume, row);
}

/* Secrets and configs */

typedef struct Grant {
        const char *source;
        const char *target; /* NULL: not said */
        json_object *what;  /* of the top level */
} Grant;

/* -ENOENT: it was told that it is lost. */
static int read_grant(ComposefileStep *c, json_object *value, const char *section, const char *access, Grant *ret)
{
        static const char *const known[] = { "source", "target", "uid", "gid", "mode", NULL };
        int r = json_object_is_type(value, json_type_object) ? composefile_check_members(c, value, known) : 0;

        for (size_t i = 2; r >= 0 && known[i]; i++)
                if (composefile_get(value, known[i]))
                        r = change(c, "%s", access);
        if (r < 0)
                return r;
        *ret = (Grant) { .source = composefile_text(value) ?: composefile_get(value, "source"),
                         .target = composefile_get(value, "target") };
        if (ret->source && composefile_is_wrong(c->make, section, ret->source))
                return -ENOENT;
        if (ret->source && top_level(c->make, section, ret->source, &ret->what))
                return 0;
        r = ret->source ? lose(c, "there is no '%s' in %s of the file", ret->source, section)
                        : lose(c, "there is no source");
        return r < 0 ? r : -ENOENT;
}

/* A text of the file itself, or the value of a variable, as a file of the pod. *ret stays NULL: it is told as lost. */
static int make_file(ComposefileStep *c, const char *kind, const Grant *grant, const char **ret)
{
        const char *variable = composefile_get(grant->what, "environment"),
                   *text = composefile_get(grant->what, "content");
        int r;

        if (!text && variable)
                text = strv_env_get(c->make->environment, variable);
        if (!text)
                return lose(c, "variable %s is not set", strempty(variable));
        if (*grant->source == '.' || !foreign_name_is_valid(FOREIGN_CREDENTIAL, grant->source))
                return lose(c, "'%s' cannot be the name of a file here: %s", grant->source,
                            foreign_name_rule(FOREIGN_CREDENTIAL));
        r = pod_draft_add_file(c->make->pod, kind, grant->source, text, ret);
        return r < 0 ? r : change(c, "it is written to %s now, and not at each start", *ret);
}

/* It is there before the pod, but not yet. */
static int made_secret(ComposefileStep *c, const Grant *grant, const char *target)
{
        const char *path = NULL;
        int r = make_file(c, "secrets", grant, &path);

        return r < 0 || !path ? r : strv_extendf(&c->step.app->words, "--credential=%s=%s", target, path);
}

static int made_config(ComposefileStep *c, const Grant *grant)
{
        _cleanup_free_ char *target = grant->target ? strdup(grant->target) : strjoin("/", grant->source),
                            *fields = NULL;
        const char *path = NULL;
        int r = target ? make_file(c, "configs", grant, &path) : -ENOMEM;

        if (r < 0 || !path)
                return r;
        if (*target != '/' || strchr(target, ','))
                return lose(c, "'%s' is not a valid place for a file", target);
        fields = strprintf("kind=host,source=%s,readOnly=true", path);
        return fields ? pod_draft_add_mount(c->make->pod, c->step.app, fields, target, NULL) : -ENOMEM;
}

static int one_secret(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        _cleanup_free_ char *path = NULL;
        const char *file, *name, *target;
        Grant grant;
        int r = read_grant(c, value, "secrets", "only the app's user can read it, whoever that is",
                           &grant);

        if (r < 0)
                return r == -ENOENT ? 0 : r;
        file = composefile_get(grant.what, "file");
        name = composefile_get(grant.what, "name") ?: grant.source;
        target = grant.target && startswith(grant.target, "/run/secrets/") ? grant.target + strlen("/run/secrets/")
                                                                           : grant.target ?: grant.source;
        if (strchr(target, '/'))
                return lose(c, "secrets are files in /run/secrets; '%s' is not", target);
        r = quadlet_step_check_name(&c->step, FOREIGN_CREDENTIAL, target);
        if (r >= 0 && !file)
                r = quadlet_step_check_name(&c->step, FOREIGN_CREDENTIAL, name);
        if (r < 0 || c->step.state == FINDING_LOST)
                return r;
        if (composefile_get(grant.what, "environment"))
                return made_secret(c, &grant, target);
        path = file ? quadlet_path(&c->step, file) : NULL;
        if (file && !path)
                return lose(c, "cannot find the directory of '%s'", file);
        if (path && strchr(path, ','))
                return lose(c, "there is a comma in '%s'", path);
        r = path ? quadlet_step_check_path(&c->step, path) : 0;
        if (r >= 0)
                r = strv_extendf(&c->step.app->words, "--credential=%s=%s", target, path ?: name);
        return r < 0 || path ? r : change(c, "its content has to be in /etc/credstore/%s before the pod starts", name);
}

int composefile_secrets(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        return composefile_each(c, value, one_secret, row);
}

static int one_config(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        _cleanup_free_ char *text = NULL;
        const char *file;
        Grant grant;
        int r = read_grant(c, value, "configs", "owner and mode are those of the file", &grant);

        if (r < 0)
                return r == -ENOENT ? 0 : r;
        file = composefile_get(grant.what, "file");
        if (!file && (composefile_get(grant.what, "content") || composefile_get(grant.what, "environment")))
                return made_config(c, &grant);
        if (!file)
                return lose(c, "there are no configs outside of the file; write it into one, and that as 'file:'");
        text = strjoin(*file == '/' || *file == '.' ? "" : "./", file, ":", grant.target ? "" : "/",
                       grant.target ?: grant.source, ":ro");
        return text ? composefile_carry(c, "Volume", text) : -ENOMEM;
}

int composefile_configs(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        return composefile_each(c, value, one_config, row);
}
