/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <strings.h>

#include "basic/string-util.h"
#include "foreign/draft/foreign-capabilities.h"
#include "shared/capability-name.h"

static const char *const usual[] = {
        "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
        "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID",
        "CAP_SYS_CHROOT",
};

/* As libcap reads them: in capitals or not. */
int foreign_capability_names(char *const *names, char ***ret)
{
        STRV_FOREACH(name, names) {
                _cleanup_free_ char *upper = strdup(*name);
                int r;

                if (!upper)
                        return -ENOMEM;
                string_to_upper(upper);
                r = startswith(upper, "CAP_") || streq(upper, "ALL") ? strv_extend(ret, upper)
                                                                     : strv_extendf(ret, "CAP_%s", upper);
                if (r < 0)
                        return r;
        }
        return 0;
}

bool foreign_capability_is_known(const char *name)
{
        bool prefixed = strncasecmp(name, "CAP_", strlen("CAP_")) == 0;
        _cleanup_free_ char *full = strjoin(prefixed ? "" : "CAP_", name);
        cap_value_t value;

        return strcasecmp(name, "ALL") == 0 || (full && capability_from_name(full, &value) >= 0);
}

int foreign_capabilities(char *const *added, char *const *dropped, AppOptions *o)
{
        _cleanup_strv_free_ char **add = NULL, **drop = NULL, **set = NULL;
        bool none;
        int r = foreign_capability_names(added, &add);

        if (r >= 0)
                r = foreign_capability_names(dropped, &drop);
        if (r < 0 || (!add && !drop))
                return r;
        none = strv_contains(drop, "ALL");
        if (strv_contains(add, "ALL") && !none) {
                o->caps_remove = TAKE_PTR(drop);
                return -EOPNOTSUPP;
        }
        for (size_t i = 0; r >= 0 && !none && i < ELEMENTSOF(usual); i++)
                if (!strv_contains(drop, usual[i]))
                        r = strv_extend(&set, usual[i]);
        STRV_FOREACH(name, add)
                if (r >= 0 && !streq(*name, "ALL") && !strv_contains(set, *name) && !strv_contains(drop, *name))
                        r = strv_extend(&set, *name);
        if (r >= 0 && set)
                o->caps_retain = TAKE_PTR(set);
        /* There is no empty list of options. */
        return r < 0 || o->caps_retain ? r : strv_extend(&o->caps_remove, "all");
}
