/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/appc-pod.h"

/* The one-line forms of manifest parts on rkt's command line. All fill a zeroed struct that is released with its
 * _done() function; -EINVAL with a message that names the wrong key. A comma always ends a value. */

/* --volume NAME,kind=host,source=PATH[,readOnly=BOOL][,recursive=BOOL]
 * --volume NAME,kind=empty[,readOnly=BOOL][,mode=0755][,uid=N][,gid=N]
 * --volume NAME,kind=named[,volume=NAME][,readOnly=BOOL] */
int volume_from_string(const char *s, Volume *ret, JsonError *e);
/* --mount volume=NAME,target=PATH */
int mount_from_string(const char *s, Mount *ret, JsonError *e);
/* A volume of one app, with the place of its mount: "name=NAME,target=PATH,KEY=VALUE…", as rkt's app add has it. */
int app_volume_from_string(const char *s, Mount *ret, JsonError *e);
/* --port NAME:[HOSTIP:]HOSTPORT; an IPv6 address is in brackets. */
int pod_port_from_string(const char *s, PodPort *ret, JsonError *e);
/* NAME[:VERSION][,LABEL=VALUE…] — the input of discovery; VERSION becomes the label "version". */
int appc_image_ref_from_string(const char *s, AppcImageRef *ret, JsonError *e);
