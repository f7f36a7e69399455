/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/name/appc-discovery.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"

typedef struct Answer {
        char **aci;
} Answer;

static const JsonField answer_table[] = {
        { "aci", &json_strv, offsetof(Answer, aci), JSON_MANDATORY },
        {}
};

void appc_endpoints_done(AppcEndpoints *e)
{
        for (size_t i = 0; i < e->n; i++) {
                free(e->endpoints[i].image);
                free(e->endpoints[i].signature);
        }
        free(e->endpoints);
        *e = (AppcEndpoints) {};
}

/* The name itself is not a label, whatever the labels are. */
static const char *variable(const AppcImageRef *ref, const char *name, const char *ext)
{
        if (streq(name, "ext"))
                return ext;
        if (streq(name, "name"))
                return ref->name;
        return strv_env_get(ref->labels, name) ?: streq(name, "version") ? "latest" : NULL;
}

/* *ret is NULL when a label is missing. */
static int render(const char *template, const AppcImageRef *ref, const char *ext, char **ret)
{
        _cleanup_free_ char *out = strdup("");

        while (out && *template) {
                size_t n = strcspn(template, "{");
                const char *end = template[n] ? strchr(template + n, '}') : NULL;
                _cleanup_free_ char *before = TAKE_PTR(out), *text = strndup(template, n), *name = NULL;
                const char *value = "";

                if (!text)
                        return -ENOMEM;
                if (end) {
                        name = strndup(template + n + 1, (size_t) (end - template) - n - 1);
                        value = name ? variable(ref, name, ext) : NULL;
                        if (!value) {
                                *ret = NULL;
                                return name ? 0 : -ENOMEM;
                        }
                }
                out = strjoin(before, text, value, !end && template[n] ? template + n : "");
                template = end ? end + 1 : template + strlen(template);
        }
        *ret = TAKE_PTR(out);
        return *ret ? 0 : -ENOMEM;
}

static int render_both(const char *template, const AppcImageRef *ref, AppcEndpoint *ret)
{
        int r = render(template, ref, "aci", &ret->image);

        return r < 0 ? r : render(template, ref, "aci.asc", &ret->signature);
}

static int add_endpoint(AppcEndpoints *e, const char *template, const AppcImageRef *ref)
{
        AppcEndpoint *endpoint = &e->endpoints[e->n];
        int r;

        r = render_both(template, ref, endpoint);
        if (r < 0 || !endpoint->image || !endpoint->signature) {
                free(endpoint->image);
                free(endpoint->signature);
                return r;
        }
        e->n++;
        return 0;
}

static int add_endpoints(AppcEndpoints *e, const Answer *a, const AppcImageRef *ref)
{
        e->endpoints = new0(AppcEndpoint, strv_length(a->aci) + 1);
        if (!e->endpoints)
                return -ENOMEM;
        STRV_FOREACH(template, a->aci) {
                int r = add_endpoint(e, *template, ref);

                if (r < 0)
                        return r;
        }
        return 0;
}

int appc_endpoints_render(const char *answer, size_t size, const AppcImageRef *ref, AppcEndpoints *ret,
                          char **reterr_message)
{
        static const JsonType type = JSON_STRUCT(Answer, answer_table, NULL);
        _cleanup_json_error_ JsonError error = {};
        AppcEndpoints e = {};
        Answer *a = NULL;
        int r;

        r = json_document_parse_foreign(&type, answer, size, (void **) &a, &error);
        if (r < 0)
                return explain(reterr_message, r, "discovery: %s", json_error_message(&error, r));
        r = add_endpoints(&e, a, ref);
        json_document_free(&type, a);
        if (r < 0) {
                appc_endpoints_done(&e);
                return r;
        }
        *ret = e;
        return 0;
}
