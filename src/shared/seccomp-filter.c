/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "basic/fd.h"
#include "shared/explain.h"
#include "shared/seccomp-filter.h"
#include "shared/syscall-sets.h"

#define NAMESPACE_FLAGS                                                                                                \
        (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

/* Other architectures whose programs the machine can also run. */
static int add_architectures(scmp_filter_ctx ctx)
{
        static const struct {
                uint32_t native, others[2];
        } rows[] = {
                { SCMP_ARCH_X86_64, { SCMP_ARCH_X86, SCMP_ARCH_X32 } },
                { SCMP_ARCH_AARCH64, { SCMP_ARCH_ARM } },
                { SCMP_ARCH_S390X, { SCMP_ARCH_S390 } },
                { SCMP_ARCH_MIPS64, { SCMP_ARCH_MIPS, SCMP_ARCH_MIPS64N32 } },
                { SCMP_ARCH_MIPSEL64, { SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64N32 } },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                for (size_t j = 0; rows[i].native == seccomp_arch_native() && j < 2 && rows[i].others[j]; j++) {
                        int r = seccomp_arch_add(ctx, rows[i].others[j]);

                        if (r < 0 && r != -EEXIST)
                                return r;
                }
        return 0;
}

int seccomp_filter_new(uint32_t action, scmp_filter_ctx *ret)
{
        _cleanup_seccomp_ scmp_filter_ctx ctx = seccomp_init(action);
        int r;

        if (!ctx)
                return -ENOMEM;
        r = add_architectures(ctx);
        if (r < 0)
                return r;
        /* A binary search tree: a call is found in nine steps instead of four hundred. The process that loads the
         * filter decides whether privileges are given up. */
        (void) seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
        (void) seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
        *ret = TAKE_PTR(ctx);
        return 0;
}

/* Skips a rule that is already there, and a call that no architecture here has. */
/* Docker's lists name clone but mean the namespaces it may create. */
#define NAMESPACES_WORD "@podctl/namespaces"
#define CONDITIONAL_WORD "@podctl/conditional"

static int add_rule(scmp_filter_ctx ctx, uint32_t action, int nr, const struct scmp_arg_cmp *args, unsigned n)
{
        int r = seccomp_rule_add_array(ctx, action, nr, n, args);

        return r == -EACCES || r == -EDOM || r == -EEXIST ? 0 : r;
}

static int add_namespaces(scmp_filter_ctx ctx, uint32_t action)
{
        for (uint64_t flag = 1; flag <= NAMESPACE_FLAGS; flag <<= 1) {
                struct scmp_arg_cmp given = SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag);
                int r;

                if (!(flag & NAMESPACE_FLAGS))
                        continue;
                r = add_rule(ctx, action, SCMP_SYS(clone), &given, 1);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Three calls depend on their arguments: clone on the namespaces it creates, socket on its family (vsock, the family of
 * virtual machines, would reach the host), personality on flags that remove protection. clone3 hides its arguments in
 * memory, so it is made to look missing, and C libraries then use clone. */
static int add_conditional(scmp_filter_ctx ctx)
{
        static const uint64_t personalities[] = { 0, 8, 0x20000, 0x20008, 0xffffffff };
        const struct scmp_arg_cmp no_namespaces = SCMP_A0(SCMP_CMP_MASKED_EQ, NAMESPACE_FLAGS, 0),
                                  other_family = SCMP_A0(SCMP_CMP_NE, AF_VSOCK);
        int r;

        for (size_t i = 0; i < ELEMENTSOF(personalities); i++) {
                struct scmp_arg_cmp same = SCMP_A0(SCMP_CMP_EQ, personalities[i]);

                r = add_rule(ctx, SCMP_ACT_ALLOW, SCMP_SYS(personality), &same, 1);
                if (r < 0)
                        return r;
        }
        r = add_rule(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), &other_family, 1);
        return r < 0 ? r : add_rule(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), &no_namespaces, 1);
}
/* The calls, one or many, that a word of a list or of our own tables stands for. *unknown receives the first word that
 * is not known, and UNKNOWN_WORD is returned; NULL: unknown words are ignored. */
#define UNKNOWN_WORD 1
static int add_calls(scmp_filter_ctx ctx, uint32_t action, const char *word, char **unknown)
{
        const char *calls = word[0] == '@' ? syscall_set_find(word) : NULL;
        _cleanup_strv_free_ char **words = NULL;
        int nr, r;

        if (streq(word, NAMESPACES_WORD))
                return add_namespaces(ctx, action);
        if (streq(word, CONDITIONAL_WORD))
                return add_conditional(ctx);
        if (!calls) {
                nr = word[0] == '@' ? __NR_SCMP_ERROR : seccomp_syscall_resolve_name(word);
                if (nr != __NR_SCMP_ERROR)
                        return add_rule(ctx, action, nr, NULL, 0);
                if (!unknown)
                        return 0;
                return free_and_strdup(unknown, word) < 0 ? -ENOMEM : UNKNOWN_WORD;
        }

        r = strv_split(calls, ' ', &words);
        if (r < 0)
                return r;
        STRV_FOREACH(w, words) {
                r = add_calls(ctx, action, *w, NULL);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool set_has(const char *calls, const char *name)
{
        size_t n = strlen(name);

        for (const char *p = calls; (p = strstr(p, name)); p += n)
                if ((p == calls || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
                        return true;
        return false;
}

/* A call must not get two rules: calls that a capability allows are not denied first. */
static int add_denied(scmp_filter_ctx ctx, char *const *capabilities)
{
        _cleanup_strv_free_ char **denied = NULL;
        int r;

        r = strv_split(syscall_set_find("@podctl/denied"), ' ', &denied);
        if (r < 0)
                return r;
        STRV_FOREACH(call, denied) {
                bool allowed = streq(*call, "clone3");

                for (const SyscallSet *s = syscall_sets_of_capabilities; s->name && !allowed; s++)
                        allowed = strv_contains(capabilities, s->name) && set_has(s->calls, *call);
                if (allowed)
                        continue;
                r = add_calls(ctx, SCMP_ACT_ERRNO(EPERM), *call, NULL);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* What the capabilities bring along. */
static int add_of_capabilities(scmp_filter_ctx ctx, char *const *capabilities)
{
        for (const SyscallSet *s = syscall_sets_of_capabilities; s->name; s++) {
                _cleanup_strv_free_ char **calls = NULL;
                int r;

                if (!strv_contains(capabilities, s->name))
                        continue;
                r = strv_split(s->calls, ' ', &calls);
                if (r < 0)
                        return r;
                STRV_FOREACH(call, calls) {
                        r = add_calls(ctx, SCMP_ACT_ALLOW, *call, NULL);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

int seccomp_filter_default(char *const *capabilities, scmp_filter_ctx *ret)
{
        const struct scmp_arg_cmp host_family = SCMP_A0(SCMP_CMP_EQ, AF_VSOCK);
        _cleanup_seccomp_ scmp_filter_ctx ctx = NULL;
        int r;

        r = seccomp_filter_new(SCMP_ACT_ERRNO(ENOSYS), &ctx);
        if (r < 0)
                return r;
        r = add_calls(ctx, SCMP_ACT_ALLOW, "@podctl/allowed", NULL);
        if (r < 0)
                return r;
        r = add_denied(ctx, capabilities);
        if (r < 0)
                return r;
        r = add_conditional(ctx);
        if (r < 0)
                return r;
        r = add_rule(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), &host_family, 1);
        if (r < 0)
                return r;
        r = add_namespaces(ctx,
                           strv_contains(capabilities, "SYS_ADMIN") ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM));
        if (r < 0)
                return r;
        r = add_of_capabilities(ctx, capabilities);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(ctx);
        return 0;
}

bool seccomp_capabilities_are_usual(char *const *capabilities)
{
        for (const SyscallSet *s = syscall_sets_of_capabilities; s->name; s++)
                /* Without that capability the call itself fails. */
                if (strv_contains(capabilities, s->name) && !streq(s->name, "SYS_CHROOT"))
                        return false;
        return true;
}

static int action_of_error(const char *error, uint32_t *ret, char **reterr_message)
{
        *ret = SCMP_ACT_KILL_PROCESS;
        if (isempty(error))
                return 0;
        for (int i = 1; i < 4096; i++)
                if (streq_ptr(strerrorname_np(i), error)) {
                        *ret = SCMP_ACT_ERRNO(i);
                        return 0;
                }
        return explain(reterr_message, EINVAL, "there is no error '%s'", error);
}

static int filter_of_set(char *const *set, uint32_t otherwise, uint32_t action, scmp_filter_ctx *ret,
                         char **reterr_message)
{
        _cleanup_seccomp_ scmp_filter_ctx ctx = NULL;
        _cleanup_free_ char *unknown = NULL;
        int r;

        r = seccomp_filter_new(otherwise, &ctx);
        if (r < 0)
                return r;
        STRV_FOREACH(word, set) {
                if (startswith(*word, "@appc.io/"))
                        continue;
                r = add_calls(ctx, action, *word, &unknown);
                if (r == UNKNOWN_WORD)
                        return explain(reterr_message, EINVAL, "there is no %s '%s'",
                                       unknown[0] == '@' ? "set of system calls" : "system call", unknown);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(ctx);
        return 0;
}

int seccomp_filter_retain(char *const *set, const char *error, char *const *capabilities, scmp_filter_ctx *ret,
                          char **reterr_message)
{
        uint32_t action;
        int r;

        r = action_of_error(error, &action, reterr_message);
        if (r < 0)
                return r;
        if (strv_contains(set, "@appc.io/all")) {
                *ret = NULL;
                return 0;
        }
        return filter_of_set(set, action, SCMP_ACT_ALLOW, ret, reterr_message);
}

int seccomp_filter_remove(char *const *set, const char *error, char *const *capabilities, scmp_filter_ctx *ret,
                          char **reterr_message)
{
        uint32_t action;
        int r;

        r = action_of_error(error, &action, reterr_message);
        if (r < 0)
                return r;
        if (strv_contains(set, "@appc.io/all"))
                return filter_of_set(NULL, action, action, ret, reterr_message);
        if (strv_contains(set, "@appc.io/empty"))
                return seccomp_filter_default(capabilities, ret);
        return filter_of_set(set, SCMP_ACT_ALLOW, action, ret, reterr_message);
}

int seccomp_filter_export(scmp_filter_ctx ctx, void **ret, size_t *ret_size)
{
        _cleanup_close_ int fd = memfd_create("podctl-seccomp", MFD_CLOEXEC);
        _cleanup_free_ void *data = NULL;
        struct stat st;
        int r;

        if (fd < 0)
                return -errno;
        r = seccomp_export_bpf(ctx, fd);
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0)
                return -errno;
        data = malloc((size_t) st.st_size);
        if (!data)
                return -ENOMEM;
        if (pread(fd, data, (size_t) st.st_size, 0) != st.st_size)
                return -EIO;

        *ret = TAKE_PTR(data);
        *ret_size = (size_t) st.st_size;
        return 0;
}
