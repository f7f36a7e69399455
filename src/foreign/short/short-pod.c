/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>

#include "basic/nearest.h"
#include "foreign/draft/foreign-name.h"
#include "foreign/short/short-pod-internal.h"
#include "manifest/ac-types.h"

static void word_done(ShortWord *word)
{
        free(word->text);
        free(word->member);
}

static void words_done(ShortWords *words)
{
        for (size_t i = 0; i < words->n; i++)
                word_done(&words->items[i]);
        free(words->items);
}

ShortPod *short_pod_free(ShortPod *pod)
{
        if (!pod)
                return NULL;
        for (size_t i = 0; i < pod->n_apps; i++) {
                free(pod->apps[i].name);
                free(pod->apps[i].member);
                word_done(&pod->apps[i].image);
                words_done(&pod->apps[i].words);
                strv_free(pod->apps[i].program);
                strv_free(pod->apps[i].arguments);
        }
        free(pod->apps);
        words_done(&pod->words);
        strv_free(pod->refused);
        findings_done(&pod->findings);
        return mfree(pod);
}

static void reader_done(ShortReader *r)
{
        for (size_t i = 0; i < r->n_volumes; i++) {
                free(r->volumes[i].name);
                free(r->volumes[i].shared);
        }
        free(r->volumes);
}

/* Where it is not known, as of an element that is null, the place is its parent's. */
static ShortAt at_of(const ShortReader *r, json_object *o, const char *path, const ShortAt *parent)
{
        JsonPlace place = yaml_place_of_value(r->lines, o);

        return (ShortAt) { o, path, place.line > 0 || !parent ? place : parent->place };
}

int short_note(ShortReader *r, const ShortAt *at, const char *format, ...)
{
        _cleanup_free_ char *text = NULL;
        va_list ap;

        va_start(ap, format);
        text = strvprintf(format, ap);
        va_end(ap);
        return text ? findings_add_at(&r->pod->findings, at->place, at->path, FINDING_LOST, "%s", text) : -ENOMEM;
}

/* Words */

static int word_set(ShortWord *word, const ShortAt *at, char *text)
{
        *word = (ShortWord) { text, strdup(at->path), at->place.line, at->place.column };
        return word->text && word->member ? 0 : -ENOMEM;
}

int short_add_word(ShortReader *r, ShortApp *app, const ShortAt *at, char *text)
{
        ShortWords *words = app ? &app->words : &r->pod->words;

        if (!text || ARRAY_GROW(words->items, words->allocated, words->n, 1) < 0) {
                free(text);
                return -ENOMEM;
        }
        return word_set(&words->items[words->n++], at, text);
}

static int add_option(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at, const char *value)
{
        return short_add_word(r, m->of_pod ? NULL : app, at,
                        strjoin("--", m->option, strchr(m->option, '=') ? "" : "=", value));
}

/* Values */

/* YAML's words for booleans are texts, too, where they are a choice. NULL: it is neither. */
static const char *text_of(json_object *o, const char *choices)
{
        switch (json_object_get_type(o)) {
        case json_type_string:
                return json_object_get_string(o);
        case json_type_boolean:
                if (!choices || !(startswith(choices, "no|") || startswith(choices, "off|")))
                        return NULL;
                return json_object_get_boolean(o) ? "yes" : startswith(choices, "no|") ? "no" : "off";
        default:
                return NULL;
        }
}

static bool is_choice(const char *choices, const char *text)
{
        for (const char *c = choices; c; c = strchr(c, '|') ? strchr(c, '|') + 1 : NULL)
                if (strlen(text) == strcspn(c, "|") && startswith(c, text))
                        return true;
        return !choices;
}

static int refuse_text(ShortReader *r, const ShortAt *at)
{
        return short_note(r, at, json_object_is_type(at->o, json_type_boolean)
                                         ? "expected a string; put it in quotation marks" : "expected a string");
}

static int read_text(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at)
{
        const char *text = text_of(at->o, m->choices);

        if (!text)
                return refuse_text(r, at);
        return is_choice(m->choices, text) ? add_option(r, app, m, at, text)
                                           : short_note(r, at, "expected one of %s, not '%s'", m->choices, text);
}

static int read_boolean(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at)
{
        if (!json_object_is_type(at->o, json_type_boolean))
                return short_note(r, at, "expected true or false");
        return add_option(r, app, m, at, json_object_get_boolean(at->o) ? "true" : "false");
}

