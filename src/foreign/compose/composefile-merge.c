/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/compose/composefile-plan-internal.h"

/* One file over another (Compose Specification, "Merge and override"), and a service over the one that it extends. What
 * is made has values of both; neither is changed. */

typedef enum Way {
        DEFAULT, /* members of mappings one by one, elements of lists behind one another, other values replaced */
        REPLACED,
        PAIRS,   /* a mapping, or a list of NAME=VALUE */
        HOSTS,   /* the same with NAME:ADDRESS */
        NAMES,   /* a mapping, or a list of names */
        LIST,    /* a list, or its only element */
        BY_KEY,  /* the same, in which elements with the same key are one */
} Way;

static char *key_of_mount(json_object *element);
static char *key_of_grant(json_object *element);
static char *key_of_port(json_object *element);
static char *key_of_subnet(json_object *element);

/* Where: names that files choose are "*". */
static const struct {
        const char *where;
        Way way;
        char *(*key)(json_object *element);
} rules[] = {
        { "services.*.annotations", PAIRS },
        { "services.*.build", REPLACED },
        { "services.*.command", REPLACED },
        { "services.*.configs", BY_KEY, key_of_grant },
        { "services.*.depends_on", NAMES },
        { "services.*.deploy.labels", PAIRS },
        { "services.*.devices", BY_KEY, key_of_mount },
        { "services.*.dns", LIST },
        { "services.*.dns_opt", LIST },
        { "services.*.dns_search", LIST },
        { "services.*.entrypoint", REPLACED },
        { "services.*.env_file", LIST },
        { "services.*.environment", PAIRS },
        { "services.*.extra_hosts", HOSTS },
        { "services.*.healthcheck.test", REPLACED },
        { "services.*.labels", PAIRS },
        { "services.*.networks", NAMES },
        { "services.*.ports", BY_KEY, key_of_port },
        { "services.*.profiles", LIST },
        { "services.*.secrets", BY_KEY, key_of_grant },
        { "services.*.sysctls", PAIRS },
        { "services.*.tmpfs", LIST },
        { "services.*.ulimits.*", REPLACED },
        { "services.*.volumes", BY_KEY, key_of_mount },
        { "networks.*.labels", PAIRS },
        { "networks.*.ipam.config", BY_KEY, key_of_subnet },
        { "volumes.*.labels", PAIRS },
        { "secrets.*.labels", PAIRS },
        { "configs.*.labels", PAIRS },
};

typedef struct Spot {
        ComposefileMake *make;
        const char *at;    /* the path in what is laid over */
        const char *where; /* the same for the rules */
        json_object *within;
} Spot;

static size_t find_rule(const char *where)
{
        size_t i = 0;

        while (i < ELEMENTSOF(rules) && !streq(rules[i].where, where))
                i++;
        return i;
}

/* What makes elements of lists one */

/* "SOURCE:TARGET:OPTIONS", or a target alone. */
static char *key_of_mount(json_object *element)
{
        const char *text = composefile_text(element), *colon = text ? strchr(text, ':') : NULL;

        if (!text)
                return strdup(strempty(composefile_get(element, "target")));
        return colon ? strndup(colon + 1, strcspn(colon + 1, ":")) : strdup(text);
}

static char *key_of_grant(json_object *element)
{
        const char *target = composefile_get(element, "target") ?: composefile_get(element, "source"),
                   *text = composefile_text(element) ?: strempty(target);

        return strdup(startswith(text, "/run/secrets/") ?: text);
}

static char *key_of_port(json_object *element)
{
        _cleanup_free_ char *text = composefile_text(element) ? strdup(composefile_text(element))
                                                              : composefile_port_text(element);

        if (!text)
                return NULL;
        return strchr(text, '/') ? TAKE_PTR(text) : strjoin(text, "/tcp");
}

static char *key_of_subnet(json_object *element)
{
        return strdup(strempty(composefile_get(element, "subnet")));
}

/* One form for what has several */

/* Takes o; NULL: out of memory. All that is made stays to the end, since places and marks are kept by its address. */
static json_object *new_like(ComposefileMake *m, json_object *o, const json_object *like)
{
        m->made = m->made ?: json_object_new_array();
        if (!o || !m->made || json_object_array_add(m->made, json_object_get(o)) < 0) {
                (void) json_object_put(o);
                return NULL;
        }
        composefile_place_like(m, o, like);
        return o;
}

/* Takes value, also on failure. */
static int add_member(json_object *object, const char *name, json_object *value)
{
        if (json_object_object_add(object, name, value) >= 0)
                return 0;
        (void) json_object_put(value);
        return -ENOMEM;
}

