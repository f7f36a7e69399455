/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>

#include "basic/fs.h"
#include "build/aci-file.h"
#include "cli/appc/actool-discover.h"
#include "cli/appc/actool-patch.h"
#include "cli/appc/actool.h"
#include "cli/images/print-manifest.h"
#include "cli/terminal/output-file.h"
#include "image/export/aci-export.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"
#include "shared/archive.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"

#define STATUS_FAILED 1
#define STATUS_USAGE 2

typedef struct Args {
        bool debug, help;
        bool overwrite, no_compression, owner_root, replace, pretty_print, json, insecure;
        uint64_t port;
        char *type, *manifest;
        ActoolPatch patch;
} Args;

typedef struct Command Command;
typedef struct Actool {
        Context *context;
        Args args;
        const Command *command;
        char **words;
} Actool;

struct Command {
        const char *name;
        const char *usage;
        const char *options;            /* the ones it takes */
        int min_words, max_words;
        int (*run)(Actool *a);          /* returns the exit status */
};

#define TEXT(name, field, metavar, help) { name, &option_string, offsetof(Args, field), metavar, help }
#define FLAG(name, field, help) { name, &option_bool, offsetof(Args, field), NULL, help }

static const Option options[] = {
        FLAG("debug", debug, "Say what is valid"),
        FLAG("help", help, "Print the commands"),
        TEXT("capability", patch.capability, "CAP,…", "patch-manifest: what the app keeps"),
        TEXT("exec", patch.exec, "COMMAND", "patch-manifest: the command line"),
        TEXT("group", patch.group, "GROUP", "patch-manifest: the group"),
        FLAG("insecure", insecure, "discover: do not check TLS certificates, and allow http"),
        TEXT("isolators", patch.isolators, "NAME,KEY=VALUE:…", "patch-manifest: isolators"),
        FLAG("json", json, "discover: print JSON"),
        TEXT("manifest", manifest, "FILE", "patch-manifest: the whole manifest"),
        TEXT("mounts", patch.mounts, "NAME,path=PATH:…", "patch-manifest: mount points"),
        TEXT("name", patch.name, "NAME", "patch-manifest: the name"),
        FLAG("no-compression", no_compression, "build, patch-manifest: do not compress the ACI"),
        FLAG("overwrite", overwrite, "build, patch-manifest: replace the file if there is one"),
        FLAG("owner-root", owner_root, "build: all files belong to root"),
        { "port", &option_uint64, offsetof(Args, port), "PORT", "discover: ask the host there, not at 443 or 80" },
        TEXT("ports", patch.ports, "NAME,port=PORT,protocol=tcp:…", "patch-manifest: ports"),
        FLAG("pretty-print", pretty_print, "cat-manifest: indent it"),
        FLAG("replace", replace, "patch-manifest: replace the input file"),
        TEXT("revoke-capability", patch.revoke_capability, "CAP,…", "patch-manifest: what the app loses"),
        TEXT("seccomp-mode", patch.seccomp_mode, "MODE[,errno=ERROR]", "patch-manifest: retain or remove"),
        TEXT("seccomp-set", patch.seccomp_set, "CALL,…", "patch-manifest: system calls"),
        TEXT("supplementary-groups", patch.supplementary_groups, "GID,…", "patch-manifest: more groups"),
        TEXT("type", type, "TYPE", "validate: appimage, layout or manifest"),
        TEXT("user", patch.user, "USER", "patch-manifest: the user"),
        {},
};

#define PATCH_OPTIONS                                                                                              \
        "capability exec group isolators manifest mounts name no-compression overwrite ports replace "             \
        "revoke-capability seccomp-mode seccomp-set supplementary-groups user"

static void say(const char *format, ...) _printf_(1, 2);
static void say(const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        (void) vfprintf(stderr, format, ap);
        va_end(ap);
        (void) fputc('\n', stderr);
}

static int failed(const Actool *a, const char *path, int error, const char *message)
{
        say("%s: %s: %s", a->command->name, path, explained(message, error));
        return STATUS_FAILED;
}

/* validate */

typedef enum Type {
        TYPE_IMAGE,
        TYPE_LAYOUT,
        TYPE_MANIFEST,
        _TYPE_MAX,
        _TYPE_INVALID = -EINVAL,
} Type;

static const struct {
        const char *name;
        const char *valid;
} types[] = {
        [TYPE_IMAGE] = { "appimage", "valid app container image" },
        [TYPE_LAYOUT] = { "layout", "valid image layout" },
        [TYPE_MANIFEST] = { "manifest", "valid manifest" },
};

static Type type_from_string(const char *s)
{
        for (Type t = 0; t < _TYPE_MAX; t++)
                if (streq(types[t].name, s))
                        return t;
        return _TYPE_INVALID;
}

