/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/alloc.h"
#include "shared/explain.h"
#include "unit/property-value.h"
#include "unit/unit-property.h"

static const PropertyRow property_table[] = {
        /* systemd.unit(5) */
        { "Description", property_value_string, .of_unit = true },
        { "Documentation", property_value_strv, .of_unit = true },
        { "After", property_value_strv, .of_unit = true },
        { "Before", property_value_strv, .of_unit = true },
        { "Wants", property_value_strv, .of_unit = true },
        { "Requires", property_value_strv, .of_unit = true },
        { "Requisite", property_value_strv, .of_unit = true },
        { "BindsTo", property_value_strv, .of_unit = true },
        { "PartOf", property_value_strv, .of_unit = true },
        { "Upholds", property_value_strv, .of_unit = true },
        { "Conflicts", property_value_strv, .of_unit = true },
        { "OnFailure", property_value_strv, .of_unit = true },
        { "OnSuccess", property_value_strv, .of_unit = true },
        { "RequiresMountsFor", property_value_strv, .of_unit = true },
        { "CollectMode", property_value_word, .words = "inactive|inactive-or-failed", .of_unit = true },
        { "JobTimeoutSec", property_value_usec, "JobTimeoutUSec", .of_unit = true },
        { "StartLimitIntervalSec", property_value_usec, "StartLimitIntervalUSec", .of_unit = true },
        { "StartLimitBurst", property_value_uint32, .of_unit = true },
        { "AddRef", property_value_boolean },
        /* systemd.service(5) */
        { "Type", property_value_word, .words = "simple|exec|forking|oneshot|dbus|notify|notify-reload|idle" },
        { "NotifyAccess", property_value_word, .words = "none|main|exec|all" },
        { "RemainAfterExit", property_value_boolean },
        { "Restart", property_value_word,
          .words = "no|on-success|on-failure|on-abnormal|on-watchdog|on-abort|always" },
        { "RestartSec", property_value_usec, "RestartUSec" },
        { "TimeoutStartSec", property_value_usec, "TimeoutStartUSec" },
        { "TimeoutStopSec", property_value_usec, "TimeoutStopUSec" },
        { "RuntimeMaxSec", property_value_usec, "RuntimeMaxUSec" },
        { "WatchdogSec", property_value_usec, "WatchdogUSec" },
        { "LogRateLimitIntervalSec", property_value_usec, "LogRateLimitIntervalUSec" },
        { "LogRateLimitBurst", property_value_uint32 },
        { "SuccessExitStatus", property_value_exit_status },
        { "RestartForceExitStatus", property_value_exit_status },
        { "RestartPreventExitStatus", property_value_exit_status },
        { "OOMPolicy", property_value_word, .words = "continue|stop|kill" },
        /* systemd.kill(5) */
        { "KillMode", property_value_word, .words = "control-group|process|mixed|none" },
        { "KillSignal", property_value_signal },
        { "SendSIGKILL", property_value_boolean },
        /* systemd.exec(5) */
        { "Environment", property_value_environment },
        { "PassEnvironment", property_value_strv },
        { "UnsetEnvironment", property_value_strv },
        { "WorkingDirectory", property_value_string },
        { "RootDirectory", property_value_string },
        { "MountAPIVFS", property_value_boolean },
        { "BindPaths", property_value_bind },
        { "BindReadOnlyPaths", property_value_bind },
        { "ProtectControlGroups", property_value_boolean },
        { "InaccessiblePaths", property_value_strv },
        { "ReadOnlyPaths", property_value_strv },
        { "User", property_value_string },
        { "Group", property_value_string },
        { "NoNewPrivileges", property_value_boolean },
        { "CapabilityBoundingSet", property_value_capabilities },
        { "Nice", property_value_int },
        { "OOMScoreAdjust", property_value_int },
        { "CPUSchedulingPolicy", property_value_scheduling_policy },
        { "SyslogIdentifier", property_value_string },
        { "StandardInput", property_value_string },
        { "StandardOutput", property_value_string },
        { "StandardError", property_value_string },
        { "TTYPath", property_value_string },
        { "LimitCPU", property_value_limit },
        { "LimitFSIZE", property_value_limit },
        { "LimitDATA", property_value_limit },
        { "LimitSTACK", property_value_limit },
        { "LimitCORE", property_value_limit },
        { "LimitRSS", property_value_limit },
        { "LimitNOFILE", property_value_limit },
        { "LimitAS", property_value_limit },
        { "LimitNPROC", property_value_limit },
        { "LimitMEMLOCK", property_value_limit },
        { "LimitLOCKS", property_value_limit },
        { "LimitSIGPENDING", property_value_limit },
        { "LimitMSGQUEUE", property_value_limit },
        { "LimitNICE", property_value_limit },
        { "LimitRTPRIO", property_value_limit },
        { "LimitRTTIME", property_value_limit },
        /* systemd.resource-control(5) */
        { "Slice", property_value_slice },
        { "Delegate", property_value_boolean },
        { "CPUAccounting", property_value_boolean },
        { "CPUQuota", property_value_quota, "CPUQuotaPerSecUSec" },
        { "CPUWeight", property_value_cpu_weight },
        { "StartupCPUWeight", property_value_cpu_weight },
        { "AllowedCPUs", property_value_set },
        { "StartupAllowedCPUs", property_value_set },
        { "AllowedMemoryNodes", property_value_set },
        { "StartupAllowedMemoryNodes", property_value_set },
        { "MemoryAccounting", property_value_boolean },
        { "MemoryMin", property_value_bytes },
        { "MemoryLow", property_value_bytes },
        { "MemoryHigh", property_value_bytes },
        { "MemoryMax", property_value_bytes },
        { "MemorySwapMax", property_value_bytes },
        { "TasksAccounting", property_value_boolean },
        { "TasksMax", property_value_bytes },
        { "IOAccounting", property_value_boolean },
        { "IOWeight", property_value_uint64 },
        { "StartupIOWeight", property_value_uint64 },
        { "IOReadBandwidthMax", property_value_device_limit },
        { "IOWriteBandwidthMax", property_value_device_limit },
        { "IOReadIOPSMax", property_value_device_limit },
        { "IOWriteIOPSMax", property_value_device_limit },
        { "IPAccounting", property_value_boolean },
        { "DevicePolicy", property_value_word, .words = "auto|closed|strict" },
        { "DeviceAllow", property_value_device },
        { "ManagedOOMSwap", property_value_word, .words = "auto|kill" },
        { "ManagedOOMMemoryPressure", property_value_word, .words = "auto|kill" },
        {},
};