int short_for_texts(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at,
                     int (*each)(ShortReader *, ShortApp *, const ShortMember *, const ShortAt *, const char *text))
{
        int k = 0;

        if (!json_object_is_type(at->o, json_type_array)) {
                const char *text = text_of(at->o, NULL);

                return text ? each(r, app, m, at, text) : short_note(r, at, "expected a list of strings");
        }
        for (size_t i = 0; k >= 0 && i < json_object_array_length(at->o); i++) {
                _cleanup_free_ char *path = strprintf("%s[%zu]", at->path, i);
                ShortAt element = at_of(r, json_object_array_get_idx(at->o, i), path, at);
                const char *text = text_of(element.o, NULL);

                k = !path  ? -ENOMEM
                    : text ? each(r, app, m, &element, text)
                           : refuse_text(r, &element);
        }
        return k;
}

static int read_list(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at)
{
        return short_for_texts(r, app, m, at, add_option);
}

static int add_pair(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at, const char *text)
{
        return strchr(text, '=') > text ? add_option(r, app, m, at, text)
                                        : short_note(r, at, "expected NAME=VALUE, not '%s'", text);
}

static int add_named(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at, const char *name)
{
        const char *value = text_of(at->o, NULL);
        _cleanup_free_ char *pair = value ? strjoin(name, "=", value) : NULL;

        if (!value)
                return refuse_text(r, at);
        if (!*name || strchr(name, '='))
                return short_note(r, at, "the name is empty, or has a '='");
        return pair ? add_option(r, app, m, at, pair) : -ENOMEM;
}

static int read_pairs(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at)
{
        if (!json_object_is_type(at->o, json_type_object))
                return short_for_texts(r, app, m, at, add_pair);
        json_object_object_foreach(at->o, name, value) {
                _cleanup_free_ char *path = strjoin(at->path, ".", name);
                ShortAt member = at_of(r, value, path, at);
                int k = !path ? -ENOMEM : value ? add_named(r, app, m, &member, name) : 0;

                if (k < 0)
                        return k;
        }
        return 0;
}

static int add_program(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at, const char *text)
{
        return app->program ? strv_extend(&app->program, text)
               : (app->program = new0(char *, 1)) ? add_option(r, app, m, at, text)
                                                  : -ENOMEM;
}

static int read_exec(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at)
{
        return short_for_texts(r, app, m, at, add_program);
}

static int add_argument(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at, const char *text)
{
        return strv_extend(&app->arguments, text);
}

static int read_arguments(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at)
{
        return short_for_texts(r, app, m, at, add_argument);
}

static int read_image(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at)
{
        const char *text = text_of(at->o, NULL);

        if (isempty(text) || *text == '-')
                return short_note(r, at, "expected the name of an image");
        return word_set(&app->image, at, strdup(text));
}

/* As in docker's files, which have both in one. */
static int read_user(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at)
{
        const char *text = text_of(at->o, NULL), *colon = text && *text != '/' ? strchr(text, ':') : NULL;

        if (colon)
                return short_note(r, at, "expected a user without a group; write 'user: %.*s' and 'group: %s'",
                                  (int) (colon - text), text, colon + 1);
        return text && !foreign_name_is_valid(FOREIGN_USER, text)
                       ? short_note(r, at, "'%s' is not a valid user: %s", text, foreign_name_rule(FOREIGN_USER))
                       : read_text(r, app, m, at);
}

static int read_name(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at)
{
        const char *text = text_of(at->o, NULL);

        if (!text || !ac_name_is_valid(text))
                return short_note(r, at, "expected the name of an app: small letters, digits and '-'");
        if (app->name)
                return short_note(r, at, "the app has the name '%s' already", app->name);
        app->name = strdup(text);
        return app->name ? 0 : -ENOMEM;
}

/* Objects */

static int read_members(ShortReader *r, ShortApp *app, const ShortMember *const *tables, const ShortAt *at);

static int read_table(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at)
{
        const ShortMember *const tables[] = { m->members, NULL };

        return json_object_is_type(at->o, json_type_object) ? read_members(r, app, tables, at)
                                                            : short_note(r, at, "expected an object");
}

