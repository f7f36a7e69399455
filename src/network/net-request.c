/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manifest/ac-types.h"
#include "network/net-request.h"
#include "shared/explain.h"

static void request_done(NetRequest *r)
{
        free(r->name);
        strv_free(r->arguments);
}

void net_requests_done(NetRequests *r)
{
        for (size_t i = 0; i < r->n; i++)
                request_done(&r->items[i]);
        free(r->items);
        *r = (NetRequests) {};
}

/* "IP=10.1.0.7;K=V" */
static int parse_arguments(const char *text, NetRequest *ret, char **reterr_message)
{
        _cleanup_strv_free_ char **pairs = NULL;

        if (strv_split(text, ';', &pairs) < 0)
                return -ENOMEM;
        STRV_FOREACH(pair, pairs) {
                _cleanup_free_ char *name = NULL, *value = NULL;

                if (split_pair(*pair, '=', &name, &value) < 0)
                        return -ENOMEM;
                if (!value || !env_name_is_valid(name))
                        return explain(reterr_message, EINVAL, "arguments of network '%s' are NAME=VALUE;…, not '%s'",
                                       ret->name, *pair);
                if (strv_env_set(&ret->arguments, name, value) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static bool is_mode(const char *name)
{
        return streq(name, "none") || streq(name, "host") || streq(name, "all");
}

static int check_request(const NetRequests *all, const NetRequest *added, char **reterr_message)
{
        if (isempty(added->name) || strchr(added->name, '/') || added->name[0] == '.')
                return explain(reterr_message, EINVAL, "'%s' is not a valid name of a network", added->name);
        for (size_t i = 0; i < all->n; i++)
                if (streq(all->items[i].name, added->name))
                        return explain(reterr_message, EINVAL, "network '%s' is named twice", added->name);
        if (is_mode(added->name) && added->arguments)
                return explain(reterr_message, EINVAL, "'%s' takes no arguments", added->name);
        if (all->n > 0 && (is_mode(added->name) || is_mode(all->items[0].name)))
                return explain(reterr_message, EINVAL, "'%s' cannot be combined with others",
                               is_mode(added->name) ? added->name : all->items[0].name);
        return 0;
}

static int add_request(NetRequests *all, const char *word, char **reterr_message)
{
        _cleanup_(request_done) NetRequest added = {};
        _cleanup_free_ char *arguments = NULL;
        NetRequest *grown;
        int r;

        r = split_pair(word, ':', &added.name, &arguments);
        if (r < 0)
                return r;
        if (arguments) {
                r = parse_arguments(arguments, &added, reterr_message);
                if (r < 0)
                        return r;
        }
        r = check_request(all, &added, reterr_message);
        if (r < 0)
                return r;
        grown = reallocarray(all->items, all->n + 1, sizeof(NetRequest));
        if (!grown)
                return -ENOMEM;

        all->items = grown;
        grown[all->n++] = (NetRequest) { TAKE_PTR(added.name), TAKE_PTR(added.arguments) };
        return 0;
}

int net_requests_parse(const char *text, NetRequests *ret, char **reterr_message)
{
        _cleanup_strv_free_ char **words = NULL;
        _cleanup_(net_requests_done) NetRequests all = {};
        int r;

        r = strv_split(isempty(text) ? "default" : text, ',', &words);
        if (r < 0)
                return r;
        STRV_FOREACH(word, words) {
                r = add_request(&all, *word, reterr_message);
                if (r < 0)
                        return r;
        }
        if (all.n == 0)
                return explain(reterr_message, EINVAL, "'%s' does not name a network", text);
        *ret = TAKE_GENERIC(all, (NetRequests) {});
        return 0;
}
