/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shared/json-table.h"

/* The types that every table can use. The JSON kind of the value was checked before read is called. */

static int return_value(json_object *o, json_object **ret)
{
        *ret = o;
        return o ? 0 : -ENOMEM;
}

/* char * */

static int string_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        return free_and_strdup(p, json_object_get_string(o));
}

static int string_write(const JsonType *type, const void *p, json_object **ret)
{
        const char *s = *(const char *const *) p;

        return s ? return_value(json_object_new_string(s), ret) : 0;
}

static void string_free(const JsonType *type, void *p)
{
        *(char **) p = mfree(*(char **) p);
}

const JsonType json_string = { string_read, string_write, string_free, json_type_string };

/* Whether what comes after a mistake in a list or map is read as well. */
static bool reads_on(int r, const JsonError *e)
{
        return r >= 0 || (r != -ENOMEM && json_error_is_strict(e));
}

/* char **, from an array. Space for all is allocated first: a list as long as a document allows stays linear. */

static int item_read(json_object *o, size_t index, char **ret, JsonError *e)
{
        _cleanup_json_error_ JsonError part = json_error_part(e);
        int r;

        if (!json_object_is_type(o, json_type_string)) {
                r = json_error_expected(&part, json_type_string);
                return json_error_join(e, &part, json_error_below_index(&part, r, NULL, index));
        }
        *ret = strdup(json_object_get_string(o));
        return *ret ? 0 : -ENOMEM;
}

static int strv_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        size_t n = json_object_array_length(o), got = 0;
        _cleanup_strv_free_ char **l = new0(char *, n + 1);
        int r = 0;

        if (!l)
                return -ENOMEM;

        for (size_t i = 0; i < n && reads_on(r, e); i++) {
                int k = item_read(json_object_array_get_idx(o, i), i, &l[got], e);

                got += k >= 0;
                r = r < 0 ? r : k;
        }
        if (r < 0)
                return r;

        *(char ***) p = TAKE_PTR(l);
        return 0;
}

static int strv_write(const JsonType *type, const void *p, json_object **ret)
{
        char *const *l = *(char *const *const *) p;
        _cleanup_json_object_ json_object *array = NULL;

        if (!l || !*l)
                return 0;

        array = json_object_new_array();
        if (!array)
                return -ENOMEM;

        STRV_FOREACH(s, l) {
                json_object *o = json_object_new_string(*s);

                if (!o || json_object_array_add(array, o) < 0) {
                        (void) json_object_put(o);
                        return -ENOMEM;
                }
        }

        *ret = TAKE_PTR(array);
        return 0;
}

static void strv_type_free(const JsonType *type, void *p)
{
        *(char ***) p = strv_free(*(char ***) p);
}

const JsonType json_strv = { strv_read, strv_write, strv_type_free, json_type_array };

/* char ** of "NAME=VALUE", from an object of strings */

/* Lenient with untrusted input: a name with '=' is ignored, and null, which Go writes for an empty map, is empty. */
static int pair_read(const char *name, json_object *value, bool lenient, char **ret, JsonError *e)
{
        _cleanup_json_error_ JsonError part = json_error_part(e);
        int r;

        if (strchr(name, '=')) {
                r = lenient ? 0 : json_error_set(&part, -EINVAL, NULL, "'=' in name '%s'", name);
                return json_error_join(e, &part, r);
        }
        if (!json_object_is_type(value, json_type_string) && !(lenient && !value)) {
                r = json_error_expected(&part, json_type_string);
                return json_error_join(e, &part, json_error_below(&part, r, name));
        }
        *ret = strjoin(name, "=", strempty(json_object_get_string(value)));
        return *ret ? 0 : -ENOMEM;
}

static int map_read_names(json_object *o, void *p, bool lenient, JsonError *e)
{
        _cleanup_strv_free_ char **l = new0(char *, (size_t) json_object_object_length(o) + 1);
        size_t n = 0;
        int r = 0;

        if (!l)
                return -ENOMEM;

        json_object_object_foreach(o, name, value) {
                int k = reads_on(r, e) ? pair_read(name, value, lenient, &l[n], e) : r;

                n += l[n] != NULL;
                r = r < 0 ? r : k;
        }
        if (r < 0)
                return r;

        *(char ***) p = TAKE_PTR(l);
        return 0;
}

