/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "pod/plan-deadline.h"
#include "shared/explain.h"

int plan_deadline_parse(const char *text, uint64_t *ret_usec)
{
        return parse_duration(text, ret_usec) < 0 || *ret_usec == 0 ? -EINVAL : 0;
}

int plan_deadline(const AppcPod *manifest, uint64_t *ret_usec, char **reterr_message)
{
        const char *text = appc_pod_annotation(manifest, POD_ANNOTATION_DEADLINE);

        *ret_usec = 0;
        return text && plan_deadline_parse(text, ret_usec) < 0
                       ? explain(reterr_message, EINVAL,
                                 "annotation '" POD_ANNOTATION_DEADLINE "': '%s' is not a time, as 90s or 2h", text)
                       : 0;
}
