/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"
#include "foreign/short/short-pod.h"
#include "manifest/appc-pod.h"

/* Makes a pod manifest of a text in pods.d's short form (foreign/short/short-pod.h): what podctl create would make of
 * the same options, without looking at images. Logs all mistakes, each with its line and column. Path: what messages
 * call the file. Networks are looked for in the configuration of the context, which may be NULL. */
int short_manifest_parse(Context *c, const char *path, const char *text, size_t n, AppcPod **ret);

/* The same for a text that was read. */
int short_manifest_make(Context *c, const char *path, const ShortPod *from, AppcPod **ret);
