/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/utf8.h"
#include "cli/images/trust-keys.h"
#include "image/transport/fetcher.h"
#include "image/trust/key-file.h"
#include "keys/gpg.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"

Keystore context_keystore(const Context *c)
{
        return (Keystore) { .system = c->system_config, .local = c->local_config };
}

/* Getting them */

static int fetch(Context *c, const FetchRequest *request, FetchReply *ret)
{
        _cleanup_free_ char *message = NULL;
        Fetcher *fetcher;
        int r;

        r = context_fetcher(c, &fetcher);
        if (r < 0)
                return r;
        r = fetcher_fetch(fetcher, request, ret, &message);
        if (r < 0) {
                if (message)
                        utf8_make_printable(message);
                return log_explained(r, message, "%s", request->url);
        }
        if (ret->outcome == FETCH_DONE && ret->data)
                return 0;
        fetch_reply_done(ret);
        return log_error_errno(EPROTO, "%s: the server sent no key", request->url);
}

static int read_location(Context *c, const TrustKeys *how, const char *location, char **ret, size_t *ret_size)
{
        FetchReply reply = {};
        int r;

        if (startswith(location, "http://") && !how->allow_http)
                return log_error_errno(EPERM, "%s: an attacker on the network could replace a key; use https:, or give "
                                       "--insecure-allow-http", location);
        if (startswith(location, "https://") || startswith(location, "http://")) {
                r = fetch(c, &(FetchRequest) { .kind = FETCH_URL, .url = location, .max = GPG_KEY_MAX }, &reply);
                if (r < 0)
                        return r;
                *ret = TAKE_PTR(reply.data);
                *ret_size = reply.size;
                fetch_reply_done(&reply);
                return 0;
        }
        r = read_file_at(AT_FDCWD, startswith(location, "file://") ?: location, GPG_KEY_MAX, ret, ret_size);
        return r < 0 ? log_error_errno(r, "%s: %m", location) : 0;
}

/* Where words for people go. */
static FILE *words_file(const TrustKeys *how)
{
        return how->results && !how->results->format ? stdout : stderr;
}

/* Review */

/* "8B86 DE38 …", as people compare them. */
static void print_fingerprint(FILE *out, const char *label, const FoundKey *k, const char *fingerprint)
{
        (void) fprintf(out, "%s", label);
        for (size_t i = 0; fingerprint[i]; i++)
                (void) fprintf(out, "%s%c", k->kind == KEY_OPENPGP && i > 0 && i % 4 == 0 ? " " : "", fingerprint[i]);
        (void) fprintf(out, "\n");
}

static void print_review(const TrustKeys *how, const char *location, const KeyFile *f)
{
        FILE *out = words_file(how);

        if (how->prefix)
                (void) fprintf(out, "prefix: \"%s\"\n", how->prefix);
        else
                (void) fprintf(out, "for every image\n");
        (void) fprintf(out, "key: \"%s\"\n", location);
        for (size_t i = 0; i < f->n; i++) {
                const FoundKey *k = &f->keys[i];

                print_fingerprint(out, k->kind == KEY_OPENPGP ? "gpg key fingerprint is: "
                                                              : "public key fingerprint is: ", k, k->fingerprint);
                STRV_FOREACH(subkey, k->subkeys)
                        print_fingerprint(out, "    Subkey fingerprint: ", k, *subkey);
                STRV_FOREACH(identity, k->identities)
                        (void) fprintf(out, "    %s\n", *identity);
        }
}

static int review(const TrustKeys *how, const char *location, const KeyFile *f)
{
        _cleanup_free_ char *answer = NULL;
        size_t room = 0;
        ssize_t n;

        if (how->skip_review)
                return 0;
        if (!isatty(STDIN_FILENO))
                return log_error_errno(ENOTTY,
                                       "%s: the fingerprint cannot be reviewed: standard input is not a terminal; "
                                       "give --skip-fingerprint-review to trust it unseen",
                                       location);
        print_review(how, location, f);
        for (;;) {
                (void) fprintf(words_file(how), "Are you sure you want to trust %s (yes/no)? ",
                               f->n == 1 ? "this key" : "these keys");
                (void) fflush(words_file(how));
                n = getline(&answer, &room, stdin);
                if (n < 0)
                        return log_error_errno(ECANCELED, "%s: not trusted", location);
                answer[strcspn(answer, "\r\n")] = 0;
                if (streq(answer, "yes") || streq(answer, "y"))
                        return 0;
                if (streq(answer, "no") || streq(answer, "n"))
                        return log_error_errno(ECANCELED, "%s: not trusted", location);
                (void) fprintf(words_file(how), "Please enter 'yes' or 'no'\n");
        }
}

