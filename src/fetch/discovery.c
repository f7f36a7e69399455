/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <libxml/HTMLparser.h>

#include "basic/fd.h"
#include "fetch/discovery.h"
#include "shared/explain.h"

#define PAGE_MAX (1024U * 1024)
#define LINES_MAX 64U

static const JsonField discovery_table[] = {
        { "aci", &json_strv, offsetof(Discovery, aci), JSON_MANDATORY },
        { "pubkeys", &json_strv, offsetof(Discovery, pubkeys), JSON_MANDATORY },
        {}
};

void discovery_done(Discovery *d)
{
        json_table_free(discovery_table, d);
}

/* Whether name is prefix or lies below it. */
static bool covers(const char *prefix, size_t n, const char *name)
{
        return strncmp(name, prefix, n) == 0 && (name[n] == 0 || name[n] == '/' || (n > 0 && prefix[n - 1] == '/'));
}

/* "PREFIX TEMPLATE" */
static int take_content(const char *content, const char *name, char ***list)
{
        size_t n = strcspn(content, " \t\n\r");
        const char *value = content + n + strspn(content + n, " \t\n\r");
        _cleanup_free_ char *copy = strndup(value, strcspn(value, " \t\n\r"));

        if (!copy)
                return -ENOMEM;
        if (n == 0 || isempty(copy) || !string_is_ascii_printable(copy) || !covers(content, n, name) ||
            strv_length(*list) >= LINES_MAX)
                return 0;
        return strv_extend(list, copy);
}

static int take_meta(xmlNode *node, const char *name, Discovery *d)
{
        xmlChar *kind = xmlGetProp(node, BAD_CAST "name"), *content = xmlGetProp(node, BAD_CAST "content");
        int r = 0;

        if (kind && content && xmlStrcasecmp(kind, BAD_CAST "ac-discovery") == 0)
                r = take_content((const char *) content, name, &d->aci);
        else if (kind && content && xmlStrcasecmp(kind, BAD_CAST "ac-discovery-pubkeys") == 0)
                r = take_content((const char *) content, name, &d->pubkeys);
        xmlFree(kind);
        xmlFree(content);
        return r;
}

static xmlNode *child_called(xmlNode *parent, const char *name)
{
        xmlNode *n = parent ? parent->children : NULL;

        while (n && (n->type != XML_ELEMENT_NODE || xmlStrcasecmp(n->name, BAD_CAST name) != 0))
                n = n->next;
        return n;
}

static int take_all(xmlNode *head, const char *name, Discovery *d)
{
        for (xmlNode *n = head ? head->children : NULL; n; n = n->next) {
                int r;

                if (n->type != XML_ELEMENT_NODE || xmlStrcasecmp(n->name, BAD_CAST "meta") != 0)
                        continue;
                r = take_meta(n, name, d);
                if (r < 0)
                        return r;
        }
        return 0;
}

int discovery_parse(const char *html, size_t size, const char *name, Discovery *ret)
{
        htmlDocPtr doc =
                htmlReadMemory(html, (int) MIN(size, (size_t) PAGE_MAX), NULL, NULL,
                               HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET);
        xmlNode *head = doc ? child_called(xmlDocGetRootElement(doc), "head") : NULL;
        Discovery d = {};
        int r = take_all(head, name, &d);

        xmlFreeDoc(doc);
        if (r < 0) {
                discovery_done(&d);
                return r;
        }
        *ret = d;
        return 0;
}

static int fetch_page(Http *http, const FetchEndpoint *e, const char *scheme, const char *at, HttpSink *page,
                      char **reterr_message)
{
        _cleanup_free_ char *url = strjoin(scheme, at, "?ac-discovery=1");
        _cleanup_(http_reply_done) HttpReply reply = {};
        int r;

        if (!url)
                return -ENOMEM;
        page->at = 0;
        r = http_perform(http, &(HttpRequest) {
                .url = url,
                .first = true,
                .document = true,
                .user = e->aws_region ? NULL : e->user,
                .password = e->password,
                .bearer = e->bearer,
                .ca = e->ca,
                .insecure_tls = e->insecure_tls,
                .plain_http = e->plain_http,
        }, page, &reply, reterr_message);
        if (r < 0)
                return r;
        if (reply.status != 200)
                r = explain(reterr_message, ENOENT, "%s%s: status %ld", scheme, at, reply.status);
        return r;
}

/* In appc, names have no ports; "HOST:PORT/PATH" is also where to ask for "HOST/PATH". */
static char *without_port(const char *place)
{
        size_t host = strcspn(place, ":/"), n = strcspn(place, "/");

        return strprintf("%.*s%s", (int) host, place, place + n);
}

static int parse_page(const HttpSink *page, const char *place, Discovery *ret)
{
        _cleanup_free_ char *name = without_port(place);
        const char *text = strempty(page->data);
        int r = name ? discovery_parse(text, (size_t) page->at, place, ret) : -ENOMEM;

        if (r < 0 || ret->aci || ret->pubkeys || streq(name, place))
                return r;
        discovery_done(ret);
        return discovery_parse(text, (size_t) page->at, name, ret);
}

/* Over https, and over plain http where that is allowed. */
static int read_page(Http *http, const FetchEndpoint *e, const char *at, const char *name, HttpSink *page,
                     Discovery *ret, char **reterr_message)
{
        int r;

        r = fetch_page(http, e, "https://", at, page, reterr_message);
        if (r < 0 && r != -ENOMEM && r != -EKEYREJECTED && r != -ENOKEY && e->plain_http)
                r = fetch_page(http, e, "http://", at, page, reterr_message);
        return r < 0 ? r : parse_page(page, name, ret);
}

/* Asks at one level. */
static int ask_at(Http *http, const FetchEndpoint *e, const char *at, const char *name, Discovery *ret,
                  char **reterr_message)
{
        HttpSink page = { .fd = -EBADF, .max = PAGE_MAX };
        int r = read_page(http, e, at, name, &page, ret, reterr_message);

        free(page.data);
        return r;
}

static int write_answer(const Discovery *d, HttpSink *sink)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = json_table_write(discovery_table, d, &o);
        if (r < 0)
                return r;
        r = json_format_compact(o, &text);
        if (r < 0)
                return r;
        r = loop_write(sink->fd, text, strlen(text));
        if (r < 0)
                return r;
        sink->at = strlen(text);
        return r;
}

int discovery_fetch(Http *http, const FetchMessage *m, HttpSink *sink, char **reterr_message)
{
        _cleanup_free_ char *at = strdup(strempty(m->url));
        bool keys = streq_ptr(m->reference, "pubkeys");
        char *slash;
        int r;

        if (!at)
                return -ENOMEM;
        if (m->n_endpoints != 1 || isempty(at))
                return -EINVAL;
        for (;;) {
                Discovery d = {};

                r = ask_at(http, m->endpoints, at, m->url, &d, reterr_message);
                if (r >= 0 && strv_length(keys ? d.pubkeys : d.aci) > 0) {
                        r = write_answer(&d, sink);
                        discovery_done(&d);
                        return r;
                }
                discovery_done(&d);
                slash = strrchr(at, '/');
                if (r == -ENOMEM || !slash)
                        break;
                *slash = 0;
        }
        if (r < 0)
                return r;
        return explain(reterr_message, ENOENT, "no page says where its %s", keys ? "keys are" : "images are");
}