static int check_app(ShortReader *r, ShortApp *app, const ShortAt *at)
{
        if (!app->image.text)
                return short_note(r, at, "image: missing");
        if (!app->name && (ac_name_from_image_name(app->image.text, &app->name) < 0 || !ac_name_is_valid(app->name)))
                return short_note(r, at, "name: missing, and '%s' gives none", app->image.text);
        for (size_t i = 0; i + 1 < r->pod->n_apps; i++)
                if (streq_ptr(r->pod->apps[i].name, app->name)) {
                        int k = short_note(r, at, "there are two apps '%s'; give one a name", app->name);

                        app->name = mfree(app->name);
                        return k;
                }
        return 0;
}

/* Where something else is wrong, that may be what should have been the image. */
static int finish_app(ShortReader *r, ShortApp *app, const ShortAt *at, size_t before, int k)
{
        return k < 0 || (r->pod->findings.n > before && !app->image.text) ? k : check_app(r, app, at);
}

static int add_app(ShortReader *r, const char *path, const char *name, ShortApp **ret)
{
        ShortPod *pod = r->pod;

        if (ARRAY_GROW(pod->apps, pod->allocated_apps, pod->n_apps, 1) < 0)
                return -ENOMEM;
        *ret = &pod->apps[pod->n_apps++];
        **ret = (ShortApp) { .member = strdup(path), .name = name ? strdup(name) : NULL };
        return (*ret)->member && (!name || (*ret)->name) ? 0 : -ENOMEM;
}

/* An object, or just its image. Name: NULL, it says that itself. */
static int read_app(ShortReader *r, const char *name, const ShortAt *at)
{
        static const ShortMember *const tables[] = { short_app_members, NULL };
        size_t before = r->pod->findings.n;
        ShortApp *app;
        int k;

        if (name && !ac_name_is_valid(name))
                return strv_extend(&r->pod->refused, name) < 0
                               ? -ENOMEM
                               : short_note(r, at, "'%s' is not a valid name of an app: small letters, digits and '-'",
                                            name);
        k = add_app(r, at->path, name, &app);
        if (k < 0)
                return k;
        if (json_object_is_type(at->o, json_type_string))
                k = read_image(r, app, NULL, at);
        else
                k = json_object_is_type(at->o, json_type_object) ? read_members(r, app, tables, at)
                                                                : short_note(r, at, "expected an object, or an image");
        return finish_app(r, app, at, before, k);
}

static int read_named_apps(ShortReader *r, const ShortAt *at)
{
        json_object_object_foreach(at->o, name, value) {
                _cleanup_free_ char *path = strjoin(at->path, ".", name);
                ShortAt app = at_of(r, value, path, at);
                int k = path ? read_app(r, name, &app) : -ENOMEM;

                if (k < 0)
                        return k;
        }
        return 0;
}

static int read_listed_apps(ShortReader *r, const ShortAt *at)
{
        int k = 0;

        for (size_t i = 0; k >= 0 && i < json_object_array_length(at->o); i++) {
                _cleanup_free_ char *path = strprintf("%s[%zu]", at->path, i);
                ShortAt app = at_of(r, json_object_array_get_idx(at->o, i), path, at);

                k = path ? read_app(r, NULL, &app) : -ENOMEM;
        }
        return k;
}

static int read_apps(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at)
{
        int k;

        if (app)
                return short_note(r, at, "a pod has image, for one app, or apps, for several; not both");
        if (json_object_is_type(at->o, json_type_object))
                k = read_named_apps(r, at);
        else if (json_object_is_type(at->o, json_type_array))
                k = read_listed_apps(r, at);
        else
                k = short_note(r, at, "expected the apps by their names, or a list");
        if (k < 0 || r->pod->n_apps > 0 || r->pod->findings.n > 0)
                return k;
        return short_note(r, at, "expected at least one app");
}

static int (*const readers[_SHORT_SHAPE_MAX])(ShortReader *r, ShortApp *app, const ShortMember *m,
                                             const ShortAt *at) = {
        [SHORT_TEXT] = read_text,           [SHORT_BOOLEAN] = read_boolean, [SHORT_LIST] = read_list,
        [SHORT_PAIRS] = read_pairs,         [SHORT_VOLUMES] = short_read_volumes, [SHORT_TMPFS] = short_read_tmpfs,
        [SHORT_EXEC] = read_exec,           [SHORT_IMAGE] = read_image,     [SHORT_NAME] = read_name,
        [SHORT_ARGUMENTS] = read_arguments, [SHORT_USER] = read_user,       [SHORT_APPS] = read_apps,
        [SHORT_TABLE] = read_table,
};