static int add_pair(ComposefileMake *m, json_object *object, json_object *element, Way way)
{
        const char *text = composefile_text(element), *end;
        _cleanup_free_ char *name = NULL;
        json_object *value = NULL;

        if (!text)
                return -EINVAL;
        end = text + strcspn(text, way == HOSTS ? "=:" : way == NAMES ? "" : "=");
        name = strndup(text, end - text);
        if (!name)
                return -ENOMEM;
        if (*end) {
                value = new_like(m, json_object_new_string(end + 1), element);
                if (!value)
                        return -ENOMEM;
        }
        return add_member(object, name, value);
}

/* A list as the mapping that it stands for. -EINVAL: it is neither. */
static int to_mapping(ComposefileMake *m, json_object *from, Way way, json_object **ret)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r = 0;

        if (json_object_is_type(from, json_type_object)) {
                *ret = json_object_get(from);
                return 0;
        }
        if (!json_object_is_type(from, json_type_array))
                return -EINVAL;
        o = new_like(m, json_object_new_object(), from);
        for (size_t i = 0; r >= 0 && i < json_object_array_length(from); i++)
                r = o ? add_pair(m, o, json_object_array_get_idx(from, i), way) : -ENOMEM;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(o);
        return *ret ? 0 : -ENOMEM;
}

static int to_list(ComposefileMake *m, json_object *from, json_object **ret)
{
        _cleanup_json_object_ json_object *list = NULL;

        if (json_object_is_type(from, json_type_array)) {
                *ret = json_object_get(from);
                return 0;
        }
        list = new_like(m, json_object_new_array(), from);
        if (!list || json_object_array_add(list, json_object_get(from)) < 0)
                return -ENOMEM;
        *ret = TAKE_PTR(list);
        return 0;
}

/* Lists */

static int merge_value(const Spot *s, json_object *base, json_object *over, json_object **ret);

static int find_element(json_object *list, json_object *element, char *(*key)(json_object *element), size_t *ret)
{
        _cleanup_free_ char *wanted = key ? key(element) : NULL;

        if (key && !wanted)
                return -ENOMEM;
        for (size_t i = 0; i < json_object_array_length(list); i++) {
                json_object *other = json_object_array_get_idx(list, i);
                _cleanup_free_ char *found = key ? key(other) : NULL;

                if (key && !found)
                        return -ENOMEM;
                if (key ? streq(found, wanted) : json_object_equal(other, element)) {
                        *ret = i;
                        return 1;
                }
        }
        return 0;
}

/* Two mappings with one key become one; of others, the one above stays. */
static int put_element(const Spot *s, json_object *list, size_t i, json_object *element)
{
        json_object *below = json_object_array_get_idx(list, i), *both = NULL;
        const Spot element_of = { s->make, s->at, "[]", s->within }; /* no rule of the list is one of its elements */
        int r;

        if (!json_object_is_type(below, json_type_object) || !json_object_is_type(element, json_type_object))
                return json_object_array_put_idx(list, i, json_object_get(element));
        r = merge_value(&element_of, below, element, &both);
        return r < 0 ? r : json_object_array_put_idx(list, i, both);
}