static int map_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        return map_read_names(o, p, false, e);
}

static int labels_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        return map_read_names(o, p, true, e);
}

static int map_write(const JsonType *type, const void *p, json_object **ret)
{
        char *const *l = *(char *const *const *) p;
        _cleanup_json_object_ json_object *map = NULL;

        if (!l || !*l)
                return 0;

        map = json_object_new_object();
        if (!map)
                return -ENOMEM;

        STRV_FOREACH(s, l) {
                _cleanup_free_ char *name = NULL, *value = NULL;
                json_object *o;
                int r;

                r = split_pair(*s, '=', &name, &value);
                if (r < 0)
                        return r;
                o = json_object_new_string(strempty(value));
                if (!o || json_object_object_add(map, name, o) < 0) {
                        (void) json_object_put(o);
                        return -ENOMEM;
                }
        }

        *ret = TAKE_PTR(map);
        return 0;
}

const JsonType json_string_map = { map_read, map_write, strv_type_free, json_type_object };
const JsonType json_labels = { labels_read, map_write, strv_type_free, json_type_object };

/* char **, the names of an object: the way Go writes a set */

static int keys_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        _cleanup_strv_free_ char **l = new0(char *, (size_t) json_object_object_length(o) + 1);
        size_t n = 0;

        if (!l)
                return -ENOMEM;

        json_object_object_foreach(o, name, value) {
                (void) value;
                l[n] = strdup(name);
                if (!l[n++])
                        return -ENOMEM;
        }

        *(char ***) p = TAKE_PTR(l);
        return 0;
}

static int keys_write(const JsonType *type, const void *p, json_object **ret)
{
        char *const *l = *(char *const *const *) p;
        _cleanup_json_object_ json_object *set = NULL;

        if (!l || !*l)
                return 0;

        set = json_object_new_object();
        if (!set)
                return -ENOMEM;

        STRV_FOREACH(s, l) {
                json_object *o = json_object_new_object();

                if (!o || json_object_object_add(set, *s, o) < 0) {
                        (void) json_object_put(o);
                        return -ENOMEM;
                }
        }

        *ret = TAKE_PTR(set);
        return 0;
}

const JsonType json_keys = { keys_read, keys_write, strv_type_free, json_type_object };

/* char ** of "NAME=VALUE", from an array of objects with name and value */

typedef struct NameValue {
        char *name;
        char *value;
} NameValue;

static const JsonField name_value_table[] = {
        { "name",  &json_string, offsetof(NameValue, name),  JSON_MANDATORY | JSON_NONEMPTY },
        { "value", &json_string, offsetof(NameValue, value) },
        {}
};

static void name_value_done(NameValue *v)
{
        json_table_free(name_value_table, v);
}

static int compare_names(const void *a, const void *b)
{
        const char *x = *(const char *const *) a, *y = *(const char *const *) b;
        size_t n = strcspn(x, "="), m = strcspn(y, "=");
        int c = strncmp(x, y, MIN(n, m));

        return c ?: (n > m) - (n < m);
}

static int refuse_duplicates(char *const *l, size_t n, JsonError *e)
{
        _cleanup_free_ const char **sorted = new0(const char *, n);

        if (!sorted)
                return -ENOMEM;
        if (n > 0)
                memcpy(sorted, l, n * sizeof(char *));
        qsort(sorted, n, sizeof(char *), compare_names);

        for (size_t i = 1; i < n; i++)
                if (compare_names(&sorted[i - 1], &sorted[i]) == 0)
                        return json_error_set(e, -EINVAL, NULL, "'%.*s' is there twice",
                                              (int) strcspn(sorted[i], "="), sorted[i]);
        return 0;
}

static int name_value_read(json_object *o, char **ret, JsonError *e)
{
        _cleanup_(name_value_done) NameValue v = {};
        int r;

        r = json_table_read(name_value_table, o, &v, e);
        if (r < 0)
                return r;
        if (strchr(v.name, '='))
                return json_error_set(e, -EINVAL, "name", "'=' in name '%s'", v.name);

        *ret = strjoin(v.name, "=", strempty(v.value));
        return *ret ? 0 : -ENOMEM;
}

