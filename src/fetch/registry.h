/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fetch/registry-exchange.h"

/* Registries: a client of the OCI distribution specification 1.1, with Docker's token authentication (distribution,
 * spec/auth). The endpoints of a message are tried in order, whatever the error of the previous one.
 *
 * Tokens are shared by all threads; each caller has its own Http. */

/* Errors are those of fetcher_fetch(). */
int registry_do(RegistryJob *job, FetchAnswer *answer, char **reterr_message);
