/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shared/seccomp-filter.h"

/* Profiles in the format of OCI runtimes and Docker. A rule's member that cannot be expressed here is rejected, so that
 * no filter is looser than its author thinks. */

typedef struct ProfileArgument {
        uint32_t index;
        uint64_t value;
        uint64_t value_two;
        char *op;
} ProfileArgument;

typedef struct ProfileCondition {
        char **caps;
        char **arches;
        char *min_kernel;
} ProfileCondition;

typedef struct ProfileRule {
        char **names;
        char *name;
        char *action;
        uint32_t error;
        ProfileArgument *args;
        size_t n_args;
        ProfileCondition *includes;
        ProfileCondition *excludes;
} ProfileRule;

typedef struct Profile {
        char *default_action;
        uint32_t default_error;
        ProfileRule *rules;
        size_t n_rules;
        char **flags;
} Profile;

static const JsonField argument_table[] = {
        { "index", &json_uint32, offsetof(ProfileArgument, index) },
        { "value", &json_uint64, offsetof(ProfileArgument, value) },
        { "valueTwo", &json_uint64, offsetof(ProfileArgument, value_two) },
        { "op", &json_string, offsetof(ProfileArgument, op), JSON_MANDATORY },
        {},
};
static const JsonType argument_list = JSON_ARRAY(ProfileArgument, argument_table, NULL);

static const JsonField condition_table[] = {
        { "caps", &json_strv, offsetof(ProfileCondition, caps) },
        { "arches", &json_strv, offsetof(ProfileCondition, arches) },
        { "minKernel", &json_string, offsetof(ProfileCondition, min_kernel) },
        {},
};
static const JsonType condition = JSON_POINTER(ProfileCondition, condition_table, NULL);

static const JsonField rule_table[] = {
        { "names", &json_strv, offsetof(ProfileRule, names) },
        { "name", &json_string, offsetof(ProfileRule, name) },
        { "action", &json_string, offsetof(ProfileRule, action), JSON_MANDATORY },
        { "errnoRet", &json_uint32, offsetof(ProfileRule, error) },
        { "args", &argument_list, offsetof(ProfileRule, args) },
        { "includes", &condition, offsetof(ProfileRule, includes) },
        { "excludes", &condition, offsetof(ProfileRule, excludes) },
        {},
};
static const JsonType rule_list = JSON_ARRAY(ProfileRule, rule_table, NULL);

static const JsonField profile_table[] = {
        { "defaultAction", &json_string, offsetof(Profile, default_action), JSON_MANDATORY },
        { "defaultErrnoRet", &json_uint32, offsetof(Profile, default_error) },
        { "syscalls", &rule_list, offsetof(Profile, rules) },
        { "flags", &json_strv, offsetof(Profile, flags) },
        {},
};

static void profile_done(Profile *p)
{
        json_table_free(profile_table, p);
}