/* Keeping them */

static void report_added(const TrustKeys *how, const FoundKey *key, const char *path)
{
        if (how->results && results_add(how->results, { "action", "added" }, { "fingerprint", key->fingerprint },
                                        { "kind", key_kind_to_string(key->kind) }, { "prefix", how->prefix },
                                        { "path", path }))
                return;
        if (how->prefix)
                (void) fprintf(words_file(how), "Added key for prefix \"%s\" at \"%s\"\n", how->prefix, path);
        else
                (void) fprintf(words_file(how), "Added root key at \"%s\"\n", path);
}

static int add(Context *c, const TrustKeys *how, const KeyFile *f)
{
        const Keystore keystore = context_keystore(c);

        for (size_t i = 0; i < f->n; i++) {
                _cleanup_free_ char *path = NULL, *message = NULL;
                int r;

                r = keystore_add(&keystore, how->prefix, f->keys[i].fingerprint, f->keys[i].text, &path, &message);
                if (r < 0)
                        return log_explained(r, message, "Cannot add key %s", f->keys[i].fingerprint);
                report_added(how, &f->keys[i], path);
        }
        return 0;
}

static int check(const char *location, const KeyFile *f)
{
        for (size_t i = 0; i < f->n; i++)
                if (f->keys[i].problem)
                        return log_error_errno(EKEYREJECTED, "%s: key %s cannot verify anything: %s", location,
                                               f->keys[i].fingerprint, f->keys[i].problem);
        return 0;
}

int trust_keys_at(Context *c, const TrustKeys *how, const char *location)
{
        _cleanup_free_ char *data = NULL, *message = NULL;
        _cleanup_(key_file_done) KeyFile f = {};
        size_t n;
        int r;

        r = read_location(c, how, location, &data, &n);
        if (r < 0)
                return r;
        r = key_file_parse(data, n, &f, &message);
        if (r < 0)
                return message ? log_error_errno(r, "%s: %s", location, message)
                               : log_error_errno(r, "%s: %m", location);

        r = check(location, &f);
        if (r < 0)
                return r;
        r = review(how, location, &f);
        if (r < 0)
                return r;
        return add(c, how, &f);
}

typedef struct Discovered {
        char **pubkeys;
} Discovered;

static const JsonField discovered_table[] = {
        { "pubkeys", &json_strv, offsetof(Discovered, pubkeys) },
        {}
};

/* A page may only name URLs, not local files. */
static int trust_all(Context *c, const TrustKeys *how, char *const *urls)
{
        STRV_FOREACH(url, urls) {
                int r;

                if (!startswith(*url, "https://") && !startswith(*url, "http://"))
                        return log_error_errno(EPROTO, "%s: names a key at '%s', which is not a URL", how->prefix,
                                               *url);
                r = trust_keys_at(c, how, *url);
                if (r < 0)
                        return r;
        }
        return urls && *urls ? 0 : log_error_errno(ENOENT, "%s: names no keys (there is no meta element "
                                                   "ac-discovery-pubkeys); give a key file or its URL", how->prefix);
}

static int read_discovered(const FetchReply *reply, Discovered *found, JsonError *e)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r = json_parse_foreign(reply->data, reply->size, &o, e);

        return r < 0 ? r : json_table_read(discovered_table, o, found, e);
}

static int trust_discovered(Context *c, const TrustKeys *how, const FetchReply *reply, Discovered *found)
{
        _cleanup_json_error_ JsonError error = {};
        int r;

        r = read_discovered(reply, found, &error);
        if (r < 0)
                return log_error_errno(r, "%s: discovery: %s", how->prefix, json_error_message(&error, r));
        STRV_FOREACH(url, found->pubkeys)
                utf8_make_printable(*url);
        return trust_all(c, how, found->pubkeys);
}

int trust_discovered_keys(Context *c, const TrustKeys *how)
{
        Discovered found = {};
        FetchReply reply = {};
        int r;

        r = fetch(c, &(FetchRequest) { .kind = FETCH_DISCOVERY, .url = how->prefix, .reference = "pubkeys" }, &reply);
        if (r < 0)
                return r;
        r = trust_discovered(c, how, &reply, &found);
        fetch_reply_done(&reply);
        json_table_free(discovered_table, &found);
        return r;
}
