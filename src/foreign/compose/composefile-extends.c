/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/compose/composefile-plan-internal.h"

/* Services that extend others, of the same file or another one (Compose Specification, "extends"). */

#define DEPTH_MAX 16

/* What was told of already. */
#define TOLD 1

/* One file. */
typedef struct Extension {
        ComposefileMake *make;
        const ComposefileOrigin *origin;
        json_object *document;
        json_object *services;
} Extension;

/* Returns TOLD. */
static int lose_extends(const Extension *x, const char *name, char *text)
{
        _cleanup_free_ char *at = strjoin("services.", name, ".extends");

        int r = composefile_tell_in(x->make, x->document, at, FINDING_LOST, text);

        return r < 0 ? r : TOLD;
}

static int extend(const Extension *x, const char *name, json_object *service, unsigned depth, json_object **ret);

/* TOLD, or 0 without a base if there is none. */
static int find_base(const Extension *x, const char *of, unsigned depth, json_object **ret)
{
        json_object *base = NULL;

        if (!of || !json_object_object_get_ex(x->services, of, &base) || !json_object_is_type(base, json_type_object))
                return 0;
        return extend(x, of, base, depth + 1, ret);
}

static int find_base_in_file(const Extension *x, const char *name, const char *of, const char *file, unsigned depth,
                             json_object **ret)
{
        _cleanup_free_ char *path = composefile_path(x->origin->directory, file), *directory = NULL, *message = NULL;
        ComposefileOrigin origin = *x->origin;
        json_object *document = NULL;
        Extension other;
        int r;

        directory = path ? composefile_directory(path) : NULL;
        if (!directory)
                return -ENOMEM;
        origin.directory = directory;
        r = composefile_text_read(x->make, path, &document, &message);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return lose_extends(x, name, strprintf("%s: %s", path, strempty(message)));
        r = composefile_text_prepare(x->make, document, &origin);
        if (r < 0)
                return r;
        other = (Extension) { x->make, &origin, document, NULL };
        (void) json_object_object_get_ex(document, "services", &other.services);
        return find_base(&other, of, depth, ret);
}

static int extend(const Extension *x, const char *name, json_object *service, unsigned depth, json_object **ret)
{
        _cleanup_json_object_ json_object *base = NULL;
        _cleanup_free_ char *at = strjoin("services.", name);
        json_object *how = NULL;
        const char *of, *file;
        int r;

        *ret = json_object_get(service);
        if (!at || !json_object_is_type(service, json_type_object) ||
            !json_object_object_get_ex(service, "extends", &how))
                return at ? 0 : -ENOMEM;
        of = composefile_text(how) ?: composefile_get(how, "service");
        file = composefile_get(how, "file");
        if (depth > DEPTH_MAX || (!file && streq_ptr(of, name)))
                return lose_extends(x, name, strdup("it extends itself"));
        r = file ? find_base_in_file(x, name, of, file, depth, &base) : find_base(x, of, depth, &base);
        if (r >= 0 && r != TOLD && !base)
                r = lose_extends(x, name, strdup("there is no such service"));
        if (r < 0 || r == TOLD)
                return r;
        (void) json_object_put(*ret);
        *ret = NULL;
        r = composefile_merge_service(x->make, at, x->document, base, service, ret);
        if (r >= 0)
                json_object_object_del(*ret, "extends");
        return r;
}

static bool any_extends(json_object *services)
{
        if (!json_object_is_type(services, json_type_object))
                return false;
        json_object_object_foreach(services, name, service) {
                (void) name;
                if (json_object_is_type(service, json_type_object) &&
                    json_object_object_get_ex(service, "extends", NULL))
                        return true;
        }
        return false;
}

int composefile_extend(ComposefileMake *m, const ComposefileOrigin *origin, json_object *document, json_object **ret)
{
        _cleanup_json_object_ json_object *extended = NULL, *services = NULL;
        Extension x = { m, origin, document, NULL };

        *ret = json_object_get(document);
        if (!json_object_object_get_ex(document, "services", &x.services) || !any_extends(x.services))
                return 0;
        services = composefile_copy(m, x.services);
        extended = composefile_copy(m, document);
        if (!services || !extended ||
            json_object_object_add(extended, "services", json_object_get(services)) < 0)
                return -ENOMEM;
        json_object_object_foreach(x.services, name, service) {
                json_object *one = NULL;
                int r = extend(&x, name, service, 0, &one);

                if (r >= 0 && one != service)
                        r = json_object_object_add(services, name, json_object_get(one));
                (void) json_object_put(one);
                if (r < 0)
                        return r;
        }
        (void) json_object_put(*ret);
        *ret = TAKE_PTR(extended);
        return 0;
}
