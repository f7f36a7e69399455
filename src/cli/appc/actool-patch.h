/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/json-table.h"

/* What is to be changed in an image manifest, in actool's words; NULL: nothing. */
typedef struct ActoolPatch {
        char *name;
        char *exec;                     /* separated by spaces */
        char *user, *group;
        char *supplementary_groups;     /* "GID,GID" */
        char *capability;               /* "CAP,CAP": what the app keeps */
        char *revoke_capability;
        char *mounts;                   /* "NAME,path=PATH[,readOnly=true]", and more behind colons */
        char *ports;                    /* "NAME,protocol=tcp,port=80[,count=2][,socketActivated=true]", the same */
        char *isolators;                /* "NAME,KEY=VALUE" or "NAME,VALUE", the same */
        char *seccomp_mode;             /* "remove" or "retain", perhaps with ",errno=EPERM" */
        char *seccomp_set;              /* "CALL,CALL" */
} ActoolPatch;

/* *ret is the changed manifest, which is valid. -EINVAL: it cannot be; the message says why. */
int actool_patch(json_object *manifest, const ActoolPatch *patch, json_object **ret, char **reterr_message);