static int name_values_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        size_t n = json_object_array_length(o);
        _cleanup_strv_free_ char **l = new0(char *, n + 1);
        size_t got = 0;
        int r = 0;

        if (!l)
                return -ENOMEM;

        for (size_t i = 0; i < n; i++) {
                _cleanup_json_error_ JsonError part = json_error_part(e);
                int k = name_value_read(json_object_array_get_idx(o, i), &l[got], &part);

                got += k >= 0;
                k = json_error_join(e, &part, json_error_below_index(&part, k, NULL, i));
                r = r < 0 ? r : k;
                if (!reads_on(r, e))
                        break;
        }

        if (r < 0)
                return r;
        r = refuse_duplicates(l, n, e);
        if (r < 0)
                return r;

        *(char ***) p = TAKE_PTR(l);
        return 0;
}

static int name_values_write(const JsonType *type, const void *p, json_object **ret)
{
        char *const *l = *(char *const *const *) p;
        _cleanup_json_object_ json_object *array = NULL;

        if (!l || !*l)
                return 0;

        array = json_object_new_array();
        if (!array)
                return -ENOMEM;

        STRV_FOREACH(s, l) {
                _cleanup_(name_value_done) NameValue v = {};
                json_object *o = NULL;
                int r;

                r = split_pair(*s, '=', &v.name, &v.value);
                if (r < 0)
                        return r;
                r = json_table_write(name_value_table, &v, &o);
                if (r < 0)
                        return r;
                if (json_object_array_add(array, o) < 0) {
                        (void) json_object_put(o);
                        return -ENOMEM;
                }
        }

        *ret = TAKE_PTR(array);
        return 0;
}

const JsonType json_name_values = { name_values_read, name_values_write, strv_type_free, json_type_array };

/* bool, Tristate */

static int boolean_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        *(bool *) p = json_object_get_boolean(o);
        return 0;
}

static int boolean_write(const JsonType *type, const void *p, json_object **ret)
{
        return *(const bool *) p ? return_value(json_object_new_boolean(true), ret) : 0;
}

const JsonType json_boolean = { boolean_read, boolean_write, NULL, json_type_boolean };

static int tristate_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        *(Tristate *) p = json_object_get_boolean(o) ? TRISTATE_YES : TRISTATE_NO;
        return 0;
}

static int tristate_write(const JsonType *type, const void *p, json_object **ret)
{
        Tristate t = *(const Tristate *) p;

        return t == TRISTATE_UNSET ? 0 : return_value(json_object_new_boolean(t == TRISTATE_YES), ret);
}

const JsonType json_tristate = { tristate_read, tristate_write, NULL, json_type_boolean };

/* Integers. json-c clamps when it converts: comparing the signed with the unsigned value shows the real sign. */

static int int64_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        if (json_object_get_uint64(o) > INT64_MAX)
                return json_error_set(e, -EINVAL, NULL, "number out of range");

        *(int64_t *) p = json_object_get_int64(o);
        return 0;
}

static int int64_write(const JsonType *type, const void *p, json_object **ret)
{
        int64_t v = *(const int64_t *) p;

        return v ? return_value(json_object_new_int64(v), ret) : 0;
}

const JsonType json_int64 = { int64_read, int64_write, NULL, json_type_int };

static int get_unsigned(json_object *o, uint64_t max, uint64_t *ret, JsonError *e)
{
        if (!json_object_is_type(o, json_type_int))
                return json_error_expected(e, json_type_int);
        if (json_object_get_int64(o) < 0)
                return json_error_set(e, -EINVAL, NULL, "must not be negative");
        if (json_object_get_uint64(o) > max)
                return json_error_set(e, -EINVAL, NULL, "number out of range");

        *ret = json_object_get_uint64(o);
        return 0;
}

static int uint64_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        return get_unsigned(o, UINT64_MAX, p, e);
}

static int uint64_write(const JsonType *type, const void *p, json_object **ret)
{
        uint64_t v = *(const uint64_t *) p;

        return v ? return_value(json_object_new_uint64(v), ret) : 0;
}

const JsonType json_uint64 = { uint64_read, uint64_write, NULL, json_type_int };

static int uint32_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        uint64_t v = 0;
        int r;

        r = get_unsigned(o, UINT32_MAX, &v, e);
        if (r < 0)
                return r;

        *(uint32_t *) p = (uint32_t) v;
        return 0;
}

