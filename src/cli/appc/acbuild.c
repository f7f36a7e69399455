/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "basic/scratch.h"
#include "basic/shell-words.h"
#include "basic/utf8.h"
#include "build/build-appc.h"
#include "build/build-config.h"
#include "build/build-script.h"
#include "cli/appc/acbuild-internal.h"
#include "manifest/ac-types.h"
#include "shared/explain.h"

#define ACBUILD_VERSION "0.4.0"
#define ACBUILD_DIRECTORY ".acbuild"
#define HISTORY "coreos.com/acbuild/command-"

/* Options */

static const Option global_options[] = {
        { "debug", &option_bool, offsetof(AcbuildArgs, debug), NULL, "Print out debug information to stderr" },
        { "help", &option_bool, offsetof(AcbuildArgs, help), NULL, "Print the commands", .letter = 'h' },
        { "modify-appc", &option_string, offsetof(AcbuildArgs, modify_appc), "FILE", "The ACI to modify" },
        { "modify-oci", &option_string, offsetof(AcbuildArgs, modify_oci), "FILE", "The OCI image to modify" },
        { "no-history", &option_bool, offsetof(AcbuildArgs, no_history), NULL,
          "Add no annotations with the commands that were run" },
        { "work-path", &option_string, offsetof(AcbuildArgs, work_path), "DIR", "Where the build is, by default ." },
        {},
};

static const Option command_options[] = {
        { "build-mode", &option_string, offsetof(AcbuildArgs, build_mode), "MODE", "begin: appc or oci" },
        { "count", &option_string, offsetof(AcbuildArgs, count), "N", "port add: how many ports there are" },
        { "engine", &option_string, offsetof(AcbuildArgs, engine), "ENGINE", NULL },
        { "file", &option_string, offsetof(AcbuildArgs, file), "FILE", "cat-manifest: manifest or config" },
        { "image-id", &option_string, offsetof(AcbuildArgs, image_id), "ID", "dependency add: its ID" },
        { "insecure", &option_bool, offsetof(AcbuildArgs, insecure), NULL, "begin, run: fetch without verifying" },
        { "label", &option_strv, offsetof(AcbuildArgs, labels), "NAME=VALUE", "dependency add: a label of it" },
        { "overwrite", &option_bool, offsetof(AcbuildArgs, overwrite), NULL, "write: replace the file" },
        { "pretty-print", &option_bool, offsetof(AcbuildArgs, pretty_print), NULL, "cat-manifest: indent it" },
        { "read-only", &option_bool, offsetof(AcbuildArgs, read_only), NULL, "mount add: never writable" },
        { "sign", &option_bool, offsetof(AcbuildArgs, sign), NULL, NULL },
        { "size", &option_string, offsetof(AcbuildArgs, size), "BYTES", "dependency add: its size" },
        { "socket-activated", &option_bool, offsetof(AcbuildArgs, socket_activated), NULL,
          "port add: the app gets a socket" },
        { "working-dir", &option_string, offsetof(AcbuildArgs, working_dir), "DIR", "run: where the command runs" },
        {},
};

/* Failures */

int acbuild_failed(const Acbuild *a, const char *format, ...)
{
        va_list ap;

        (void) fprintf(stderr, "%s: ", a->command->name);
        va_start(ap, format);
        (void) vfprintf(stderr, format, ap);
        va_end(ap);
        (void) fputc('\n', stderr);
        return ACBUILD_STATUS_FAILED;
}

int acbuild_explained(const Acbuild *a, int error, const char *message)
{
        return acbuild_failed(a, "%s", explained(message, error));
}

/* Commands */

static int run_script(Acbuild *a);

static int run_version(Acbuild *a)
{
        (void) printf("acbuild version %s\nappc version %s\n", ACBUILD_VERSION, AC_VERSION);
        return 0;
}

/* The last columns are the part of an ACI's manifest, and the setting of an OCI image. */
#define ADD(name, words, options, run, part, setting) \
        { name " add", words, options, 2, 2, ACBUILD_CHANGES, run, part, setting }
#define REMOVE(name, words, run, part, setting) \
        { name " remove", words, "", 1, 1, ACBUILD_CHANGES, run, part, setting }
#define SET(name, words, max, run, part, setting) \
        { name, words, "", 1, max, ACBUILD_CHANGES, run, part, setting }

