/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/short/pod-form.h"
#include "foreign/yaml/yaml-json.h"

static bool has(json_object *o, const char *a, const char *b)
{
        return json_object_is_type(o, json_type_object) &&
               (json_object_object_get_ex(o, a, NULL) || json_object_object_get_ex(o, b, NULL));
}

static PodForm form_of_object(json_object *o)
{
        return has(o, "acKind", "acVersion") ? POD_FORM_APPC : has(o, "apiVersion", "kind") ? POD_FORM_KUBE
                                                                                              : POD_FORM_SHORT;
}

PodForm pod_form_of(const char *text, size_t n, bool yaml)
{
        _cleanup_(yaml_lines_freep) YamlLines *lines = NULL;
        _cleanup_json_object_ json_object *o = NULL;
        PodForm form = POD_FORM_SHORT;

        if (!yaml)
                return json_parse_memory(text, n, &o, NULL) < 0 ? POD_FORM_APPC : form_of_object(o);
        if (yaml_parse_memory(text, n, &o, &lines, NULL) < 0)
                return POD_FORM_SHORT;
        for (size_t i = 0; form == POD_FORM_SHORT && i < json_object_array_length(o); i++)
                form = form_of_object(json_object_array_get_idx(o, i));
        return form;
}