static int uint32_write(const JsonType *type, const void *p, json_object **ret)
{
        uint32_t v = *(const uint32_t *) p;

        return v ? return_value(json_object_new_int64(v), ret) : 0;
}

const JsonType json_uint32 = { uint32_read, uint32_write, NULL, json_type_int };

/* Lists of small values: a pointer, followed directly by the count */

typedef struct List {
        void *items;
        size_t n;
} List;

static int element_read(const JsonType *element, json_object *o, size_t index, void *p, JsonError *e)
{
        _cleanup_json_error_ JsonError part = json_error_part(e);
        int r = json_object_is_type(o, element->json) ? element->read(element, o, p, &part)
                                                      : json_error_expected(&part, element->json);

        return r < 0 ? json_error_join(e, &part, json_error_below_index(&part, r, NULL, index)) : 0;
}

static int list_read(json_object *o, const JsonType *element, size_t size, List *list, JsonError *e)
{
        size_t n = json_object_array_length(o);
        int r = 0;

        if (n == 0)
                return 0;

        list->items = calloc(n, size);
        if (!list->items)
                return -ENOMEM;

        for (; list->n < n && reads_on(r, e); list->n++) {
                int k = element_read(element, json_object_array_get_idx(o, list->n), list->n,
                                     (char *) list->items + list->n * size, e);

                r = r < 0 ? r : k;
        }
        return r;
}

static int list_write(const List *list, size_t size, json_object *(*make)(const void *), json_object **ret)
{
        _cleanup_json_object_ json_object *array = NULL;

        if (list->n == 0)
                return 0;

        array = json_object_new_array();
        if (!array)
                return -ENOMEM;

        for (size_t i = 0; i < list->n; i++) {
                json_object *o = make((const char *) list->items + i * size);

                if (!o || json_object_array_add(array, o) < 0) {
                        (void) json_object_put(o);
                        return -ENOMEM;
                }
        }

        *ret = TAKE_PTR(array);
        return 0;
}

static void list_free(const JsonType *type, void *p)
{
        List *list = p;

        free(list->items);
        *list = (List) {};
}

static int uint32_list_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        return list_read(o, &json_uint32, sizeof(uint32_t), p, e);
}

static json_object *uint32_make(const void *p)
{
        return json_object_new_int64(*(const uint32_t *) p);
}

static int uint32_list_write(const JsonType *type, const void *p, json_object **ret)
{
        return list_write(p, sizeof(uint32_t), uint32_make, ret);
}

const JsonType json_uint32_list = { uint32_list_read, uint32_list_write, list_free, json_type_array };

/* json_object *. Deep copies are not needed: nothing changes an object once it was read. */

static int raw_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        *(json_object **) p = json_object_get(o);
        return 0;
}

static int raw_write(const JsonType *type, const void *p, json_object **ret)
{
        *ret = json_object_get(*(json_object *const *) p);
        return 0;
}

static void raw_free(const JsonType *type, void *p)
{
        (void) json_object_put(*(json_object **) p);
        *(json_object **) p = NULL;
}

const JsonType json_raw = { raw_read, raw_write, raw_free, json_type_null };

/* Digest */

static int digest_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        const char *s = json_object_get_string(o);
        int r;

        r = digest_parse(s, p);
        if (r == -EOPNOTSUPP)
                return json_error_set(e, r, NULL, "digest '%s' is of an algorithm that is not supported", s);
        if (r == -EINVAL)
                return json_error_set(e, r, NULL, "'%s' is not a digest", s);
        return r;
}

static json_object *digest_make(const void *p)
{
        return json_object_new_string(DIGEST_STRING((const Digest *) p));
}

static int digest_write(const JsonType *type, const void *p, json_object **ret)
{
        return ((const Digest *) p)->hex[0] ? return_value(digest_make(p), ret) : 0;
}

const JsonType json_digest = { digest_read, digest_write, NULL, json_type_string };

static int digest_list_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        return list_read(o, &json_digest, sizeof(Digest), p, e);
}

static int digest_list_write(const JsonType *type, const void *p, json_object **ret)
{
        return list_write(p, sizeof(Digest), digest_make, ret);
}

const JsonType json_digest_list = { digest_list_read, digest_list_write, list_free, json_type_array };