static const AcbuildCommand commands[] = {
        ADD("annotation", "NAME VALUE", "", acbuild_run_add_pair, "annotation", "annotation"),
        REMOVE("annotation", "NAME", acbuild_run_remove_pair, "annotation", "annotation"),
        { "begin", "[START]", "build-mode insecure", 0, 1, ACBUILD_ALONE, acbuild_run_begin },
        { "cat-manifest", "", "file pretty-print", 0, 0, ACBUILD_READS, acbuild_run_cat_manifest },
        { "copy", "PATH_ON_HOST PATH_IN_IMAGE", "", 2, 2, ACBUILD_CHANGES, acbuild_run_copy },
        { "copy-to-dir", "PATH_ON_HOST… DIR_IN_IMAGE", "", 2, -1, ACBUILD_CHANGES, acbuild_run_copy_to_dir },
        { "dependency add", "NAME", "image-id label size", 1, 1, ACBUILD_CHANGES, acbuild_run_add_dependency,
          "dependency" },
        REMOVE("dependency", "NAME", acbuild_run_remove_entry, "dependency", NULL),
        { "end", "", "", 0, 0, ACBUILD_ENDS, acbuild_run_end },
        ADD("environment", "NAME VALUE", "", acbuild_run_add_pair, "env", "env"),
        REMOVE("environment", "NAME", acbuild_run_remove_pair, "env", "env"),
        ADD("isolator", "NAME JSON_FILE", "", acbuild_run_add_isolator, "isolator", NULL),
        REMOVE("isolator", "NAME", acbuild_run_remove_entry, "isolator", NULL),
        ADD("label", "NAME VALUE", "", acbuild_run_add_pair, "label", "label"),
        REMOVE("label", "NAME", acbuild_run_remove_pair, "label", "label"),
        { "layer", "", "", 0, 0, ACBUILD_CHANGES, acbuild_run_layer },
        ADD("mount", "NAME PATH", "read-only", acbuild_run_add_mount, "mount", "volume"),
        REMOVE("mount", "NAME/PATH", acbuild_run_remove_entry, "mount", "volume"),
        { "port add", "NAME PROTOCOL PORT", "count socket-activated", 3, 3, ACBUILD_CHANGES, acbuild_run_add_port,
          "port", "port" },
        REMOVE("port", "NAME/PORT", acbuild_run_remove_entry, "port", "port"),
        SET("replace-manifest", "FILE", 1, acbuild_run_replace_manifest, NULL, NULL),
        { "run", "-- COMMAND…", "engine insecure working-dir", 1, -1, ACBUILD_CHANGES, acbuild_run_run },
        { "script", "FILE", "", 1, 1, ACBUILD_ALONE, run_script },
        { "set-event-handler", "pre-start|post-stop -- COMMAND…", "", 2, -1, ACBUILD_CHANGES,
          acbuild_run_set_event_handler },
        SET("set-exec", "-- COMMAND…", -1, acbuild_run_set_exec, NULL, NULL),
        SET("set-group", "GROUP", 1, acbuild_run_set_group, NULL, NULL),
        SET("set-name", "NAME", 1, acbuild_run_set_text, "name", NULL),
        SET("set-supp-groups", "GID…", -1, acbuild_run_set_supp_groups, NULL, NULL),
        SET("set-tag", "TAG", 1, acbuild_run_set_tag, NULL, NULL),
        SET("set-user", "USER", 1, acbuild_run_set_user, NULL, NULL),
        SET("set-working-directory", "PATH", 1, acbuild_run_set_text, "workdir", "workdir"),
        { "version", "", "", 0, 0, ACBUILD_ALONE, run_version },
        { "write", "FILE", "overwrite sign", 1, 1, ACBUILD_READS, acbuild_run_write },
        {}
};

static void print_help(FILE *f)
{
        (void) fputs("acbuild [OPTION…] COMMAND [WORD…]\n\nCommands:\n", f);
        FOREACH_ROW(row, commands)
                (void) fprintf(f, "  %s %s\n", row->name, row->usage);
        (void) fputs("\nOptions:\n", f);
        options_print_help(global_options, f);
        options_print_help(command_options, f);
}

/* Finding a command: its name may be abbreviated */

static const char *const aliases[][2] = {
        { "rm", "remove" },
        { "set-eh", "set-event-handler" },
        { "set-wd", "set-working-directory" },
        { "volume", "mount" },
        {}
};

