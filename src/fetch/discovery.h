/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fetch/http.h"
#include "image/transport/fetch-protocol.h"

/* Meta discovery of appc (spec/discovery.md): the <meta> elements of the pages at a name say where its images and keys
 * are. */

typedef struct Discovery {
        char **aci;             /* templates of URLs, in their order */
        char **pubkeys;         /* URLs */
} Discovery;

void discovery_done(Discovery *d);

/* Finds what a page says about this name; elements for other prefixes are ignored, and so are those in the body, which
 * may be untrusted text. Malformed HTML is parsed as far as possible. */
int discovery_parse(const char *html, size_t size, const char *name, Discovery *ret);

/* Asks at the name, and then at each of its parents, until one has an answer; wanted: "aci" or "pubkeys". Writes a JSON
 * object {"aci": [], "pubkeys": []} to the sink. -ENOENT: none has an answer. */
int discovery_fetch(Http *http, const FetchMessage *message, HttpSink *sink, char **reterr_message);
