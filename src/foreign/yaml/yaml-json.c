/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <yaml.h>

#include "basic/utf8.h"
#include "foreign/yaml/yaml-json.h"
#include "foreign/yaml/yaml-scalar.h"

/* A value with a name, for aliases. Open: what it stands for is being read. */
typedef struct Anchor {
        char *name;
        json_object *value;
        bool open;
} Anchor;

typedef struct Reader {
        yaml_parser_t parser;
        const char *data;
        size_t n;
        JsonError *error;
        bool texts;
        bool names; /* and numbers are texts, whatever other values are */
        Anchor *anchors;
        size_t n_anchors, allocated;
        size_t n_values;        /* that were made */
        YamlLines *lines;
} Reader;

static JsonPlace place_of(const yaml_mark_t *mark)
{
        return (JsonPlace) { mark->line + 1, mark->column + 1 };
}

static void place_set(const Reader *r, const json_object *value, const yaml_mark_t *mark)
{
        yaml_lines_set(r->lines, value, place_of(mark));
}

typedef struct Event {
        yaml_event_t e;
        bool there;
} Event;

static void event_done(Event *event)
{
        if (event->there)
                yaml_event_delete(&event->e);
        event->there = false;
}

static void reader_forget(Reader *r)
{
        for (size_t i = 0; i < r->n_anchors; i++) {
                free(r->anchors[i].name);
                (void) json_object_put(r->anchors[i].value);
        }
        r->n_anchors = 0;
}

static void reader_done(Reader *r)
{
        reader_forget(r);
        free(r->anchors);
        yaml_parser_delete(&r->parser);
}

static int refuse(const Reader *r, const yaml_mark_t *mark, const char *what, const char *detail)
{
        return json_error_set(r->error, -EBADMSG, NULL, "not valid YAML at line %zu, column %zu: %s%s", mark->line + 1,
                              mark->column + 1, what, strempty(detail));
}

/* libyaml counts bytes, and not lines, where it cannot read characters. */
static yaml_mark_t mark_of_offset(const Reader *r, size_t offset)
{
        yaml_mark_t mark = {};

        for (size_t i = 0; i < MIN(offset, r->n); i++) {
                mark.column = r->data[i] == '\n' ? 0 : mark.column + 1;
                mark.line += r->data[i] == '\n';
        }
        return mark;
}

static int refuse_syntax(const Reader *r)
{
        const yaml_parser_t *p = &r->parser;
        yaml_mark_t mark = p->error == YAML_READER_ERROR ? mark_of_offset(r, p->problem_offset) : p->problem_mark;

        if (p->error == YAML_MEMORY_ERROR)
                return -ENOMEM;
        return refuse(r, &mark, p->problem ?: "syntax error", NULL);
}

static int next(Reader *r, Event *ret)
{
        event_done(ret);
        if (!yaml_parser_parse(&r->parser, &ret->e))
                return refuse_syntax(r);
        ret->there = true;
        return 0;
}

static int count(Reader *r, const yaml_mark_t *mark)
{
        return ++r->n_values > YAML_MAX_VALUES ? refuse(r, mark, "too many values, aliases counted", NULL) : 0;
}

/* Anchors */

static Anchor *anchor_find(const Reader *r, const char *name)
{
        for (size_t i = r->n_anchors; i > 0; i--)
                if (streq(r->anchors[i - 1].name, name))
                        return &r->anchors[i - 1];
        return NULL;
}

static int anchor_open(Reader *r, const yaml_char_t *name)
{
        if (!name)
                return 0;
        if (ARRAY_GROW(r->anchors, r->allocated, r->n_anchors, 1) < 0)
                return -ENOMEM;
        r->anchors[r->n_anchors] = (Anchor) { .name = strdup((const char *) name), .open = true };
        return r->anchors[r->n_anchors].name ? (int) r->n_anchors++ + 1 : -ENOMEM;
}

