/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "api/api-method.h"
#include "basic/strv.h"
#include "calls/call-answer.h"
#include "cli/persona.h"
#include "config.h"
#include "image/trust/keystore.h"
#include "manifest/ac-types.h"

/* Of rkt's last service; clients look at it. */
#define API_VERSION "1.0.0-alpha"

static V1alpha__GlobalFlags *flags_of(Context *c)
{
        V1alpha__GlobalFlags *to = call_new(&v1alpha__global_flags__descriptor);
        _cleanup_free_ char *insecure = strv_join(c->insecure, ",");
        const char *directory;

        to->dir = call_text(context_directory(c, &directory) >= 0 ? directory : c->dir);
        to->system_config_dir = call_text(c->system_config ?: KEYSTORE_SYSTEM);
        to->local_config_dir = call_text(c->local_config ?: KEYSTORE_LOCAL);
        to->user_config_dir = call_text(c->user_config);
        to->insecure_flags = call_text(isempty(insecure) ? "none" : insecure);
        to->trust_keys_from_https = c->trust_keys_from_https;
        return to;
}

static GrpcCode get_info(Context *c, const void *request, void *response, char **reterr_message)
{
        V1alpha__GetInfoResponse *answer = response;

        answer->info = call_new(&v1alpha__info__descriptor);
        answer->info->rkt_version = call_text(RKT_VERSION "+podctl-" PODCTL_VERSION);
        answer->info->appc_version = call_text(AC_VERSION);
        answer->info->api_version = call_text(API_VERSION);
        answer->info->global_flags = flags_of(c);
        return GRPC_OK;
}

const CallMethod api_info_methods[] = {
        API_METHOD(GetInfo, get_info, run, get_info),
        {},
};
