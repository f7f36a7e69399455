/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/json-table.h"

/* Isolators: limits and privileges of an app or a whole pod (appc spec, ace.md "Isolators"). The JSON value is kept
 * unchanged; for names in our table it is also parsed. Other names are accepted but not known: the caller reports to
 * the user that they have no effect. */

typedef enum IsolatorType {
        ISOLATOR_UNKNOWN,
        ISOLATOR_CPU,               /* .resource, in thousandths of a CPU */
        ISOLATOR_MEMORY,            /* .resource, bytes */
        ISOLATOR_BLOCK_BANDWIDTH,   /* .resource, bytes per second */
        ISOLATOR_BLOCK_IOPS,        /* .resource */
        ISOLATOR_NETWORK_BANDWIDTH, /* .resource */
        ISOLATOR_CPU_SHARES,        /* .number, 2…262144 */
        ISOLATOR_OOM_SCORE_ADJ,     /* .number, -1000…1000 */
        ISOLATOR_CAPS_RETAIN,       /* .set */
        ISOLATOR_CAPS_REMOVE,       /* .set */
        ISOLATOR_SECCOMP_RETAIN,    /* .set, .error */
        ISOLATOR_SECCOMP_REMOVE,    /* .set, .error */
        ISOLATOR_SECCOMP_PROFILE,   /* .value; our extension: a profile in the format of OCI runtimes */
        ISOLATOR_NO_NEW_PRIVS,      /* .boolean */
        ISOLATOR_SELINUX_CONTEXT,   /* .selinux */
        ISOLATOR_APPARMOR_PROFILE,  /* .profile */
        ISOLATOR_SYSCTL,            /* .sysctl */
        ISOLATOR_RLIMITS,           /* .rlimits; our extension */
        _ISOLATOR_TYPE_MAX,
        _ISOLATOR_TYPE_INVALID = -EINVAL,
} IsolatorType;

typedef enum IsolatorScope {
        ISOLATOR_APP = 1 << 0,
        ISOLATOR_POD = 1 << 1,
} IsolatorScope;

/* The name as manifests write it: "resource/memory". */
IsolatorType isolator_type_from_string(const char *s);

/* A request that was left out equals the limit. */
typedef struct IsolatorResource {
        int64_t request;
        int64_t limit;
        bool has_request;
        bool has_limit;
        bool is_default;
} IsolatorResource;

typedef struct IsolatorSelinux {
        char *user, *role, *type, *level;
} IsolatorSelinux;

typedef struct Isolator {
        char *name;
        json_object *value;
        IsolatorType type;
        bool known; /* type != ISOLATOR_UNKNOWN */

        /* The fields that fit the type; the others are zero. */
        IsolatorResource resource;
        int64_t number;
        bool boolean;
        char **set;
        char *error; /* "EPERM"; NULL or "": kill */
        IsolatorSelinux selinux;
        char *profile;
        char **sysctl; /* "NAME=VALUE" */
        char **rlimits; /* "NOFILE=1024:4096", see rlimit_parse() */
} Isolator;

/* Array of isolators for tables, with everything within one isolator checked. */
extern const JsonType json_isolators;

/* "SOFT[:HARD]", each a number, optionally with K, M, G or T (base 1024), or "infinity" (UINT64_MAX). -EINVAL: not a
 * valid limit, or the soft limit exceeds the hard one. */
int rlimit_parse(const char *value, uint64_t *ret_soft, uint64_t *ret_hard);
/* The resource number for setrlimit(2). -EINVAL: there is no such resource. */
int rlimit_from_string(const char *name);
const char *rlimit_to_string(int resource);


/* Whether a pod has its own of a kernel parameter, and whether that is one of its IPC namespace. */
bool sysctl_is_of_pod(const char *name);
bool sysctl_is_of_ipc(const char *name);
/* Why a pod cannot set it, as the rest of a message that has named it; NULL: it can. */
const char *sysctl_why_not(const char *name, bool has_network, bool has_ipc);

/* Checks the list as a whole: isolators that exclude each other, and isolators that may occur only once. */
int isolators_check(const Isolator *isolators, size_t n, const char *member, JsonError *e);
/* The last one of a type, or NULL. */
const Isolator *isolators_find(const Isolator *isolators, size_t n, IsolatorType type);
/* True when any no-new-privileges isolator is true. */
bool isolators_no_new_privs(const Isolator *isolators, size_t n);

/* Adds an isolator to an array, from its JSON value as text, as command line options create them; replaces those of the
 * same type. */
int isolators_set(Isolator **isolators, size_t *n, IsolatorType type, const char *json, JsonError *e);
/* Removes all isolators of a type. */
void isolators_remove(Isolator *isolators, size_t *n, IsolatorType type);

/* Parses one isolator from name and value ("resource/memory", "{\"limit\":\"1G\"}") into a zeroed struct. */
int isolator_parse(const char *name, const char *json, Isolator *ret, JsonError *e);
void isolator_done(Isolator *i);