/* Handle: what anchor_open() returned; 0 is none. */
static void anchor_close(Reader *r, int handle, json_object *value)
{
        if (handle <= 0)
                return;
        r->anchors[handle - 1].value = json_object_get(value);
        r->anchors[handle - 1].open = false;
}

static int copy_value(Reader *r, const yaml_mark_t *mark, json_object *from, json_object **ret);

static int copy_members(Reader *r, const yaml_mark_t *mark, json_object *from, json_object *to)
{
        json_object_object_foreach(from, name, value) {
                json_object *copy = NULL;
                int k = copy_value(r, mark, value, &copy);

                if (k < 0)
                        return k;
                if (json_object_object_add(to, name, copy) < 0)
                        return (void) json_object_put(copy), -ENOMEM;
        }
        return 0;
}

static int copy_elements(Reader *r, const yaml_mark_t *mark, json_object *from, json_object *to)
{
        for (size_t i = 0; i < json_object_array_length(from); i++) {
                json_object *copy = NULL;
                int k = copy_value(r, mark, json_object_array_get_idx(from, i), &copy);

                if (k < 0)
                        return k;
                if (json_object_array_add(to, copy) < 0)
                        return (void) json_object_put(copy), -ENOMEM;
        }
        return 0;
}

static json_object *copy_scalar(json_object *from)
{
        switch (json_object_get_type(from)) {
        case json_type_boolean:
                return json_object_new_boolean(json_object_get_boolean(from));
        case json_type_double:
                return json_object_new_double(json_object_get_double(from));
        case json_type_int:
                return json_object_get_int64(from) == INT64_MAX ? json_object_new_uint64(json_object_get_uint64(from))
                                                                : json_object_new_int64(json_object_get_int64(from));
        default:
                return json_object_new_string_len(json_object_get_string(from), json_object_get_string_len(from));
        }
}

/* Each alias has values of its own, which keep their places. */
static int copy_value(Reader *r, const yaml_mark_t *mark, json_object *from, json_object **ret)
{
        _cleanup_json_object_ json_object *o = NULL;
        int k = count(r, mark);

        if (k < 0 || !from) {
                *ret = NULL;
                return k;
        }
        o = json_object_is_type(from, json_type_object)  ? json_object_new_object()
            : json_object_is_type(from, json_type_array) ? json_object_new_array()
                                                         : copy_scalar(from);
        if (!o)
                return -ENOMEM;
        yaml_lines_copy(r->lines, o, from);
        k = json_object_is_type(from, json_type_object)  ? copy_members(r, mark, from, o)
            : json_object_is_type(from, json_type_array) ? copy_elements(r, mark, from, o)
                                                         : 0;
        if (k < 0)
                return k;
        *ret = TAKE_PTR(o);
        return 0;
}

static int read_alias(Reader *r, const yaml_event_t *e, json_object **ret)
{
        const char *name = (const char *) e->data.alias.anchor;
        const Anchor *anchor = anchor_find(r, name);

        if (!anchor)
                return refuse(r, &e->start_mark, "there is no anchor before the alias *", name);
        if (anchor->open)
                return refuse(r, &e->start_mark, "the alias is within what it stands for: *", name);
        return copy_value(r, &e->start_mark, anchor->value, ret);
}

/* Values */

/* Without what was made of it. */
static int keep_text(const yaml_event_t *e, json_object **ret)
{
        (void) json_object_put(*ret);
        return yaml_scalar((const char *) e->data.scalar.value, e->data.scalar.length, NULL, false, ret);
}