/* From its first bytes. */
static Type detect(int fd, const struct stat *st)
{
        char start[512];
        ssize_t n;

        if (S_ISDIR(st->st_mode))
                return TYPE_LAYOUT;
        n = pread(fd, start, sizeof(start), 0);
        if (n >= 6 && compression_detect(start, (size_t) n) != COMPRESSION_NONE)
                return TYPE_IMAGE;
        if (n >= 262 && memcmp(start + 257, "ustar", 5) == 0)
                return TYPE_IMAGE;
        for (ssize_t i = 0; i < n; i++)
                if (!strchr(" \t\r\n", start[i]))
                        return start[i] == '{' ? TYPE_MANIFEST : _TYPE_INVALID;
        return _TYPE_INVALID;
}

static int check_manifest(int fd, char **reterr_message)
{
        _cleanup_(appc_image_freep) AppcImage *image = NULL;
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_json_error_ JsonError error = {};
        _cleanup_free_ char *text = NULL;
        json_object *kind = NULL;
        char proc[PROC_FD_PATH_MAX];
        size_t n;
        int r = read_named_file(proc_fd_path(fd, proc), ACI_MANIFEST_MAX, &text, &n);

        if (r >= 0)
                r = json_parse_foreign(text, n, &o, &error);
        if (r < 0)
                return explain(reterr_message, r, "error unmarshaling manifest: %s", json_error_message(&error, r));
        if (!json_object_object_get_ex(o, "acKind", &kind))
                return explain(reterr_message, EINVAL, "error unmarshaling manifest: missing member 'acKind'");
        r = streq_ptr(json_object_get_string(kind), "PodManifest") ? appc_pod_read(o, &pod, &error)
                                                                   : appc_image_read(o, &image, &error);
        return r < 0 ? explain(reterr_message, r, "invalid %s: %s", json_object_get_string(kind) ?: "manifest",
                               json_error_message(&error, r))
                     : 0;
}

static int check_layout(int fd, Type type, char **reterr_message)
{
        _cleanup_(aci_file_done) AciFile file = {};
        int r = type == TYPE_LAYOUT ? aci_file_read_directory(fd, &file, reterr_message)
                                    : aci_file_read(fd, &file, reterr_message);

        return r < 0 ? r : aci_file_check(&file, reterr_message);
}

static int check_file(const Actool *a, int fd, const char *path, char **reterr_message)
{
        Type type = a->args.type ? type_from_string(a->args.type) : _TYPE_INVALID;
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
                return explain(reterr_message, EINVAL, "is neither a file nor a directory");
        if (!a->args.type)
                type = detect(fd, &st);
        if (type < 0)
                return explain(reterr_message, EINVAL, "unable to detect filetype (try --type)");
        if (S_ISDIR(st.st_mode) != (type == TYPE_LAYOUT))
                return explain(reterr_message, EINVAL, "is %s directory (wrong --type?)",
                               type == TYPE_LAYOUT ? "no" : "a");
        r = type == TYPE_MANIFEST ? check_manifest(fd, reterr_message) : check_layout(fd, type, reterr_message);
        if (r >= 0 && a->args.debug)
                say("%s: %s", path, types[type].valid);
        return r;
}

static int run_validate(Actool *a)
{
        int status = 0;

        if (a->args.type && type_from_string(a->args.type) < 0) {
                say("validate: --type=%s: there are appimage, layout and manifest", a->args.type);
                return STATUS_USAGE;
        }
        STRV_FOREACH(path, a->words) {
                _cleanup_close_ int fd = open(*path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
                _cleanup_free_ char *message = NULL;
                int r = fd < 0 ? explain(&message, errno, "unable to access: %s", strerror(errno))
                               : check_file(a, fd, *path, &message);

                if (r < 0) {
                        say("%s: %s", *path, explained(message, r));
                        status = STATUS_FAILED;
                }
        }
        return status;
}

/* cat-manifest, patch-manifest */

static int open_aci(const char *path, AciFile *file, char **reterr_message)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;
        int r;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return explain(reterr_message, EINVAL, "is not a regular file");
        r = aci_file_read(fd, file, reterr_message);
        if (r < 0)
                return r;
        return file->manifest ? TAKE_FD(fd) : explain(reterr_message, ENODATA, "has no manifest");
}

static int parse_manifest(const AciFile *file, json_object **ret, char **reterr_message)
{
        _cleanup_json_error_ JsonError error = {};
        int r = json_parse_foreign(file->manifest, file->manifest_size, ret, &error);

        return r < 0 ? explain(reterr_message, r, "manifest: %s", json_error_message(&error, r)) : 0;
}

