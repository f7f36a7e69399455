/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/string-table.h"
#include "basic/time-util.h"
#include "image/trust/image-trust.h"

static const char *const trust_how_table[_TRUST_HOW_MAX] = {
        [TRUST_NONE] = "none",
        [TRUST_DIGEST] = "digest",
        [TRUST_OPENPGP] = "openpgp",
        [TRUST_SIMPLE_SIGNING] = "simple-signing",
        [TRUST_COSIGN] = "cosign",
};
DEFINE_STRING_TABLE(trust_how, TrustHow);

static const JsonField trust_table[] = {
        { "how", &json_string, offsetof(ImageTrust, how) },
        { "name", &json_string, offsetof(ImageTrust, name) },
        { "key", &json_string, offsetof(ImageTrust, key) },
        { "prefix", &json_string, offsetof(ImageTrust, prefix) },
        { "identity", &json_string, offsetof(ImageTrust, identity) },
        { "time", &json_uint64, offsetof(ImageTrust, time) },
        {}
};

const JsonType json_image_trust = JSON_STRUCT(ImageTrust, trust_table, NULL);

void image_trust_done(ImageTrust *t)
{
        json_table_free(trust_table, t);
}

int image_trust_copy(const ImageTrust *from, ImageTrust *to)
{
        return json_table_copy(&json_image_trust, from, to);
}

int image_trust_set(ImageTrust *t, TrustHow how, const char *name)
{
        int r;

        t->time = now_nsec();
        r = free_and_strdup(&t->how, trust_how_to_string(how));
        return r < 0 ? r : free_and_strdup(&t->name, name);
}

bool image_trust_is(const ImageTrust *t, TrustHow how)
{
        return streq_ptr(t->how, trust_how_to_string(how));
}

char *image_trust_format(const ImageTrust *t)
{
        if (!t->how)
                return strdup("-");
        if (!t->key)
                return strdup(t->how);
        return strprintf("%s, key %s%s%s%s, for %s", t->how, t->key, t->identity ? " (" : "", strempty(t->identity),
                         t->identity ? ")" : "", t->prefix ?: "every image");
}

json_object *image_trust_to_json(const ImageTrust *t)
{
        json_object *o = NULL;

        return t->how && json_table_write(trust_table, t, &o) >= 0 ? o : NULL;
}