static int read_action(const char *name, uint32_t error, const char *member, uint32_t *ret, JsonError *e)
{
        static const struct {
                const char *name;
                uint32_t action;
        } rows[] = {
                { "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW },
                { "SCMP_ACT_LOG", SCMP_ACT_LOG },
                { "SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD },
                { "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD },
                { "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS },
                { "SCMP_ACT_TRAP", SCMP_ACT_TRAP },
        };

        if (error >= 4096)
                return json_error_set(e, -EINVAL, member, "%u is not the number of an error", error);
        if (streq(name, "SCMP_ACT_ERRNO")) {
                *ret = SCMP_ACT_ERRNO(error ?: EPERM);
                return 0;
        }
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (streq(rows[i].name, name)) {
                        *ret = rows[i].action;
                        return 0;
                }
        return json_error_set(e, -EINVAL, member, "there is no action '%s' that podctl can carry out", name);
}

static int read_argument(const ProfileArgument *a, struct scmp_arg_cmp *ret, JsonError *e)
{
        static const struct {
                const char *name;
                enum scmp_compare op;
        } rows[] = {
                { "SCMP_CMP_NE", SCMP_CMP_NE }, { "SCMP_CMP_LT", SCMP_CMP_LT }, { "SCMP_CMP_LE", SCMP_CMP_LE },
                { "SCMP_CMP_EQ", SCMP_CMP_EQ }, { "SCMP_CMP_GE", SCMP_CMP_GE }, { "SCMP_CMP_GT", SCMP_CMP_GT },
                { "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
        };

        if (a->index > 5)
                return json_error_set(e, -EINVAL, "index", "a system call has arguments 0 to 5");
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (streq(rows[i].name, a->op)) {
                        *ret = (struct scmp_arg_cmp) { a->index, rows[i].op, a->value, a->value_two };
                        return 0;
                }
        return json_error_set(e, -EINVAL, "op", "there is no comparison '%s'", a->op);
}

/* Go's names for architectures, which Docker's profiles use. */
static bool is_architecture_here(const char *name)
{
        static const struct {
                const char *name;
                uint32_t arch;
        } rows[] = {
                { "amd64", SCMP_ARCH_X86_64 }, { "x32", SCMP_ARCH_X86_64 },      { "x86", SCMP_ARCH_X86_64 },
                { "386", SCMP_ARCH_X86 },      { "x86", SCMP_ARCH_X86 },         { "arm64", SCMP_ARCH_AARCH64 },
                { "arm", SCMP_ARCH_AARCH64 },  { "arm", SCMP_ARCH_ARM },         { "ppc64le", SCMP_ARCH_PPC64LE },
                { "s390x", SCMP_ARCH_S390X },  { "s390", SCMP_ARCH_S390X },      { "riscv64", SCMP_ARCH_RISCV64 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (streq(rows[i].name, name) && rows[i].arch == seccomp_arch_native())
                        return true;
        return false;
}

static bool has_capability(char *const *capabilities, const char *name)
{
        return strv_contains(capabilities, startswith(name, "CAP_") ?: name);
}

/* Everything that a condition includes must hold, and nothing that it excludes. Every kernel that can run pods is newer
 * than any minKernel in use (4.8). */
static bool rule_applies(const ProfileRule *rule, char *const *capabilities)
{
        bool arch = !rule->includes || strv_length(rule->includes->arches) == 0;

        STRV_FOREACH(c, rule->includes ? rule->includes->caps : NULL)
                if (!has_capability(capabilities, *c))
                        return false;
        STRV_FOREACH(a, rule->includes ? rule->includes->arches : NULL)
                arch = arch || is_architecture_here(*a);
        STRV_FOREACH(c, rule->excludes ? rule->excludes->caps : NULL)
                if (has_capability(capabilities, *c))
                        return false;
        STRV_FOREACH(a, rule->excludes ? rule->excludes->arches : NULL)
                if (is_architecture_here(*a))
                        return false;
        return arch && !(rule->excludes && rule->excludes->min_kernel);
}

/* Comparisons of one argument are alternatives; those of several must all be true (as in libseccomp and runc). */
static int add_call(scmp_filter_ctx ctx, uint32_t action, int nr, const struct scmp_arg_cmp *args, unsigned n)
{
        bool twice = false;
        int r;

        for (unsigned i = 0; i < n; i++)
                for (unsigned j = 0; j < i; j++)
                        twice = twice || args[i].arg == args[j].arg;
        for (unsigned i = 0; i < (twice ? n : 1); i++) {
                r = seccomp_rule_add_array(ctx, action, nr, twice ? 1 : n, twice ? args + i : args);
                if (r < 0 && r != -EACCES && r != -EDOM && r != -EEXIST)
                        return r;
        }
        return 0;
}

static int add_rule(scmp_filter_ctx ctx, const ProfileRule *rule, char *const *capabilities, JsonError *e)
{
        char *const one[] = { rule->name, NULL };
        struct scmp_arg_cmp args[6];
        uint32_t action;
        int r;

        r = read_action(rule->action, rule->error, "action", &action, e);
        if (r < 0)
                return r;
        if (!rule->name && strv_length(rule->names) == 0)
                return json_error_set(e, -EINVAL, "names", "names no system call");
        if (rule->n_args > ELEMENTSOF(args))
                return json_error_set(e, -EINVAL, "args", "there are more than %zu", ELEMENTSOF(args));
        for (size_t i = 0; i < rule->n_args; i++) {
                r = read_argument(&rule->args[i], &args[i], e);
                if (r < 0)
                        return json_error_below_index(e, r, "args", i);
        }
        if (!rule_applies(rule, capabilities))
                return 0;

        /* Profiles are written for all machines: calls that this one does not have are ignored. */
        for (char *const *name = rule->name ? one : rule->names; *name; name++) {
                int nr = seccomp_syscall_resolve_name(*name);

                r = nr == __NR_SCMP_ERROR ? 0 : add_call(ctx, action, nr, args, (unsigned) rule->n_args);
                if (r < 0)
                        return json_error_set(e, r, "names", "cannot filter '%s': %s", *name, strerror(-r));
        }
        return 0;
}

static int build(const Profile *p, char *const *capabilities, scmp_filter_ctx *ret, JsonError *e)
{
        _cleanup_seccomp_ scmp_filter_ctx ctx = NULL;
        uint32_t action;
        int r;

        r = read_action(p->default_action, p->default_error, "defaultAction", &action, e);
        if (r < 0)
                return r;
        r = seccomp_filter_new(action, &ctx);
        if (r < 0)
                return r;
        STRV_FOREACH(flag, p->flags)
                if (!streq(*flag, "SECCOMP_FILTER_FLAG_LOG") && !streq(*flag, "SECCOMP_FILTER_FLAG_SPEC_ALLOW") &&
                    !streq(*flag, "SECCOMP_FILTER_FLAG_TSYNC"))
                        return json_error_set(e, -EINVAL, "flags", "there is no flag '%s' that podctl can carry out",
                                              *flag);
        for (size_t i = 0; i < p->n_rules; i++) {
                r = add_rule(ctx, &p->rules[i], capabilities, e);
                if (r < 0)
                        return json_error_below_index(e, r, "syscalls", i);
        }
        *ret = TAKE_PTR(ctx);
        return 0;
}

int seccomp_filter_profile(json_object *profile, char *const *capabilities, scmp_filter_ctx *ret, JsonError *e)
{
        _cleanup_(profile_done) Profile p = {};
        int r;

        r = json_table_read(profile_table, profile, &p, e);
        return r < 0 ? r : build(&p, capabilities, ret, e);
}