static int read_scalar(Reader *r, const yaml_event_t *e, json_object **ret)
{
        const char *text = (const char *) e->data.scalar.value, *tag = (const char *) e->data.scalar.tag;
        bool plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        int k;

        if (memchr(text, 0, e->data.scalar.length))
                return refuse(r, &e->start_mark, "NUL character", NULL);
        if (r->texts && !yaml_scalar_is_null(text))
                plain = false;
        k = yaml_scalar(text, e->data.scalar.length, tag, plain, ret);
        if (r->names && plain && !tag && (k == -ERANGE || json_object_is_type(*ret, json_type_int) ||
                                          json_object_is_type(*ret, json_type_double)))
                return keep_text(e, ret);
        if (k == -ERANGE)
                return refuse(r, &e->start_mark, "number out of range", NULL);
        if (k == -EOPNOTSUPP)
                return refuse(r, &e->start_mark, "nothing in JSON has the tag ", tag);
        return k == -EINVAL ? refuse(r, &e->start_mark, "the text is not a valid ", tag) : k;
}

static int read_value(Reader *r, Event *event, size_t depth, json_object **ret);

typedef struct Nulls {
        struct NullElement {
                size_t index;
                yaml_mark_t mark;
        } *items;
        size_t n, allocated;
} Nulls;

static void nulls_done(Nulls *nulls)
{
        free(nulls->items);
}

static int read_element(Reader *r, Event *event, size_t depth, json_object *array, Nulls *nulls)
{
        _cleanup_json_object_ json_object *value = NULL;
        yaml_mark_t mark = event->e.start_mark;
        int k = read_value(r, event, depth, &value);

        if (k < 0)
                return k;
        place_set(r, value, &mark);
        if (!value && ARRAY_GROW(nulls->items, nulls->allocated, nulls->n, 1) < 0)
                return -ENOMEM;
        if (!value)
                nulls->items[nulls->n++] = (struct NullElement) { json_object_array_length(array), mark };
        if (json_object_array_add(array, value) < 0)
                return -ENOMEM;
        TAKE_PTR(value);
        return 0;
}

static int read_elements(Reader *r, size_t depth, json_object *array)
{
        _cleanup_(nulls_done) Nulls nulls = {};
        _cleanup_(event_done) Event event = {};
        int k;

        for (;;) {
                k = next(r, &event);
                if (k < 0 || event.e.type == YAML_SEQUENCE_END_EVENT)
                        break;
                k = read_element(r, &event, depth, array, &nulls);
                if (k < 0)
                        break;
        }
        for (size_t i = 0; k >= 0 && i < nulls.n; i++)
                yaml_lines_set_element(r->lines, array, nulls.items[i].index, place_of(&nulls.items[i].mark));
        return k;
}

/* Names of JSON are strings; numbers and booleans become theirs. */
static int read_name(Reader *r, Event *event, size_t depth, char **ret)
{
        _cleanup_json_object_ json_object *name = NULL;
        yaml_mark_t mark = event->e.start_mark;
        bool texts = r->texts;
        int k;

        r->texts = texts || r->names;
        k = read_value(r, event, depth, &name);
        r->texts = texts;
        if (k < 0)
                return k;
        if (!name || json_object_is_type(name, json_type_object) || json_object_is_type(name, json_type_array))
                return refuse(r, &mark, "the name of a member is not a string", NULL);
        *ret = strdup(json_object_get_string(name));
        return *ret ? 0 : -ENOMEM;
}

/* Members that the mapping does not have itself. The first of several mappings counts. */
static int merge_mapping(json_object *from, json_object *into)
{
        json_object_object_foreach(from, name, value)
                if (!json_object_object_get_ex(into, name, NULL) &&
                    json_object_object_add(into, name, json_object_get(value)) < 0)
                        return (void) json_object_put(value), -ENOMEM;
        return 0;
}

static int merge(Reader *r, const yaml_mark_t *mark, json_object *from, json_object *into)
{
        if (json_object_is_type(from, json_type_object))
                return merge_mapping(from, into);
        if (!json_object_is_type(from, json_type_array))
                return refuse(r, mark, "'<<' takes a mapping, or a list of them", NULL);
        for (size_t i = 0; i < json_object_array_length(from); i++) {
                json_object *one = json_object_array_get_idx(from, i);
                int k = json_object_is_type(one, json_type_object)
                                ? merge_mapping(one, into)
                                : refuse(r, mark, "'<<' takes a mapping, or a list of them", NULL);

                if (k < 0)
                        return k;
        }
        return 0;
}

