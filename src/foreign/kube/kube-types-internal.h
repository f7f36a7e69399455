/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/kube/kube-types.h"

#define ROW(T, member, type, field) { member, type, offsetof(T, field) }

/* Members of an object within the object, which need no struct of their own: "a.b" is read into the struct of a. */
int kube_nested_read(const JsonType *type, json_object *o, void *p, JsonError *e);
int kube_nested_write(const JsonType *type, const void *p, json_object **ret);
void kube_nested_free(const JsonType *type, void *p);

/* Its fields have offsets of the struct around it; so its own row has the offset of that. */
#define NESTED(tbl)                                                                                            \
        { .read = kube_nested_read, .write = kube_nested_write, .free = kube_nested_free,                      \
          .json = json_type_object, .table = (tbl) }

/* kube-types-checks.c: a KubeProbe and a KubeLifecycle as pointer members. */
extern const JsonType kube_type_probe;
extern const JsonType kube_type_lifecycle;