static int find_row(const char *assignment, const PropertyRow **ret_row, const char **ret_value)
{
        size_t n = strcspn(assignment, "=");

        if (!assignment[n])
                return -EINVAL;

        for (const PropertyRow *row = property_table; row->name; row++)
                if (strlen(row->name) == n && strncmp(row->name, assignment, n) == 0) {
                        *ret_row = row;
                        *ret_value = assignment + n + 1;
                        return 0;
                }
        return -EOPNOTSUPP;
}

static bool has_control(const char *text)
{
        for (; *text; text++)
                if (((unsigned char) *text < ' ' && *text != '\t') || *text == 127)
                        return true;
        return false;
}

int unit_property_check(const char *assignment, char **reterr_message)
{
        const PropertyRow *row = NULL;
        const char *value = NULL;
        int r;

        r = find_row(assignment, &row, &value);
        if (r == -EOPNOTSUPP)
                return explain(reterr_message, r,
                               "unit property '%.*s' is not supported here; use a drop-in for the unit",
                               (int) strcspn(assignment, "="), assignment);
        if (r < 0)
                return explain(reterr_message, r, "'%s' is not NAME=VALUE", assignment);

        /* No property takes one, and what is sent by D-Bus ends up in a unit file as well. */
        if (has_control(value))
                return explain(reterr_message, EINVAL, "unit property %s is one line, without control characters",
                               row->name);
        r = row->append(NULL, row, value);
        if (r >= 0)
                return 0;
        return row->words ? explain(reterr_message, r, "unit property %s takes one of %s, not '%s'", row->name,
                                    row->words, value)
                          : explain(reterr_message, r, "unit property %s does not take the value '%s'", row->name,
                                    value);
}

int unit_property_append(sd_bus_message *m, const char *assignment)
{
        const PropertyRow *row = NULL;
        const char *value = NULL;
        int r;

        r = find_row(assignment, &row, &value);
        if (r < 0)
                return r;
        return row->append(m, row, value);
}

bool unit_property_is_of_unit(const char *assignment)
{
        const PropertyRow *row;
        const char *value;

        return find_row(assignment, &row, &value) >= 0 && row->of_unit;
}

bool unit_line_is_complete(const char *text)
{
        size_t n = strlen(text), backslashes = 0;

        while (backslashes < n && text[n - 1 - backslashes] == '\\')
                backslashes++;
        return !has_control(text) && backslashes % 2 == 0;
}

int unit_property_line(const char *assignment, char **ret, char **reterr_message)
{
        _cleanup_free_ char *line = malloc(strlen(assignment) * 2 + 1);
        const PropertyRow *row = NULL;
        const char *value;
        char *to = line;
        int r = find_row(assignment, &row, &value);

        if (!line)
                return -ENOMEM;
        if (r < 0)
                return r;
        if (!unit_line_is_complete(assignment))
                return explain(reterr_message, EINVAL, "'%s' cannot be a line of a unit file: it has a line break, or "
                               "ends with a backslash", assignment);
        for (const char *from = assignment; *from; from++) {
                /* A share of the host's memory or processors. */
                if (*from == '%' && row->append != property_value_bytes && row->append != property_value_quota)
                        *to++ = '%';
                *to++ = *from;
        }
        *to = 0;
        *ret = TAKE_PTR(line);
        return 0;
}