static int run_cat_manifest(Actool *a)
{
        _cleanup_(aci_file_done) AciFile file = {};
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *message = NULL, *text = NULL;
        _cleanup_close_ int fd = open_aci(a->words[0], &file, &message);
        int r = fd < 0 ? fd : parse_manifest(&file, &o, &message);

        if (r >= 0)
                r = json_format_compact(o, &text);
        if (r < 0)
                return failed(a, a->words[0], r, message);
        return print_manifest(text, strlen(text), a->args.pretty_print) < 0 ? STATUS_FAILED : 0;
}

static bool has_suffix(const char *path)
{
        size_t n = strlen(path);

        return n > 4 && streq(path + n - 4, ".aci");
}

/* What actool wrote had to be called so. */
static int open_output(const Actool *a, const char *path, bool replace, Output *output)
{
        struct stat st;

        if (!a->args.replace && !has_suffix(path)) {
                say("%s: Extension must be .aci (given %s)", a->command->name, path);
                return -EINVAL;
        }
        if (!replace && lstat(path, &st) >= 0) {
                say("%s: Target file exists (try --overwrite)", a->command->name);
                return -EEXIST;
        }
        return output_open_file(path, replace, output);
}

static int read_new_manifest(const Actool *a, json_object **ret, char **reterr_message)
{
        _cleanup_(appc_image_freep) AppcImage *image = NULL;
        _cleanup_json_error_ JsonError error = {};
        _cleanup_free_ char *text = NULL;
        size_t n;
        int r = read_named_file(a->args.manifest, ACI_MANIFEST_MAX, &text, &n);

        if (r >= 0)
                r = json_parse_memory(text, n, ret, &error);
        if (r >= 0)
                r = appc_image_read(*ret, &image, &error);
        return r < 0 ? explain(reterr_message, r, "%s: %s", a->args.manifest, json_error_message(&error, r)) : 0;
}

static int patch_text(const Actool *a, const AciFile *file, char **ret, char **reterr_message)
{
        _cleanup_json_object_ json_object *before = NULL, *after = NULL;
        int r;

        if (a->args.manifest)
                r = read_new_manifest(a, &after, reterr_message);
        else {
                r = parse_manifest(file, &before, reterr_message);
                if (r >= 0)
                        r = actool_patch(before, &a->args.patch, &after, reterr_message);
        }
        return r < 0 ? r : json_format_compact(after, ret);
}

static bool is_patched(const ActoolPatch *p)
{
        return p->name || p->exec || p->user || p->group || p->supplementary_groups || p->capability ||
               p->revoke_capability || p->mounts || p->ports || p->isolators || p->seccomp_mode || p->seccomp_set;
}

static int check_patch(const Actool *a)
{
        const char *wrong = NULL;

        if (a->args.replace && a->args.overwrite)
                wrong = "Cannot use both --replace and --overwrite";
        else if (!a->args.replace && !a->words[1])
                wrong = "Must provide input and output files (or use --replace)";
        else if (a->args.replace && a->words[1])
                wrong = "Must provide one file";
        else if (a->args.manifest && is_patched(&a->args.patch))
                wrong = "--manifest is incompatible with other manifest editing options";
        if (wrong)
                say("patch-manifest: %s", wrong);
        return wrong ? STATUS_FAILED : 0;
}

static int run_patch_manifest(Actool *a)
{
        _cleanup_(aci_file_done) AciFile file = {};
        _cleanup_(output_done) Output output = OUTPUT_NONE;
        _cleanup_free_ char *message = NULL, *text = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r = check_patch(a);

        if (r != 0)
                return r;
        fd = open_aci(a->words[0], &file, &message);
        r = fd < 0 ? fd : patch_text(a, &file, &text, &message);
        if (r < 0)
                return failed(a, a->words[0], r, message);
        if (open_output(a, a->words[a->args.replace ? 0 : 1], a->args.replace || a->args.overwrite, &output) < 0)
                return STATUS_FAILED;
        r = aci_file_rewrite(fd, text, !a->args.no_compression, output.fd, &message);
        if (r < 0)
                return failed(a, a->words[0], r, message);
        return output_commit(&output) < 0 ? STATUS_FAILED : 0;
}

/* build */

static int write_layout(const Actool *a, int dir_fd, json_object *manifest, int to, char **reterr_message)
{
        _cleanup_free_ char *rootfs = NULL;
        char proc[PROC_FD_PATH_MAX];
        MergedTree tree;
        int r;

        rootfs = strjoin(proc_fd_path(dir_fd, proc), "/rootfs");
        if (!rootfs)
                return -ENOMEM;
        r = merged_tree_open((char *[]) { rootfs, NULL }, &tree);
        if (r < 0)
                return r;
        r = aci_write(&(AciContents) { .manifest = manifest, .tree = &tree, .owner_root = a->args.owner_root },
                      !a->args.no_compression, to, reterr_message);
        merged_tree_done(&tree);
        return r;
}

