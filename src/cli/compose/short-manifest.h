/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/appc-pod.h"

/* Makes a pod manifest of a text in pods.d's short form (foreign/short/short-pod.h): what podctl create would make of
 * the same options, without looking at images. Logs all mistakes, each with its line and column. Path: what messages
 * call the file. */
int short_manifest_parse(const char *path, const char *text, size_t n, AppcPod **ret);