static const char *without_alias(const char *word)
{
        for (size_t i = 0; aliases[i][0]; i++)
                if (streq(word, aliases[i][0]))
                        return aliases[i][1];
        return word;
}

/* How far the words name the command: 0, not at all; 1, abbreviated; 2, in full. */
static int match(const AcbuildCommand *command, char *const *words, size_t *ret_n)
{
        const char *space = strchr(command->name, ' '), *first = without_alias(words[0]);
        size_t n = space ? (size_t) (space - command->name) : strlen(command->name);
        bool full = strlen(first) == n;

        if (strncmp(command->name, first, MIN(strlen(first), n)) != 0 || strlen(first) > n)
                return 0;
        *ret_n = space ? 2 : 1;
        if (!space)
                return full ? 2 : 1;
        if (!words[1])
                return 0;
        if (!startswith(space + 1, without_alias(words[1])))
                return 0;
        return full ? 2 : 1;
}

static const AcbuildCommand *find_command(char *const *words, size_t *ret_n)
{
        const AcbuildCommand *found = NULL;
        bool several = false;
        size_t n;

        FOREACH_ROW(row, commands) {
                int how = match(row, words, &n);

                if (how == 0)
                        continue;
                if (how == 2) {
                        *ret_n = n;
                        return row;
                }
                several = found != NULL;
                found = row;
                *ret_n = n;
        }
        return several ? NULL : found;
}

static int check_options(const Acbuild *a)
{
        _cleanup_strv_free_ char **taken = NULL;

        if (strv_split(a->command->options, ' ', &taken) < 0)
                return -ENOMEM;
        FOREACH_ROW(option, command_options)
                if (option_is_given(option, &a->args) && !strv_contains(taken, option->name)) {
                        (void) fprintf(stderr, "Error: unknown flag: --%s\n", option->name);
                        return -EINVAL;
                }
        return 0;
}

/* The command, and its words. Returns 0 or the exit status. */
static int check_words(const Acbuild *a)
{
        int n = (int) strv_length(a->words);

        if (n >= a->command->min_words && (a->command->max_words < 0 || n <= a->command->max_words))
                return 0;
        if (n > 0)
                return acbuild_failed(a, "incorrect number of arguments");
        (void) printf("acbuild %s %s\n", a->command->name, a->command->usage);
        return ACBUILD_STATUS_FAILED;
}

/* The history: annotations that say how the image was made */

static size_t number_of(const char *name)
{
        const char *digits = startswith(name, HISTORY);

        return digits && *digits && strspn(digits, DIGITS) == strlen(digits) ? strtoul(digits, NULL, 10) : 0;
}

static size_t last_number(const Acbuild *a)
{
        json_object *list = NULL;
        size_t last = 0;

        if (a->appc && json_object_object_get_ex(a->build.record->appc, "annotations", &list))
                for (size_t i = 0; i < json_object_array_length(list); i++) {
                        json_object *entry = json_object_array_get_idx(list, i), *name = NULL;

                        if (json_object_object_get_ex(entry, "name", &name))
                                last = MAX(last, number_of(json_object_get_string(name)));
                }
        STRV_FOREACH(pair, a->build.record->annotations) {
                _cleanup_free_ char *name = strndup(*pair, strcspn(*pair, "="));

                last = name ? MAX(last, number_of(name)) : last;
        }
        return last;
}

