/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "basic/utf8.h"
#include "cli/appc/actool-discover.h"
#include "cli/images/print-manifest.h"
#include "image/name/appc-discovery.h"
#include "image/name/image-location.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"

typedef struct Found {
        AppcEndpoints endpoints;
        char **pubkeys;
} Found;

static const JsonField keys_table[] = {
        { "pubkeys", &json_strv, offsetof(Found, pubkeys) },
        {}
};

static void found_done(Found *f)
{
        appc_endpoints_done(&f->endpoints);
        json_table_free(keys_table, f);
}

static int ask(Context *c, const char *name, const char *what, FetchReply *ret, char **reterr_message)
{
        Fetcher *fetcher;
        int r = context_fetcher(c, &fetcher);

        return r < 0 ? r : fetcher_fetch(fetcher, &(FetchRequest) { .kind = FETCH_DISCOVERY, .url = name,
                                                                    .reference = what }, ret, reterr_message);
}

static int find_endpoints(Context *c, const AppcImageRef *ref, const char *at, Found *f, char **reterr_message)
{
        _cleanup_(fetch_reply_done) FetchReply reply = {};
        int r = ask(c, at, "aci", &reply, reterr_message);

        if (r >= 0)
                r = appc_endpoints_render(reply.data, reply.size, ref, &f->endpoints, reterr_message);
        return r < 0 ? r : f->endpoints.n == 0 ? explain(reterr_message, ENOENT, "no location for these labels") : 0;
}

/* Not every site names keys. */
static int find_keys(Context *c, const char *at, Found *f, char **reterr_message)
{
        _cleanup_(fetch_reply_done) FetchReply reply = {};
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_json_error_ JsonError error = {};
        int r = ask(c, at, "pubkeys", &reply, reterr_message);

        if (r < 0)
                return r == -ENOENT ? 0 : r;
        r = json_parse_foreign(reply.data, reply.size, &o, &error);
        if (r >= 0)
                r = json_table_read(keys_table, o, f, &error);
        STRV_FOREACH(url, f->pubkeys)
                utf8_make_printable(*url);
        return r < 0 ? explain(reterr_message, r, "discovery: %s", json_error_message(&error, r)) : 0;
}

/* Printing: JSON with the names that actool had */

static json_object *text_of(const char *s)
{
        return s ? json_object_new_string(s) : NULL;
}

static int print_json(const Found *f)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();
        json_object *endpoints = json_object_new_array(), *keys = json_object_new_array();
        _cleanup_free_ char *text = NULL;
        int r;

        for (size_t i = 0; i < f->endpoints.n; i++) {
                json_object *entry = json_object_new_object();

                (void) json_object_object_add(entry, "ACI", text_of(f->endpoints.endpoints[i].image));
                (void) json_object_object_add(entry, "ASC", text_of(f->endpoints.endpoints[i].signature));
                (void) json_object_array_add(endpoints, entry);
        }
        STRV_FOREACH(url, f->pubkeys)
                (void) json_object_array_add(keys, json_object_new_string(*url));
        (void) json_object_object_add(o, "ACIEndpoints", endpoints);
        (void) json_object_object_add(o, "PublicKeys", keys);
        r = json_format_compact(o, &text);
        return r < 0 ? r : print_manifest(text, strlen(text), true);
}

static int print_text(const Found *f)
{
        _cleanup_free_ char *keys = strv_join(f->pubkeys, ",");

        for (size_t i = 0; i < f->endpoints.n; i++)
                (void) printf("ACI: %s, ASC: %s\n", f->endpoints.endpoints[i].image,
                              strempty(f->endpoints.endpoints[i].signature));
        if (!isempty(keys))
                (void) printf("PublicKeys: %s\n", keys);
        return 0;
}

/* Where to ask for the name: "HOST:PORT/…". NULL: out of memory. */
static char *place_of(const char *name, uint64_t port)
{
        size_t n = strcspn(name, "/");

        return port ? strprintf("%.*s:%" PRIu64 "%s", (int) n, name, port, name + n) : strdup(name);
}

int actool_discover(Context *context, const char *name, uint64_t port, bool json, char **reterr_message)
{
        _cleanup_(image_location_done) ImageLocation location = {};
        _cleanup_free_ char *at = NULL;
        _cleanup_(found_done) Found found = {};
        int r = image_location_parse(name, &location, reterr_message);

        if (r >= 0 && location.type != IMAGE_AT_DISCOVERY)
                r = explain(reterr_message, EINVAL, "is not a name that discovery finds, HOST/NAME[:VERSION]");
        if (r >= 0)
                r = (at = place_of(location.appc.name, port)) ? 0 : -ENOMEM;
        if (r >= 0)
                r = find_endpoints(context, &location.appc, at, &found, reterr_message);
        if (r >= 0)
                r = find_keys(context, at, &found, reterr_message);
        return r < 0 ? r : json ? print_json(&found) : print_text(&found);
}