/* Also the name of the option, which somebody may know better. */
static const char *nearest_of(const ShortMember *const *tables, const char *name)
{
        Nearest near = { .written = name };

        for (size_t i = 0; tables[i]; i++)
                for (const ShortMember *m = tables[i]; m->name; m++) {
                        if (m->option && streq(m->option, name))
                                return m->name;
                        nearest_offer(&near, m->name);
                }
        return near.known;
}

static int refuse_unknown(ShortReader *r, const ShortMember *const *tables, const ShortAt *at, const char *name)
{
        const char *nearest = nearest_of(tables, name);

        if (streq(at->path, "services"))
                return short_note(r, at, "is of Compose; podctl create NAME --from=FILE takes a pod from such a file");
        if (tables[0] == short_pod_members && !tables[1] && short_member_find(short_app_members, name))
                return short_note(r, at, "is a member of an app, below apps");
        if (tables[0] == short_app_members && short_member_find(short_pod_members, name))
                return short_note(r, at, "is a member of the pod, beside apps");
        return nearest ? short_note(r, at, "is not a known member; did you mean '%s'?", nearest)
                       : short_note(r, at, "is not a known member");
}

/* The member of the first table that has it; of a pod's table it says something about the pod. */
static int read_member(ShortReader *r, ShortApp *app, const ShortMember *const *tables, const ShortAt *at,
                       const char *name)
{
        for (size_t i = 0; tables[i]; i++) {
                const ShortMember *m = short_member_find(tables[i], name);
                bool of_pod = tables[i] == short_pod_members && m && m->shape != SHORT_APPS;

                if (m)
                        return readers[m->shape](r, of_pod ? NULL : app, m, at);
        }
        return refuse_unknown(r, tables, at, name);
}

static int read_members(ShortReader *r, ShortApp *app, const ShortMember *const *tables, const ShortAt *at)
{
        json_object_object_foreach(at->o, name, value) {
                _cleanup_free_ char *path = strjoin(at->path, *at->path ? "." : "", name);
                ShortAt member = at_of(r, value, path, at);
                int k = !path ? -ENOMEM : value ? read_member(r, app, tables, &member, name) : 0;

                if (k < 0)
                        return k;
        }
        return 0;
}

static int read_top(ShortReader *r, const ShortAt *at)
{
        static const ShortMember *const of_apps[] = { short_pod_members, NULL };
        static const ShortMember *const of_one[] = { short_pod_members, short_app_members, NULL };
        ShortApp *app;
        int k;

        if (!json_object_is_type(at->o, json_type_object))
                return short_note(r, at, "expected an object with image or apps");
        if (!json_object_object_get(at->o, "image") && json_object_object_get(at->o, "apps"))
                return read_members(r, NULL, of_apps, at);
        k = add_app(r, "", NULL, &app);
        if (k >= 0)
                k = read_members(r, app, of_one, at);
        return finish_app(r, app, at, 0, k);
}

static int read_documents(ShortReader *r, json_object *documents)
{
        ShortAt at = at_of(r, json_object_array_get_idx(documents, 0), "", NULL);

        if (json_object_array_length(documents) == 0)
                return short_note(r, &at, "the file is empty: expected image or apps");
        if (json_object_array_length(documents) > 1) {
                ShortAt second = at_of(r, json_object_array_get_idx(documents, 1), "", NULL);

                return short_note(r, &second, "a file of pods.d describes one pod, and this is a second document");
        }
        return read_top(r, &at);
}

int short_pod_parse(const char *text, size_t n, ShortPod **ret, JsonError *e)
{
        _cleanup_(short_pod_freep) ShortPod *pod = new0(ShortPod, 1);
        _cleanup_(yaml_lines_freep) YamlLines *lines = NULL;
        _cleanup_json_object_ json_object *documents = NULL;
        _cleanup_(reader_done) ShortReader r = { .pod = pod };
        int k = pod ? yaml_parse_named(text, n, &documents, &lines, e) : -ENOMEM;

        if (k < 0)
                return k;
        r.lines = lines;
        k = read_documents(&r, documents);
        if (k < 0)
                return k;
        findings_sort(&pod->findings);
        k = pod->findings.n > 0 ? -EINVAL : 0;
        *ret = TAKE_PTR(pod);
        return k;
}
