/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/compose/composefile-plan-internal.h"

/* Services that extend others of the same file (Compose Specification, "extends"). Values are shared with the service
 * that has them, and so keep their places in the file; nothing changes them later. */

#define DEPTH_MAX 16

/* Lists that are put together, the extended service's first; other lists replace those. */
static const char *const sequences[] = {
        "cap_add",    "cap_drop",     "configs", "devices",        "dns",       "dns_opt",
        "dns_search", "env_file",     "expose",  "external_links", "group_add", "ports",
        "secrets",    "security_opt", "tmpfs",   "volumes",        NULL,
};

static int merge_object(json_object *into, json_object *from, bool of_service);

static bool has_element(json_object *array, json_object *element)
{
        for (size_t i = 0; i < json_object_array_length(array); i++)
                if (json_object_equal(json_object_array_get_idx(array, i), element))
                        return true;
        return false;
}

static int append(json_object *to, json_object *from)
{
        for (size_t i = 0; i < json_object_array_length(from); i++) {
                json_object *element = json_object_array_get_idx(from, i);

                if (!has_element(to, element) && json_object_array_add(to, json_object_get(element)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int join_arrays(json_object *into, const char *name, json_object *own, json_object *base)
{
        _cleanup_json_object_ json_object *joined = json_object_new_array();
        int r = joined ? append(joined, base) : -ENOMEM;

        if (r >= 0)
                r = append(joined, own);
        if (r < 0)
                return r;
        return json_object_object_add(into, name, TAKE_PTR(joined)) < 0 ? -ENOMEM : 0;
}

static int merge_member(json_object *into, const char *name, json_object *base, bool of_service)
{
        json_object *own = NULL;

        if (!json_object_object_get_ex(into, name, &own))
                return json_object_object_add(into, name, json_object_get(base)) < 0 ? -ENOMEM : 0;
        if (json_object_is_type(own, json_type_object) && json_object_is_type(base, json_type_object))
                return merge_object(own, base, false);
        if (of_service && strv_contains((char *const *) sequences, name) && json_object_is_type(own, json_type_array) &&
            json_object_is_type(base, json_type_array))
                return join_arrays(into, name, own, base);
        return 0;
}

/* What is in both stays as it is in the first. */
static int merge_object(json_object *into, json_object *from, bool of_service)
{
        json_object_object_foreach(from, name, value) {
                int r = of_service && streq(name, "extends") ? 0 : merge_member(into, name, value, of_service);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* A mapping may be written as a list, and then cannot be put together with one that is not. */
static const char *find_mixed(json_object *own, json_object *base)
{
        static const char *const maps[] = { "annotations", "depends_on", "environment", "extra_hosts",
                                            "labels",      "networks",   "sysctls" };

        for (size_t i = 0; i < ELEMENTSOF(maps); i++) {
                json_object *a = NULL, *b = NULL;

                if (json_object_object_get_ex(own, maps[i], &a) && json_object_object_get_ex(base, maps[i], &b) &&
                    (!json_object_is_type(a, json_type_object) || !json_object_is_type(b, json_type_object)))
                        return maps[i];
        }
        return NULL;
}

static int lose_extends(ComposefileMake *m, const char *name, const char *text)
{
        _cleanup_free_ char *at = strjoin("services.", name, ".extends");

        return at ? findings_add(&m->drafts->findings, m->input->path, yaml_line_of(m->document, at), at, FINDING_LOST,
                                 "%s", text)
                  : -ENOMEM;
}

static int extend(ComposefileMake *m, const char *name, json_object *service, unsigned depth)
{
        json_object *how = NULL, *base = NULL;
        const char *of;
        int r;

        if (!json_object_is_type(service, json_type_object) || !json_object_object_get_ex(service, "extends", &how))
                return 0;
        of = composefile_text(how) ?: composefile_get(how, "service");
        if (composefile_get(how, "file"))
                return lose_extends(m, name, "a service of another file: write its members here");
        if (!of || !json_object_object_get_ex(m->services, of, &base) || !json_object_is_type(base, json_type_object))
                return lose_extends(m, name, "there is no such service");
        if (base == service || depth > DEPTH_MAX)
                return lose_extends(m, name, "it extends itself");
        r = extend(m, of, base, depth + 1);
        if (r < 0)
                return r;
        if (find_mixed(service, base))
                return lose_extends(m, name, "what both have is a list in one and not in the other; write mappings");
        r = merge_object(service, base, true);
        if (r >= 0)
                json_object_object_del(service, "extends");
        return r;
}

int composefile_extend(ComposefileMake *m)
{
        json_object_object_foreach(m->services, name, service) {
                int r = extend(m, name, service, 0);

                if (r < 0)
                        return r;
        }
        return 0;
}
