/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fetch/http.h"
#include "image/transport/fetch-protocol.h"

/* Meta discovery of appc (spec/discovery.md): what the <meta> elements of the pages at a name say about where its
 * images and keys are. */

typedef struct Discovery {
        char **aci;             /* templates of URLs, in their order */
        char **pubkeys;         /* URLs */
} Discovery;

void discovery_done(Discovery *d);

/* What a page says about this name; elements about other prefixes, and those in the body, which may be somebody else's
 * words, are passed over. A page that is no proper HTML says what can be made out of it. */
int discovery_parse(const char *html, size_t size, const char *name, Discovery *ret);

/* Asks at the name, and then at all it lies below, until there is something; wanted: "aci" or "pubkeys". Writes a
 * JSON object {"aci": [], "pubkeys": []} to the sink. -ENOENT: nobody says anything. */
int discovery_fetch(Http *http, const FetchMessage *message, HttpSink *sink, char **reterr_message);
