/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>

#include "basic/path.h"
#include "foreign/compose/composefile-plan-internal.h"
#include "foreign/compose/composefile-variables.h"
#include "shared/explain.h"

/* The files that a project is read from. They are kept to the end, since what is made of several has their values, and
 * each value has its place in one of them. */

#define TEXTS_MAX 64

void composefile_texts_done(ComposefileTexts *texts)
{
        for (size_t i = 0; i < texts->n; i++) {
                free(texts->items[i].path);
                (void) json_object_put(texts->items[i].documents);
                yaml_lines_free(texts->lines[i]);
        }
        free(texts->items);
        free(texts->lines);
        *texts = (ComposefileTexts) {};
}

/* Takes documents and lines, also on failure. */
static int add_text(ComposefileTexts *texts, const char *path, json_object *documents, YamlLines *lines)
{
        ComposefileText *items = reallocarray(texts->items, texts->n + 1, sizeof(ComposefileText));
        YamlLines **all = NULL;

        texts->items = items ?: texts->items;
        all = items ? reallocarray(texts->lines, texts->n + 1, sizeof(YamlLines *)) : NULL;
        texts->lines = all ?: texts->lines;
        if (!all) {
                (void) json_object_put(documents);
                yaml_lines_free(lines);
                return -ENOMEM;
        }
        items[texts->n] = (ComposefileText) { .path = strdup(path), .documents = documents };
        all[texts->n++] = lines;
        return items[texts->n - 1].path ? 0 : -ENOMEM;
}

static int check_documents(json_object *documents, YamlLines *lines, char **reterr_message)
{
        json_object *first = json_object_array_get_idx(documents, 0);

        if (!first)
                return explain(reterr_message, EINVAL, "there is nothing in it");
        if (json_object_array_length(documents) > 1 && json_object_object_get_ex(first, "services", NULL))
                return explain(reterr_message, EINVAL,
                               "a second document begins at line %zu, and one is read; put all into the first",
                               yaml_place_of_value(lines, json_object_array_get_idx(documents, 1)).line);
        if (json_object_array_length(documents) == 1 && json_object_is_type(first, json_type_object) &&
            !json_object_object_get_ex(first, "kind", NULL))
                return 0;
        return explain(reterr_message, EINVAL,
                       "there is no 'services' in it, as files of Compose have; a file of Kubernetes is given as it "
                       "is: podctl create NAME FILE");
}

int composefile_text_read(ComposefileMake *m, const char *path, json_object **ret, char **reterr_message)
{
        _cleanup_json_object_ json_object *documents = NULL;
        _cleanup_(yaml_lines_freep) YamlLines *lines = NULL;
        _cleanup_json_error_ JsonError e = {};
        _cleanup_free_ char *text = NULL;
        size_t n;
        int r;

        if (m->texts.n >= TEXTS_MAX)
                return explain(reterr_message, E2BIG, "more than %d files are read for it", TEXTS_MAX);
        r = m->input->read(path, &text, &n);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return explain(reterr_message, -r, "cannot read it: %s", foreign_read_error(r));
        r = yaml_parse_texts(text, n, &documents, &lines, &e);
        if (r < 0)
                return explain(reterr_message, -r, "%s", json_error_message(&e, r));
        r = check_documents(documents, lines, reterr_message);
        if (r < 0)
                return r;
        *ret = json_object_array_get_idx(documents, 0);
        return add_text(&m->texts, path, TAKE_PTR(documents), TAKE_PTR(lines));
}

/* Places */

void composefile_place_like(ComposefileMake *m, const json_object *to, const json_object *from)
{
        for (size_t i = 0; i < m->texts.n; i++)
                yaml_lines_copy(m->texts.lines[i], to, from);
}

void composefile_place_null_like(ComposefileMake *m, json_object *to, json_object *from, const char *name)
{
        for (size_t i = 0; i < m->texts.n; i++)
                yaml_lines_copy_null(m->texts.lines[i], to, from, name);
}

YamlMark composefile_mark_of(const ComposefileMake *m, json_object *object, const char *name)
{
        YamlMark mark = YAML_MARK_NONE;

        for (size_t i = 0; mark == YAML_MARK_NONE && i < m->texts.n; i++)
                mark = yaml_mark_of(m->texts.lines[i], object, name);
        return mark;
}

static int note(ComposefileMake *m, json_object *within, const char *at, FindingState state, char *text)
{
        size_t i = 0, line = yaml_place_among(within, m->texts.lines, m->texts.n, at, &i).line;

        return findings_add_text(&m->drafts->findings, m->texts.items[i].path, line, at, state, text);
}

size_t composefile_line_of(const ComposefileMake *m, const char *at, const char **ret_path)
{
        size_t i = 0, line = yaml_place_among(m->model, m->texts.lines, m->texts.n, at, &i).line;

        *ret_path = m->texts.items[i].path;
        return line;
}

int composefile_note(ComposefileMake *m, const char *at, FindingState state, char *text)
{
        return note(m, m->model, at, state, text);
}

int composefile_tell_in(ComposefileMake *m, json_object *within, const char *at, FindingState state, char *text)
{
        if (at && text)
                return note(m, within, at, state, text);
        free(text);
        return -ENOMEM;
}

int composefile_tell(ComposefileMake *m, const char *at, FindingState state, const char *format, ...)
{
        char *text;
        va_list ap;

        va_start(ap, format);
        text = strvprintf(format, ap);
        va_end(ap);
        return composefile_tell_in(m, m->model, at, state, text);
}