static int run_build(Actool *a)
{
        _cleanup_close_ int fd = open(a->words[0], O_DIRECTORY | O_RDONLY | O_CLOEXEC);
        _cleanup_(aci_file_done) AciFile file = {};
        _cleanup_(output_done) Output output = OUTPUT_NONE;
        _cleanup_json_object_ json_object *manifest = NULL;
        _cleanup_free_ char *message = NULL;
        int r = fd < 0 ? -errno : aci_file_read_directory(fd, &file, &message);

        if (r >= 0)
                r = aci_file_check(&file, &message);
        if (r < 0) {
                say("build: Layout failed validation: %s", explained(message, r));
                return STATUS_FAILED;
        }
        r = parse_manifest(&file, &manifest, &message);
        if (r < 0)
                return failed(a, a->words[0], r, message);
        if (open_output(a, a->words[1], a->args.overwrite, &output) < 0)
                return STATUS_FAILED;
        r = write_layout(a, fd, manifest, output.fd, &message);
        if (r < 0)
                return failed(a, a->words[0], r, message);
        return output_commit(&output) < 0 ? STATUS_FAILED : 0;
}

/* discover */

static int run_discover(Actool *a)
{
        if (a->args.insecure && (strv_extend(&a->context->insecure, "tls") < 0 ||
                                 strv_extend(&a->context->insecure, "http") < 0))
                return STATUS_FAILED;
        if (a->args.port > UINT16_MAX) {
                log_error("Option --port: there is no port %" PRIu64, a->args.port);
                return STATUS_USAGE;
        }
        STRV_FOREACH(name, a->words) {
                _cleanup_free_ char *message = NULL;
                int r = actool_discover(a->context, *name, a->args.port, a->args.json, &message);

                if (r < 0)
                        return failed(a, *name, r, message);
        }
        return 0;
}

/* All */

static int run_help(Actool *a);

static int run_version(Actool *a)
{
        (void) printf("actool version %s\n", AC_VERSION);
        return 0;
}

static const Command commands[] = {
        { "build", "DIR FILE", "no-compression overwrite owner-root", 2, 2, run_build },
        { "cat-manifest", "FILE", "pretty-print", 1, 1, run_cat_manifest },
        { "discover", "NAME…", "insecure json port", 1, -1, run_discover },
        { "help", "", "", 0, -1, run_help },
        { "patch-manifest", "FILE [FILE]", PATCH_OPTIONS, 1, 2, run_patch_manifest },
        { "validate", "FILE…", "type", 1, -1, run_validate },
        { "version", "", "", 0, 0, run_version },
        {}
};

static int run_help(Actool *a)
{
        (void) fputs("actool [OPTION…] COMMAND [WORD…]\n\nCommands:\n", stdout);
        FOREACH_ROW(row, commands)
                (void) printf("  %s %s\n", row->name, row->usage);
        (void) fputs("\nOptions:\n", stdout);
        options_print_help(options, stdout);
        return 0;
}

static int check_options(const Actool *a)
{
        _cleanup_strv_free_ char **taken = NULL;

        if (strv_split(a->command->options, ' ', &taken) < 0)
                return -ENOMEM;
        for (const Option *o = options + 2; o->name; o++)
                if (option_is_given(o, &a->args) && !strv_contains(taken, o->name)) {
                        say("%s: flag provided but not defined: --%s", a->command->name, o->name);
                        return -EINVAL;
                }
        return 0;
}

static int run_command(Actool *a, char **rest)
{
        int n;

        if (a->args.help || !rest[0])
                return run_help(a);
        FOREACH_ROW(row, commands)
                if (streq(row->name, rest[0]))
                        a->command = row;
        if (!a->command) {
                say("actool: unknown subcommand: \"%s\"\nRun 'actool help' for usage.", rest[0]);
                return STATUS_USAGE;
        }
        a->words = rest + 1;
        n = (int) strv_length(a->words);
        if (check_options(a) < 0)
                return STATUS_USAGE;
        if (n < a->command->min_words || (a->command->max_words >= 0 && n > a->command->max_words)) {
                say("%s: write actool %s %s", a->command->name, a->command->name, a->command->usage);
                return STATUS_FAILED;
        }
        return a->command->run(a);
}

int actool_run(Context *context, char **words)
{
        Actool a = { .context = context };
        OptionSet sets[] = { { options, &a.args }, {} };
        _cleanup_strv_free_ char **rest = NULL;
        int status = STATUS_USAGE;

        if (options_parse(sets, words, &rest) >= 0)
                status = run_command(&a, rest);
        options_free(options, &a.args);
        return status;
}
