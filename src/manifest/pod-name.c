/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/string-util.h"
#include "manifest/pod-name.h"

bool pod_name_is_valid(const char *name)
{
        if (isempty(name) || strlen(name) > POD_NAME_MAX ||
            !string_in_charset(name, LOWERCASE UPPERCASE DIGITS "-."))
                return false;

        for (const char *label = name;; label++) {
                size_t n = strcspn(label, ".");

                if (n == 0 || label[0] == '-' || label[n - 1] == '-')
                        return false;
                label += n;
                if (!*label)
                        return true;
        }
}