static bool is_merge(const yaml_event_t *e)
{
        return e->type == YAML_SCALAR_EVENT && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
               !e->data.scalar.tag && streq((const char *) e->data.scalar.value, "<<");
}

/* Takes the tag off, which no JSON value has. */
static YamlMark take_mark(const Reader *r, yaml_event_t *e)
{
        yaml_char_t **tag = e->type == YAML_SCALAR_EVENT           ? &e->data.scalar.tag
                            : e->type == YAML_MAPPING_START_EVENT  ? &e->data.mapping_start.tag
                            : e->type == YAML_SEQUENCE_START_EVENT ? &e->data.sequence_start.tag
                                                                   : NULL;
        YamlMark mark = r->texts && tag ? yaml_mark_from_tag((const char *) *tag) : YAML_MARK_NONE;

        if (mark != YAML_MARK_NONE)
                *tag = mfree(*tag);
        return mark;
}

/* A member, or what "<<" brings, which is kept apart until all own members are there. */
static int read_member(Reader *r, Event *event, size_t depth, json_object *object, json_object **merged)
{
        _cleanup_json_object_ json_object *value = NULL;
        yaml_mark_t mark = event->e.start_mark;
        bool merges = is_merge(&event->e);
        _cleanup_free_ char *name = NULL;
        YamlMark mark_of_tag = YAML_MARK_NONE;
        int k = merges ? 0 : read_name(r, event, depth, &name);

        if (k >= 0)
                k = next(r, event);
        if (k >= 0) {
                mark_of_tag = take_mark(r, &event->e);
                k = read_value(r, event, depth, &value);
        }
        if (k < 0)
                return k;
        if (merges ? *merged != NULL : json_object_object_get_ex(object, name, NULL))
                return refuse(r, &mark, "a second member ", merges ? "<<" : name);
        if (merges) {
                *merged = json_object_new_object();
                return *merged ? merge(r, &mark, value, *merged) : -ENOMEM;
        }
        if (json_object_object_add(object, name, value) < 0)
                return -ENOMEM;
        TAKE_PTR(value);
        yaml_lines_set_member(r->lines, object, name, place_of(&mark));
        if (mark_of_tag != YAML_MARK_NONE)
                yaml_lines_set_mark(r->lines, object, name, mark_of_tag);
        return 0;
}

static int read_members(Reader *r, size_t depth, json_object *object)
{
        _cleanup_json_object_ json_object *merged = NULL;
        _cleanup_(event_done) Event event = {};
        int k;

        for (;;) {
                k = next(r, &event);
                if (k < 0 || event.e.type == YAML_MAPPING_END_EVENT)
                        break;
                k = read_member(r, &event, depth, object, &merged);
                if (k < 0)
                        break;
        }
        return k < 0 || !merged ? k : merge_mapping(merged, object);
}

static int check_tag(const Reader *r, const yaml_event_t *e, const yaml_char_t *tag, const char *wanted)
{
        const char *text = (const char *) tag;

        return !text || streq(text, wanted) || streq(text, "!")
                       ? 0
                       : refuse(r, &e->start_mark, "nothing in JSON has the tag ", text);
}

static int read_collection(Reader *r, const yaml_event_t *e, size_t depth, json_object **ret)
{
        bool mapping = e->type == YAML_MAPPING_START_EVENT;
        _cleanup_json_object_ json_object *o = mapping ? json_object_new_object() : json_object_new_array();
        int k, handle;

        if (!o)
                return -ENOMEM;
        if (depth >= JSON_MAX_DEPTH)
                return refuse(r, &e->start_mark, "nested too deeply", NULL);
        k = mapping ? check_tag(r, e, e->data.mapping_start.tag, YAML_MAP_TAG)
                    : check_tag(r, e, e->data.sequence_start.tag, YAML_SEQ_TAG);
        if (k < 0)
                return k;
        handle = anchor_open(r, mapping ? e->data.mapping_start.anchor : e->data.sequence_start.anchor);
        if (handle < 0)
                return handle;
        k = mapping ? read_members(r, depth + 1, o) : read_elements(r, depth + 1, o);
        if (k < 0)
                return k;
        anchor_close(r, handle, o);
        *ret = TAKE_PTR(o);
        return 0;
}