static int append(const Spot *s, json_object *to, json_object *from, char *(*key)(json_object *element))
{
        for (size_t i = 0; i < json_object_array_length(from); i++) {
                json_object *element = json_object_array_get_idx(from, i);
                size_t k = 0;
                int r = find_element(to, element, key, &k);

                if (r > 0)
                        r = key ? put_element(s, to, k, element) : 0;
                else if (r == 0)
                        r = json_object_array_add(to, json_object_get(element));
                if (r < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int merge_lists(const Spot *s, json_object *base, json_object *over, char *(*key)(json_object *element),
                       json_object **ret)
{
        _cleanup_json_object_ json_object *list = new_like(s->make, json_object_new_array(), base);
        int r = list ? append(s, list, base, key) : -ENOMEM;

        if (r >= 0)
                r = append(s, list, over, key);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(list);
        return 0;
}

/* Mappings */

static char *rule_path(const Spot *s, const char *name)
{
        static const char *const chosen[] = { "services", "networks", "volumes", "secrets", "configs" };
        bool any = streq(s->where, "services.*.ulimits");

        for (size_t i = 0; i < ELEMENTSOF(chosen); i++)
                any = any || streq(s->where, chosen[i]);
        return strjoin(s->where, *s->where ? "." : "", any ? "*" : name);
}

static int merge_member(const Spot *s, json_object *o, const char *name, json_object *base, json_object *over)
{
        _cleanup_free_ char *at = strjoin(s->at, *s->at ? "." : "", name), *where = rule_path(s, name);
        json_object *both = NULL;
        int r;

        if (!at || !where)
                return -ENOMEM;
        r = merge_value(&(Spot) { s->make, at, where, s->within }, base, over, &both);
        return r < 0 ? r : add_member(o, name, both);
}

/* As it is in another object. A mark counts for the files below as well, and so stays with its member. */
static int add_as_it_is(ComposefileMake *m, json_object *o, const char *name, json_object *from)
{
        YamlMark mark = composefile_mark_of(m, from, name);
        json_object *value = mark == YAML_MARK_RESET ? NULL : json_object_object_get(from, name);
        int r = add_member(o, name, json_object_get(value));

        if (r < 0)
                return r;
        if (!value)
                composefile_place_null_like(m, o, from, name);
        if (mark != YAML_MARK_NONE)
                yaml_lines_set_mark(m->texts.lines[0], o, name, mark);
        return 0;
}

static int merge_objects(const Spot *s, json_object *base, json_object *over, bool null_counts, json_object **ret)
{
        _cleanup_json_object_ json_object *o = new_like(s->make, json_object_new_object(), base);

        if (!o)
                return -ENOMEM;
        json_object_object_foreach(base, name, below)
                if (composefile_mark_of(s->make, base, name) != YAML_MARK_RESET) {
                        if (add_member(o, name, json_object_get(below)) < 0)
                                return -ENOMEM;
                        if (!below)
                                composefile_place_null_like(s->make, o, base, name);
                }
        json_object_object_foreach(over, member, above) {
                YamlMark mark = composefile_mark_of(s->make, over, member);
                json_object *found = NULL;
                int r;

                if (mark != YAML_MARK_NONE || !json_object_object_get_ex(o, member, &found) || null_counts)
                        r = add_as_it_is(s->make, o, member, over);
                else
                        r = merge_member(s, o, member, found, above);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(o);
        return 0;
}

static int merge_mappings(const Spot *s, json_object *base, json_object *over, Way way, json_object **ret)
{
        _cleanup_json_object_ json_object *below = NULL, *above = NULL;
        int r = to_mapping(s->make, base, way, &below);

        if (r >= 0)
                r = to_mapping(s->make, over, way, &above);
        return r < 0 ? r : merge_objects(s, below, above, way != NAMES, ret);
}

static int merge_as_lists(const Spot *s, json_object *base, json_object *over, char *(*key)(json_object *element),
                          json_object **ret)
{
        _cleanup_json_object_ json_object *below = NULL, *above = NULL;
        int r = to_list(s->make, base, &below);

        if (r >= 0)
                r = to_list(s->make, over, &above);
        return r < 0 ? r : merge_lists(s, below, above, key, ret);
}

/* -EINVAL: they are of different types. */
static int merge_by_default(const Spot *s, json_object *base, json_object *over, json_object **ret)
{
        if (json_object_is_type(base, json_type_object) && json_object_is_type(over, json_type_object))
                return merge_objects(s, base, over, false, ret);
        if (json_object_is_type(base, json_type_array) && json_object_is_type(over, json_type_array))
                return merge_lists(s, base, over, NULL, ret);
        if (json_object_get_type(base) != json_object_get_type(over))
                return -EINVAL;
        *ret = json_object_get(over);
        return 0;
}

static int merge_value(const Spot *s, json_object *base, json_object *over, json_object **ret)
{
        size_t i = find_rule(s->where);
        Way way = i < ELEMENTSOF(rules) ? rules[i].way : DEFAULT;
        int r = 0;

        if (!base || !over || way == REPLACED)
                *ret = json_object_get(over ?: base);
        else if (way == DEFAULT)
                r = merge_by_default(s, base, over, ret);
        else if (way == LIST || way == BY_KEY)
                r = merge_as_lists(s, base, over, rules[i].key, ret);
        else
                r = merge_mappings(s, base, over, way, ret);
        if (r != -EINVAL)
                return r;
        *ret = json_object_get(over);
        return composefile_tell_in(s->make, s->within, s->at, FINDING_LOST,
                                   strdup("it is of another type than what it is put over; write both in one form"));
}

int composefile_merge(ComposefileMake *m, json_object *base, json_object *over, json_object **ret)
{
        return merge_value(&(Spot) { m, "", "", over }, base, over, ret);
}

int composefile_merge_service(ComposefileMake *m, const char *at, json_object *within, json_object *base,
                              json_object *over, json_object **ret)
{
        return merge_value(&(Spot) { m, at, "services.*", within }, base, over, ret);
}

json_object *composefile_copy(ComposefileMake *m, json_object *object)
{
        json_object *o = new_like(m, json_object_new_object(), object);

        json_object_object_foreach(object, name, value) {
                (void) value;
                if (!o || add_as_it_is(m, o, name, object) < 0) {
                        (void) json_object_put(o);
                        return NULL;
                }
        }
        return o;
}

/* What is left of marks when all files are there. */
void composefile_strip(const ComposefileMake *m, json_object *value)
{
        for (size_t i = 0; json_object_is_type(value, json_type_array) && i < json_object_array_length(value); i++)
                composefile_strip(m, json_object_array_get_idx(value, i));
        if (!json_object_is_type(value, json_type_object))
                return;
        json_object_object_foreach(value, name, member) {
                if (composefile_mark_of(m, value, name) == YAML_MARK_RESET)
                        json_object_object_del(value, name);
                else
                        composefile_strip(m, member);
        }
}
