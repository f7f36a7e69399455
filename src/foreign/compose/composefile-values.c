/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "basic/parse.h"
#include "basic/shell-words.h"
#include "foreign/compose/composefile-plan-internal.h"
#include "foreign/quadlet/quadlet-keys.h"

const char *composefile_text(json_object *value)
{
        return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

const char *composefile_get(json_object *o, const char *member)
{
        json_object *value = NULL;

        return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, member, &value)
                       ? composefile_text(value)
                       : NULL;
}

bool composefile_is_wrong(const ComposefileMake *m, const char *section, const char *name)
{
        _cleanup_free_ char *at = strjoin(section, ".", name);

        return at && json_left_out_has(m->wrong, at);
}

bool composefile_is_true(const char *text)
{
        return text && parse_boolean(text) > 0;
}

int composefile_carry(ComposefileStep *c, const char *key, const char *text)
{
        const QuadletRow *row = quadlet_row_find("Container", key);

        if (startswith(key, "--"))
                return strv_extendf(&c->step.app->words, "%s=%s", key, text);
        return quadlet_step_carry(&c->step, row, text);
}

/* Elements */

int composefile_said(ComposefileStep *c)
{
        const char *path;
        size_t line = composefile_line_of(c->make, c->at, &path);
        int r = pod_draft_said(c->step.pod, c->step.app, c->before, path, line, c->at);

        c->before = pod_draft_mark(c->step.pod, c->step.app);
        return r;
}

/* Notes what became of one element, unless it was simply carried over. */
static int tell_element(ComposefileStep *c)
{
        FindingState state = c->step.state;
        int r = composefile_said(c);

        c->step.state = FINDING_CARRIED;
        if (r < 0 || state == FINDING_CARRIED)
                return r;
        c->told = true;
        return composefile_note(c->make, c->at, state, TAKE_PTR(c->step.why));
}

/* Takes at, the element's path. */
static int carry_at(ComposefileStep *c, char *at, json_object *value,
                    int (*carry)(ComposefileStep *c, const ComposefileRow *row, json_object *value),
                    const ComposefileRow *row)
{
        char *whole = c->at;
        int r;

        c->at = at;
        r = at ? carry(c, row, value) : -ENOMEM;
        if (r >= 0)
                r = tell_element(c);
        free(at);
        c->at = whole;
        return r;
}

int composefile_each(ComposefileStep *c, json_object *value,
                     int (*carry)(ComposefileStep *c, const ComposefileRow *row, json_object *value),
                     const ComposefileRow *row)
{
        int r = 0;

        if (!json_object_is_type(value, json_type_array))
                return carry(c, row, value);
        for (size_t i = 0; r >= 0 && i < json_object_array_length(value); i++)
                r = carry_at(c, strprintf("%s[%zu]", c->at, i), json_object_array_get_idx(value, i), carry, row);
        return r;
}

int composefile_inner(ComposefileStep *c, json_object *value, const char *path, const char *name,
                      int (*carry)(ComposefileStep *c, const ComposefileRow *row, json_object *value))
{
        json_object *member = NULL;

        return json_object_object_get_ex(value, name, &member)
                       ? carry_at(c, strjoin(c->at, ".", path, ".", name), member, carry, NULL)
                       : 0;
}

int composefile_member(ComposefileStep *c, json_object *value, const ComposefileRow *row)
{
        json_object *member = NULL;

        return json_object_object_get_ex(value, row->member, &member)
                       ? carry_at(c, strjoin(c->at, ".", row->member), member, row->carry, row)
                       : 0;
}

/* Pairs */

typedef struct PairCarrier {
        int (*carry)(ComposefileStep *c, const ComposefileRow *row, const char *pair);
        const ComposefileRow *row;
        const char *name; /* NULL: the value has it, too */
} PairCarrier;

static int carry_pair(ComposefileStep *c, const PairCarrier *carrier, char *at, json_object *value)
{
        const char *text = value ? composefile_text(value) : NULL;
        _cleanup_free_ char *pair = !carrier->name ? NULL
                                    : text        ? strjoin(carrier->name, "=", text)
                                                  : strdup(carrier->name);
        char *whole = c->at;
        int r = !at || (carrier->name && !pair) ? -ENOMEM : 0;

        c->at = at;
        if (r >= 0)
                r = !text && (value || !carrier->name) ? lose(c, carrier->name ? "expected a text"
                                                                               : "expected NAME=VALUE")
                                                       : carrier->carry(c, carrier->row, pair ?: text);
        if (r >= 0)
                r = tell_element(c);
        free(at);
        c->at = whole;
        return r;
}

int composefile_each_pair(ComposefileStep *c, json_object *value,
                          int (*carry)(ComposefileStep *c, const ComposefileRow *row, const char *pair),
                          const ComposefileRow *row)
{
        PairCarrier carrier = { carry, row, NULL };
        int r = 0;

        if (json_object_is_type(value, json_type_array)) {
                for (size_t i = 0; r >= 0 && i < json_object_array_length(value); i++)
                        r = carry_pair(c, &carrier, strprintf("%s[%zu]", c->at, i),
                                       json_object_array_get_idx(value, i));
                return r;
        }
        if (!json_object_is_type(value, json_type_object))
                return lose(c, "expected names and their values");
        json_object_object_foreach(value, name, member) {
                carrier.name = name;
                r = r < 0 ? r : carry_pair(c, &carrier, strjoin(c->at, ".", name), member);
        }
        return r;
}

static int pairs_of_object(json_object *value, char ***ret)
{
        json_object_object_foreach(value, name, member) {
                const char *text = member ? composefile_text(member) : NULL;
                int r;

                if (member && !text)
                        return -EINVAL;
                r = text ? strv_extendf(ret, "%s=%s", name, text) : strv_extend(ret, name);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int texts_of_array(json_object *value, char ***ret)
{
        for (size_t i = 0; i < json_object_array_length(value); i++) {
                const char *text = composefile_text(json_object_array_get_idx(value, i));
                int r = text ? strv_extend(ret, text) : -EINVAL;

                if (r < 0)
                        return r;
        }
        return 0;
}

int composefile_pairs(json_object *value, char ***ret)
{
        if (json_object_is_type(value, json_type_object))
                return pairs_of_object(value, ret);
        return json_object_is_type(value, json_type_array) ? texts_of_array(value, ret) : -EINVAL;
}

int composefile_words(json_object *value, char ***ret)
{
        if (json_object_is_type(value, json_type_array))
                return texts_of_array(value, ret);
        return composefile_text(value) ? shell_words_split(composefile_text(value), ret) : -EINVAL;
}

int composefile_texts(json_object *value, char ***ret)
{
        if (json_object_is_type(value, json_type_array))
                return texts_of_array(value, ret);
        return composefile_text(value) ? strv_extend(ret, composefile_text(value)) : -EINVAL;
}

int composefile_check_members(ComposefileStep *c, json_object *o, const char *const *known)
{
        json_object_object_foreach(o, name, value) {
                _cleanup_free_ char *at = NULL;
                int r;

                if (strv_contains((char *const *) known, name) || startswith(name, "x-"))
                        continue;
                at = strjoin(c->at, ".", name);
                r = at ? composefile_tell(c->make, at, FINDING_LOST, "not possible here") : -ENOMEM;
                if (r < 0)
                        return r;
        }
        return 0;
}
