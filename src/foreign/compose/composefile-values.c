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

/* Notes what became of one element, unless it was simply carried over. */
static int tell_element(ComposefileStep *c)
{
        FindingState state = c->step.state;

        c->step.state = FINDING_CARRIED;
        if (state == FINDING_CARRIED)
                return 0;
        c->told = true;
        return composefile_note(c->make, c->at, state, TAKE_PTR(c->step.why));
}

int composefile_each(ComposefileStep *c, json_object *value,
                     int (*carry)(ComposefileStep *c, const ComposefileRow *row, json_object *value),
                     const ComposefileRow *row)
{
        char *at = c->at;
        int r = 0;

        if (!json_object_is_type(value, json_type_array))
                return carry(c, row, value);
        for (size_t i = 0; r >= 0 && i < json_object_array_length(value); i++) {
                c->at = strprintf("%s[%zu]", at, i);
                r = c->at ? carry(c, row, json_object_array_get_idx(value, i)) : -ENOMEM;
                if (r >= 0)
                        r = tell_element(c);
                free(c->at);
        }
        c->at = at;
        return r;
}

int composefile_inner(ComposefileStep *c, json_object *value, const char *path, const char *name,
                      int (*carry)(ComposefileStep *c, const ComposefileRow *row, json_object *value))
{
        char *at = c->at;
        json_object *member = NULL;
        int r;

        if (!json_object_object_get_ex(value, name, &member))
                return 0;
        c->at = strjoin(at, ".", path, ".", name);
        r = c->at ? carry(c, NULL, member) : -ENOMEM;
        if (r >= 0)
                r = tell_element(c);
        free(c->at);
        c->at = at;
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