/* With the words quoted. */
static char *command_line(const Acbuild *a, char *const *words)
{
        _cleanup_strv_free_ char **parts = NULL;
        char *line;
        int r = strv_extendf(&parts, "acbuild %s", a->command->name);

        STRV_FOREACH(word, words) {
                _cleanup_json_object_ json_object *o = json_object_new_string(*word);

                if (r >= 0)
                        r = strv_extend(&parts, json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
        }
        if (r < 0 || !(line = strv_join(parts, " ")))
                return NULL;
        utf8_make_printable(line);
        return line;
}

static int add_history(Acbuild *a, const char *line)
{
        _cleanup_free_ char *name = strprintf(HISTORY "%zu", last_number(a) + 1), *message = NULL, *pair = NULL;
        json_object *o;
        int r;

        if (!name)
                return acbuild_failed(a, "out of memory");
        if (a->appc) {
                o = json_object_new_object();
                (void) json_object_object_add(o, "name", json_object_new_string(name));
                (void) json_object_object_add(o, "value", json_object_new_string(line));
                r = build_appc_put(a->build.record, "annotation", o, &message);
        } else {
                pair = strjoin(name, "=", line);
                r = pair ? build_config_change(a->build.record, "annotation", "add", (char *[]) { pair, NULL },
                                               &message)
                         : -ENOMEM;
        }
        return r < 0 ? acbuild_explained(a, r, message) : 0;
}

/* Running a command */

static int run_changing(Acbuild *a)
{
        _cleanup_free_ char *line = command_line(a, a->words);
        int status = a->command->run(a);

        if (status != 0 || a->args.no_history || a->command->how != ACBUILD_CHANGES)
                return status;
        return line ? add_history(a, line) : acbuild_failed(a, "out of memory");
}

static int open_failed(const Acbuild *a, int error, const char *message)
{
        if (error == -ENOENT) {
                (void) fputs("no build in progress in this working dir - try \"acbuild begin\"\n", stderr);
                return ACBUILD_STATUS_FAILED;
        }
        return error == -EBUSY ? acbuild_failed(a, "lock already held - is another acbuild running in this "
                                                "working dir?")
                               : acbuild_explained(a, error, message);
}

static int run_opened(Acbuild *a)
{
        _cleanup_free_ char *message = NULL;
        int r = a->command->how == ACBUILD_ENDS ? build_context_open_to_end(a->directory, &a->build, &message)
                                                : build_context_open(a->directory, &a->build, &message), status;

        if (r < 0)
                return open_failed(a, r, message);
        a->appc = a->build.record && build_appc_is_whole(a->build.record);
        status = run_changing(a);
        if (status == 0 && a->command->how == ACBUILD_CHANGES) {
                r = build_context_save(&a->build, &message);
                return r < 0 ? acbuild_explained(a, r, message) : 0;
        }
        if (status != 0) {
                /* What it made so far may fill the disk. */
                build_context_done(&a->build);
                (void) build_context_open(a->directory, &a->build, NULL);
        }
        return status;
}

/* A directory for a build that ends with this process; the build goes below it. */
static int make_temporary(Scratch *ret, char **ret_build)
{
        int r = scratch_make_temporary("/tmp", "acbuild", ret);

        if (r < 0)
                return r;
        *ret_build = path_join(ret->path, ACBUILD_DIRECTORY);
        return *ret_build ? 0 : -ENOMEM;
}

/* Modifying an image: a build that begins with it, and is written over it. */

static int modify_begun(Acbuild *a, const char *path)
{
        int status = acbuild_begin(a, path, a->args.modify_appc != NULL);

        if (status == 0)
                status = run_changing(a);
        if (status == 0 && a->command->how == ACBUILD_CHANGES)
                status = acbuild_write(a, path, true, false);
        return status;
}

static int modify(Acbuild *a)
{
        const char *file = a->args.modify_appc ?: a->args.modify_oci;
        _cleanup_free_ char *path = realpath(file, NULL), *directory = NULL;
        _cleanup_(scratch_done) Scratch temporary = SCRATCH_NONE;
        struct stat st;
        int r;

        if (a->args.modify_appc && a->args.modify_oci)
                return acbuild_failed(a, "can't modify an appc image and an oci image at the same time");
        if (a->command->how == ACBUILD_ALONE || streq(a->command->name, "write") || streq(a->command->name, "end"))
                return acbuild_failed(a, "Can't use --modify flags with %s.", a->command->name);
        if (!path || stat(path, &st) < 0)
                return acbuild_failed(a, "image doesn't appear to exist: %s.", file);
        if (S_ISDIR(st.st_mode))
                return acbuild_failed(a, "image to modify is a directory: %s.", file);
        r = make_temporary(&temporary, &directory);
        if (r < 0)
                return acbuild_explained(a, r, NULL);
        free(a->directory);
        a->directory = TAKE_PTR(directory);
        return modify_begun(a, path);
}

static void acbuild_done(Acbuild *a)
{
        build_context_done(&a->build);
        free(a->directory);
        options_free(global_options, &a->args);
        options_free(command_options, &a->args);
}

static int run_command(Acbuild *a)
{
        int status = check_options(a) < 0 ? ACBUILD_STATUS_USAGE : check_words(a);

        if (status != 0)
                return status;
        if (a->args.modify_appc || a->args.modify_oci)
                return modify(a);
        return a->command->how == ACBUILD_ALONE ? a->command->run(a) : run_opened(a);
}

static int find_and_run(Acbuild *a, char **rest)
{
        size_t n = 0;

        if (a->args.help || !rest[0]) {
                print_help(stdout);
                return 0;
        }
        a->command = find_command(rest, &n);
        if (!a->command) {
                (void) fprintf(stderr, "Error: unknown command \"%s\" for \"acbuild\"\n", rest[0]);
                return ACBUILD_STATUS_USAGE;
        }
        a->words = rest + n;
        return run_command(a);
}

/* acbuild looks for options in all words before --, also in a command line. */
static const char *option_remedy(char *const *before)
{
        size_t n = 0;
        const AcbuildCommand *command = before[0] ? find_command(before, &n) : NULL;

        return command && strstr(command->usage, "-- COMMAND") ? "write -- before a command line: -- ls -l" : NULL;
}

/* directory: of the build, instead of what the options say, or NULL. */
static int run_words(Context *context, char **words, const char *directory)
{
        Acbuild a = { .context = context, .build = BUILD_CONTEXT_NONE };
        OptionSet sets[] = { { global_options, &a.args, .remedy = option_remedy }, { command_options, &a.args }, {} };
        _cleanup_strv_free_ char **rest = NULL;
        int status = ACBUILD_STATUS_USAGE;

        if (options_parse(sets, words, &rest) >= 0) {
                a.directory = directory ? strdup(directory) : path_join(a.args.work_path ?: ".", ACBUILD_DIRECTORY);
                status = a.directory ? find_and_run(&a, rest) : ACBUILD_STATUS_FAILED;
        }
        acbuild_done(&a);
        return status;
}

/* script */

/* A backslash at its end continues a line. */
static void join_lines(char *text)
{
        for (char *c = text; (c = strstr(c, "\\\n"));)
                c[0] = c[1] = ' ';
}

static int run_line(Acbuild *a, const char *line, const char *directory)
{
        _cleanup_strv_free_ char **words = NULL;
        int r = shell_words_of_line(line, &words);

        if (r == -EINVAL)
                return acbuild_failed(a, "unterminated quote: %s", line);
        if (r < 0)
                return acbuild_failed(a, "out of memory");
        if (!words)
                return 0;
        if (streq(words[0], "end"))
                return acbuild_failed(a, "calling end is unnecessary in a script, cleanup is done "
                                      "automatically");
        return run_words(a->context, words, directory);
}

static int run_lines(Acbuild *a, char *text, const char *directory)
{
        int status = 0;

        join_lines(text);
        for (char *line = text, *next; status == 0 && line; line = next) {
                next = strchr(line, '\n');
                if (next)
                        *next++ = 0;
                status = run_line(a, line, directory);
        }
        return status;
}

/* The build of the outermost script, with which those within it go on. */
static const char *current;

static int run_with_own_build(Acbuild *a, char *text)
{
        _cleanup_(scratch_done) Scratch temporary = SCRATCH_NONE;
        _cleanup_free_ char *directory = NULL;
        int r = make_temporary(&temporary, &directory), status;

        if (r < 0)
                return acbuild_explained(a, r, NULL);
        current = directory;
        status = run_lines(a, text, directory);
        current = NULL;
        return status;
}

static int run_script(Acbuild *a)
{
        static unsigned depth;
        _cleanup_free_ char *text = NULL;
        char *lines;
        size_t n;
        int r = read_named_file(a->words[0], BUILD_SCRIPT_MAX, &text, &n), status;

        if (r >= 0 && strlen(text) != n)
                r = -EBADMSG;
        if (r < 0)
                return acbuild_failed(a, "%s: %s", a->words[0], strerror(-r));
        if (depth >= BUILD_SCRIPTS_MAX)
                return acbuild_failed(a, "%s: called by %u scripts that call each other", a->words[0], depth);
        depth++;
        lines = build_script_behind_mark(text);
        status = current ? run_lines(a, lines, current) : run_with_own_build(a, lines);
        depth--;
        return status;
}

int acbuild_run(Context *context, char **words)
{
        return run_words(context, words, NULL);
}