static int read_value(Reader *r, Event *event, size_t depth, json_object **ret)
{
        const yaml_event_t *e = &event->e;
        int k = count(r, &e->start_mark), handle;

        if (k < 0)
                return k;
        if (e->type == YAML_ALIAS_EVENT)
                return read_alias(r, e, ret);
        if (e->type != YAML_SCALAR_EVENT)
                return read_collection(r, e, depth, ret);
        k = read_scalar(r, e, ret);
        if (k < 0)
                return k;
        place_set(r, *ret, &e->start_mark);
        handle = anchor_open(r, e->data.scalar.anchor);
        anchor_close(r, handle, *ret);
        return handle < 0 ? handle : 0;
}

static int read_documents(Reader *r, json_object *array)
{
        _cleanup_(event_done) Event event = {};

        for (;;) {
                json_object *document = NULL;
                yaml_mark_t mark;
                int k = next(r, &event);

                if (k < 0 || event.e.type == YAML_STREAM_END_EVENT)
                        return k;
                if (event.e.type != YAML_DOCUMENT_START_EVENT)
                        continue;
                reader_forget(r);
                k = next(r, &event);
                mark = event.e.start_mark;
                if (k >= 0)
                        k = read_value(r, &event, 0, &document);
                if (k < 0)
                        return k;
                place_set(r, document, &mark);
                if (document && json_object_array_add(array, document) < 0)
                        return (void) json_object_put(document), -ENOMEM;
        }
}

static int parse(const char *data, size_t n, bool texts, bool names, json_object **ret, YamlLines **ret_lines,
                 JsonError *e)
{
        _cleanup_(yaml_lines_freep) YamlLines *lines = yaml_lines_new();
        _cleanup_json_object_ json_object *array = json_object_new_array();
        Reader r = { .data = data, .n = n, .error = e, .texts = texts, .names = names, .lines = lines };
        int k;

        if (!array || !lines)
                return -ENOMEM;
        /* Behind it, the first line would begin a column later than the others, as libyaml counts. */
        if (n >= strlen(UTF8_MARK) && memcmp(data, UTF8_MARK, strlen(UTF8_MARK)) == 0) {
                r.data += strlen(UTF8_MARK);
                r.n -= strlen(UTF8_MARK);
        }
        if (n > YAML_MAX_SIZE)
                return json_error_set(e, -E2BIG, NULL, "longer than %u bytes", YAML_MAX_SIZE);
        if (!yaml_parser_initialize(&r.parser))
                return -ENOMEM;
        yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&r.parser, (const unsigned char *) r.data, r.n);
        k = read_documents(&r, array);
        reader_done(&r);
        if (k < 0)
                return k;
        *ret = TAKE_PTR(array);
        *ret_lines = TAKE_PTR(lines);
        return 0;
}

int yaml_parse_memory(const char *data, size_t n, json_object **ret, YamlLines **ret_lines, JsonError *e)
{
        return parse(data, n, false, false, ret, ret_lines, e);
}

int yaml_parse_named(const char *data, size_t n, json_object **ret, YamlLines **ret_lines, JsonError *e)
{
        return parse(data, n, false, true, ret, ret_lines, e);
}

int yaml_parse_texts(const char *data, size_t n, json_object **ret, YamlLines **ret_lines, JsonError *e)
{
        return parse(data, n, true, true, ret, ret_lines, e);
}