/* Variables, in all texts of a file but names of members */

typedef struct Expansion {
        ComposefileMake *make;
        json_object *document;
        char *const *environment;
} Expansion;

static int tell(const Expansion *x, const char *at, FindingState state, char *text)
{
        return composefile_tell_in(x->make, x->document, at, state, text);
}

static int expand_text(const Expansion *x, json_object *value, const char *at)
{
        _cleanup_free_ char *expanded = NULL, *message = NULL;
        const char *text = json_object_get_string(value);
        _cleanup_strv_free_ char **missing = NULL;
        int r = strchr(text, '$') ? composefile_expand(text, x->environment, &missing, &expanded, &message) : 0;

        if (r == -EINVAL)
                r = tell(x, at, FINDING_LOST, strdup(strempty(message)));
        else if (r >= 0 && expanded && !json_object_set_string(value, expanded))
                r = -ENOMEM;
        STRV_FOREACH(name, missing)
                if (r >= 0)
                        r = tell(x, at, FINDING_CHANGED,
                                 strprintf("variable %s is not set, and empty here", *name));
        return r;
}

static int expand_value(const Expansion *x, json_object *value, const char *at);

static int expand_array(const Expansion *x, json_object *array, const char *at)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < json_object_array_length(array); i++) {
                _cleanup_free_ char *path = strprintf("%s[%zu]", at, i);

                r = path ? expand_value(x, json_object_array_get_idx(array, i), path) : -ENOMEM;
        }
        return r;
}

static int expand_value(const Expansion *x, json_object *value, const char *at)
{
        if (json_object_is_type(value, json_type_array))
                return expand_array(x, value, at);
        if (!json_object_is_type(value, json_type_object))
                return value ? expand_text(x, value, at) : 0;
        json_object_object_foreach(value, name, member) {
                _cleanup_free_ char *path = strjoin(at, *at ? "." : "", name);
                int r = path ? expand_value(x, member, path) : -ENOMEM;

                if (r < 0)
                        return r;
        }
        return 0;
}

int composefile_expand_all(ComposefileMake *m, json_object *document, char *const *environment)
{
        return expand_value(&(Expansion) { m, document, environment }, document, "");
}

/* Relative paths of a file that is in another directory than the project */

char *composefile_path(const char *directory, const char *path)
{
        _cleanup_free_ char *joined = NULL;
        char *clean = NULL;

        if (path_is_absolute(path))
                return strdup(path);
        joined = path_join(directory, path);
        return joined && path_clean(joined, &clean) >= 0 ? clean : NULL;
}

char *composefile_directory(const char *path)
{
        const char *base = path_basename(path);

        return base == path ? strdup(".") : base == path + 1 ? strdup("/") : strndup(path, base - path - 1);
}

static int move_text(json_object *value, const char *directory, bool is_source)
{
        const char *text = composefile_text(value), *colon = text ? strchr(text, ':') : NULL;
        _cleanup_free_ char *source = NULL, *path = NULL, *moved = NULL;

        if (!text || *text == '~' || (is_source && *text != '.') || (is_source && !colon))
                return 0;
        source = strndup(text, is_source ? (size_t) (colon - text) : strlen(text));
        path = source ? composefile_path(directory, source) : NULL;
        moved = path ? strjoin(path, is_source ? colon : "") : NULL;
        return moved && json_object_set_string(value, moved) ? 0 : -ENOMEM;
}

/* A text, "SOURCE:TARGET", or an object with a path. */
static int move_one(json_object *value, const char *member, const char *directory)
{
        json_object *path = NULL;

        if (!json_object_is_type(value, json_type_object))
                return move_text(value, directory, streq(member, "source"));
        if (streq(member, "source") && !startswith(strempty(composefile_get(value, "source")), "."))
                return 0;
        return json_object_object_get_ex(value, member, &path) ? move_text(path, directory, false) : 0;
}

static int move_each(json_object *value, const char *member, const char *directory)
{
        int r = 0;

        if (!json_object_is_type(value, json_type_array))
                return move_one(value, member, directory);
        for (size_t i = 0; r >= 0 && i < json_object_array_length(value); i++)
                r = move_one(json_object_array_get_idx(value, i), member, directory);
        return r;
}

static int move_service(json_object *service, const char *directory)
{
        static const char *const places[][2] = { { "env_file", "path" }, { "label_file", "path" },
                                                 { "volumes", "source" } };
        json_object *value = NULL;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(places); i++)
                if (json_object_object_get_ex(service, places[i][0], &value))
                        r = move_each(value, places[i][1], directory);
        if (r >= 0 && json_object_object_get_ex(service, "extends", &value) &&
            json_object_is_type(value, json_type_object))
                r = move_one(value, "file", directory);
        return r;
}

int composefile_move(json_object *document, const char *directory)
{
        static const char *const sections[] = { "services", "secrets", "configs" };

        for (size_t i = 0; i < ELEMENTSOF(sections); i++) {
                json_object *all = NULL;

                if (!json_object_object_get_ex(document, sections[i], &all) ||
                    !json_object_is_type(all, json_type_object))
                        continue;
                json_object_object_foreach(all, name, one) {
                        int r = !json_object_is_type(one, json_type_object) ? 0
                                : i == 0                                    ? move_service(one, directory)
                                                                            : move_one(one, "file", directory);

                        (void) name;
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}
