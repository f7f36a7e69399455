/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/nearest.h"
#include "basic/parse.h"
#include "basic/shell-words.h"
#include "build/build-appc-settings.h"
#include "build/build-base.h"
#include "build/build-config.h"
#include "cli/images/fetch-image.h"
#include "cli/images/print-manifest.h"
#include "cli/verbs/build-commands.h"
#include "cli/verbs/build-containerfile.h"
#include "cli/verbs/build-pod.h"
#include "cli/verbs/build-run-cache.h"
#include "image/name/image-location.h"
#include "shared/explain.h"

#define SCRIPT_MAX (1024U * 1024)

/* With a value and without. */
static int parse_cache(const Option *option, const char *value, void *field)
{
        return strv_extend(field, strempty(value)) < 0 ? log_oom() : 0;
}

static void free_cache(void *field)
{
        char ***list = field;

        *list = strv_free(*list);
}

static const OptionType option_cache = { parse_cache, free_cache, OPTION_VALUE_OPTIONAL };

const Option build_options[] = {
        { "build-arg", &option_strv, offsetof(BuildArgs, build_arguments), "NAME=VALUE",
          "--file: a value for its ARG instructions" },
        { "cache", &option_cache, offsetof(BuildArgs, caches), "NAME,target=PATH",
          "run: a directory that builds share; script: do not repeat steps" },
        { "checksum", &option_string, offsetof(BuildArgs, checksum), "DIGEST",
          "add: what the file has to be, such as sha256:…" },
        { "chmod", &option_string, offsetof(BuildArgs, chmod), "MODE", "copy, add: the mode of files, in octal" },
        { "chown", &option_string, offsetof(BuildArgs, chown), "UID[:GID]",
          "copy, add: the owner, in numbers; by default 0:0" },
        { "compression", &option_choice, offsetof(BuildArgs, compression), "KIND",
          "write, push: gzip (the default), zstd or none", .choices = "gzip|zstd|none" },
        { "env", &option_strv, offsetof(BuildArgs, environment), "NAME=VALUE",
          "run: a variable of the command, and not of the image" },
        { "exclude", &option_strv, offsetof(BuildArgs, exclude), "GLOB", "copy: leave such files out" },
        { "file", &option_string, offsetof(BuildArgs, file), "FILE",
          "Build by this Containerfile, with buildah, into the store", .letter = 'f' },
        { "from", &option_string, offsetof(BuildArgs, from), "IMAGE",
          "begin: the image to begin with; by default scratch" },
        { "net", &option_string, offsetof(BuildArgs, net), "NETWORK",
          "run: the network, as for podctl run; none for no network" },
        { "overwrite", &option_bool, offsetof(BuildArgs, overwrite), NULL,
          "write: replace the file if there is one" },
        { "platform", &option_string, offsetof(BuildArgs, platform), "OS/ARCH",
          "begin: what the image is for; by default this host" },
        { "script", &option_string, offsetof(BuildArgs, script), "FILE", "The same as the command script" },
        { "secret", &option_strv, offsetof(BuildArgs, secrets), "NAME[=FILE]",
          "run: a file in /run/secrets that does not get into the image" },
        { "tag", &option_string, offsetof(BuildArgs, tag), "NAME", "--file: the image's name in the store",
          .letter = 't' },
        { "user", &option_string, offsetof(BuildArgs, user), "USER[:GROUP]",
          "run: who the command runs as; by default the image's user" },
        { "workdir", &option_string, offsetof(BuildArgs, workdir), "PATH",
          "run: where the command runs; by default the image's directory" },
        {},
};

static bool is_open(const BuildContext *build)
{
        return build->dir_fd >= 0;
}

/* begin */

static int begin_with_stored(Run *r, const char *from)
{
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_free_ char *message = NULL;
        _cleanup_close_ int lock = -EBADF;
        ImageStore *store;
        int k = fetch_or_find_image(r->context, &(ImageWish) { .text = from, .policy = PULL_NEW }, &image);

        if (k < 0)
                return k;
        lock = context_lock_images(r->context, LOCK_SH, &store);
        if (lock < 0)
                return lock;
        k = r->cache ? build_run_begin_cached(r, &image->id) : 0;
        if (k != 0)
                return MIN(k, 0);
        k = build_base_image(r->build, store, image, r->args->platform, &message);
        if (k >= 0 && free_and_strdup(&r->build->record->base_name, image_display_name(image, from)) < 0)
                return log_oom();
        if (k < 0)
                return log_error_errno(k, "Cannot build: begin: %s: %s", from, explained(message, k));
        if (r->cache)
                build_run_keep(r);
        return 0;
}

static int begin_with(Run *r)
{
        const char *from = r->args->from ?: "scratch";
        _cleanup_(image_location_done) ImageLocation location = {};
        _cleanup_free_ char *message = NULL;
        int k;

        if (streq(from, "scratch"))
                k = build_base_scratch(r->build, r->args->platform, &message);
        else {
                k = image_location_parse(from, &location, &message);
                /* What it is for "write". */
                if (k >= 0 && location.type != IMAGE_AT_PATH && startswith(from, "oci:") && !startswith(from, "oci://"))
                        k = explain(&message, ENOENT, "%s: there is no such directory; write docker:// for a registry",
                                    from);
                if (k >= 0 && location.type != IMAGE_AT_PATH)
                        return begin_with_stored(r, from);
                if (k >= 0)
                        k = build_base_path(r->build, location.text, location.reference, r->args->platform,
                                            &message);
        }
        return k < 0 ? build_failed(r, k, message) : 0;
}

static int run_begin(Run *r)
{
        _cleanup_free_ char *message = NULL;
        int64_t time;
        int k;

        if (is_open(r->build))
                return build_failed(r, -EEXIST, BUILD_DIRECTORY ": a build has begun here already; 'podctl build end' "
                                    "ends it, without a trace");
        k = build_time_read(&time, &message);
        if (k < 0)
                return log_error_errno(k, "%s", message);
        k = build_context_begin(BUILD_DIRECTORY, time, r->build, &message);
        if (k < 0)
                return build_failed(r, k, message);
        k = begin_with(r);
        if (k >= 0) {
                k = build_context_save(r->build, &message);
                if (k < 0)
                        k = build_failed(r, k, message);
        }
        if (k < 0)
                (void) build_context_end(r->build, BUILD_DIRECTORY, NULL);
        return k;
}

/* The config */

static int run_setting(Run *r)
{
        _cleanup_free_ char *message = NULL;
        int k = build_config_change(r->build->record, r->command->name, r->words[0], r->words + 1, &message);

        return k < 0 ? build_failed(r, k, message) : 0;
}

static int run_appc_setting(Run *r)
{
        _cleanup_free_ char *message = NULL;
        int k = build_appc_change(r->build->record, r->command->name, r->words[0], r->words + 1, &message);

        return k < 0 ? build_failed(r, k, message) : 0;
}

static int run_config(Run *r)
{
        _cleanup_free_ char *text = NULL;
        int k = json_format_compact(r->build->record->config, &text);

        return k < 0 ? log_oom() : print_manifest(text, strlen(text), true);
}

/* end */

static int run_end(Run *r)
{
        _cleanup_free_ char *message = NULL;
        int k;

        build_pod_end_abandoned(r->context, r->build);
        build_pod_forget(r->context, r->build);
        k = build_context_end(r->build, BUILD_DIRECTORY, &message);

        build_context_done(r->build);
        return k < 0 ? build_failed(r, k, message) : 0;
}

/* script: the build stays open, and locked, from its first line to its last */

static int run_command(Run *r, char **words);

static int run_line(const Run *script, const char *line)
{
        _cleanup_strv_free_ char **words = NULL, **rest = NULL;
        BuildArgs args = {};
        OptionSet sets[] = { { build_options, &args }, {} };
        int k = shell_words_of_line(line, &words);

        if (k == -EINVAL)
                return log_error_errno(k, "A quote is not closed");
        if (k < 0)
                return log_oom();
        if (!words)
                return 0;
        k = options_parse(sets, words, &rest);
        if (k >= 0)
                k = run_command(&(Run) { .context = script->context, .args = &args, .build = script->build,
                                         .line = words, .cache = script->cache }, rest);
        options_free(build_options, &args);
        return k;
}

static bool is_continued(const char *line, const char *end)
{
        size_t n = 0;

        while (end - n > line && end[-1 - (ssize_t) n] == '\\')
                n++;
        return n % 2 == 1 && line[strspn(line, " \t")] != '#';
}

/* Ends the line, which a backslash at its end continues in the next one. Returns what comes behind it, or NULL. */
static char *cut_line(char *line, size_t *number)
{
        for (char *end = line; (end = strchr(end, '\n'));) {
                (*number)++;
                if (!is_continued(line, end)) {
                        *end = 0;
                        return end + 1;
                }
                end[-1] = end[0] = ' ';
        }
        return NULL;
}

static int run_lines(const Run *script, const char *path, char *text)
{
        size_t number = 1;
        int k = 0;

        for (char *line = text, *next; k == 0 && line; line = next) {
                _cleanup_free_ char *prefix = strprintf("%s:%zu", path, number);

                next = cut_line(line, &number);
                log_set_prefix(prefix);
                k = run_line(script, line);
                log_set_prefix(NULL);
        }
        return k;
}

static int run_lines_cached(Run *r, const char *path, char *text)
{
        _cleanup_(build_cache_freep) BuildCache *cache = NULL;
        int k = build_run_open_cache(r->context, &cache), applied;

        if (k < 0)
                return k;
        r->cache = cache;
        k = run_lines(r, path, text);
        /* Also for what comes before a line that fails. */
        applied = build_run_apply_cache(r);
        build_run_trim_cache(r);
        r->cache = NULL;
        return k != 0 ? k : applied;
}

/* --cache, --cache=yes, --cache=no. */
static int wants_cache(const Run *r)
{
        int wanted = 0;

        STRV_FOREACH(word, r->args->caches) {
                wanted = **word ? parse_boolean(*word) : 1;
                if (wanted < 0)
                        return log_error_errno(EINVAL, "Option --cache=%s: it is --cache for 'build script', without "
                                               "a value", *word);
        }
        return wanted;
}

static int run_script(Run *r)
{
        int cached = wants_cache(r);
        _cleanup_free_ char *text = NULL;
        size_t size;
        int k;

        if (cached < 0)
                return cached;
        k = read_file_at(AT_FDCWD, r->words[0], SCRIPT_MAX, &text, &size);
        if (k < 0)
                return log_error_errno(k, "Cannot read %s: %m", r->words[0]);
        if (strlen(text) != size)
                return log_error_errno(EINVAL, "Cannot read %s: it is not a text", r->words[0]);
        return cached ? run_lines_cached(r, r->words[0], text) : run_lines(r, r->words[0], text);
}

/* All */

#define COPY_OPTIONS "chmod chown exclude"
#define RUN_OPTIONS "cache env net secret user workdir"
#define SETTING(setting) { setting, NULL, "", 1, -1, CHANGES, run_setting, build_inputs_none }
#define APPC_SETTING(setting) { setting, NULL, "", 1, -1, CHANGES, run_appc_setting, build_inputs_none }

static const Command commands[] = {
        { "begin",       "",                "from platform",        0,  0, ALONE,   run_begin                         },
        { "add",         "URL PATH",        "checksum chmod chown", 2,  2, CHANGES, build_run_add, build_inputs_none  },
        { "copy",        "SOURCE… PATH",    COPY_OPTIONS,           2, -1, CHANGES, build_run_copy,
          build_inputs_copy },
        { "copy-to-dir", "SOURCE… DIR",     COPY_OPTIONS,           2, -1, CHANGES, build_run_copy_to_dir,
          build_inputs_copy_to_dir },
        { "rm",          "PATH…",           "",                     1, -1, CHANGES, build_run_rm, build_inputs_none   },
        { "run",         "-- COMMAND…",     RUN_OPTIONS,            1, -1, CHANGES, build_run_run, build_inputs_none  },
        SETTING("annotation"),
        SETTING("cmd"),
        SETTING("entrypoint"),
        SETTING("env"),
        SETTING("health"),
        SETTING("label"),
        SETTING("port"),
        SETTING("stop-signal"),
        SETTING("user"),
        SETTING("volume"),
        SETTING("workdir"),
        APPC_SETTING("dependency"),
        APPC_SETTING("isolator"),
        APPC_SETTING("mount"),
        APPC_SETTING("post-stop"),
        APPC_SETTING("pre-start"),
        APPC_SETTING("supplementary-groups"),
        { "config",      "",                "",                     0,  0, READS,   run_config                        },
        { "layer",       "",                "",                     0,  0, CHANGES, build_run_layer,
          build_inputs_none },
        { "script",      "FILE",            "cache",                1,  1, ALONE,   run_script                        },
        { "write",       "FILE|oci:DIR|aci:FILE:NAME", "compression overwrite", 1, 1, CHANGES, build_run_write        },
        { "push",        "docker://HOST/NAME[:TAG]", "compression", 1,  1, CHANGES, build_run_push                    },
        { "end",         "",                "",                     0,  0, ENDS,    run_end                           },
        {}
};

static const Command *find_command(const char *name)
{
        Nearest near = { .written = name };

        FOREACH_ROW(row, commands)
                if (streq(row->name, name))
                        return row;
        FOREACH_ROW(row, commands)
                nearest_offer(&near, row->name);
        if (near.known)
                log_error("Unknown command '%s' of a build; did you mean '%s'?", name, near.known);
        else
                log_error("Unknown command '%s' of a build; see podctl-build(1), or give --file= for a Containerfile",
                          name);
        return NULL;
}

static int check_options(const char *command, const char *options, const BuildArgs *args)
{
        _cleanup_strv_free_ char **taken = NULL;

        if (strv_split(options, ' ', &taken) < 0)
                return log_oom();
        FOREACH_ROW(option, build_options)
                if (option_is_given(option, args) && !strv_contains(taken, option->name))
                        return log_error_errno(EINVAL, "'build %s' does not take --%s", command, option->name);
        return 0;
}

/* NULL: it is no setting. */
static char *usage_of(const Command *command)
{
        if (command->usage)
                return NULL;
        return command->run == run_setting ? build_config_usage(command->name) : build_appc_usage(command->name);
}

static int check_words(const Command *command, char *const *words)
{
        int n = (int) strv_length(words);
        _cleanup_free_ char *setting = usage_of(command);

        if (n < command->min_words)
                return log_error_errno(EINVAL, "'build %s' needs words: podctl build %s%s%s", command->name,
                                       setting ?: command->name, setting ? "" : " ", strempty(command->usage));
        if (command->max_words >= 0 && n > command->max_words)
                return log_error_errno(EINVAL, "'build %s' does not take '%s'", command->name,
                                       words[command->max_words]);
        return 0;
}

static int open_build(const Run *r, char **reterr_message)
{
        if (is_open(r->build))
                return 0;
        return r->command->how == ENDS ? build_context_open_to_end(BUILD_DIRECTORY, r->build, reterr_message)
                                       : build_context_open(BUILD_DIRECTORY, r->build, reterr_message);
}

static int carry_out(Run *r)
{
        _cleanup_free_ char *message = NULL;
        int k = r->command->run(r);

        if (k == 0 && r->command->how == CHANGES) {
                k = build_context_save(r->build, &message);
                k = k < 0 ? build_failed(r, k, message) : 0;
        }
        if (k != 0) {
                /* What it made so far may fill the disk. */
                build_context_done(r->build);
                (void) build_context_open(BUILD_DIRECTORY, r->build, NULL);
        }
        return k;
}

static int run_opened(Run *r)
{
        _cleanup_free_ char *message = NULL;
        int k = open_build(r, &message);

        if (k < 0)
                return build_failed(r, k, message);
        return r->cache ? build_run_cached(r, carry_out) : carry_out(r);
}

static int run_command(Run *r, char **words)
{
        int k;

        r->command = find_command(words[0]);
        r->words = words + 1;
        if (!r->command)
                return -EINVAL;
        k = check_options(r->command->name, r->command->options, r->args);
        if (k >= 0)
                k = check_words(r->command, r->words);
        if (k >= 0)
                k = r->command->how == ALONE ? r->command->run(r) : run_opened(r);
        return k;
}

static int run_words(Context *context, const BuildArgs *args, char **words)
{
        BuildContext build = BUILD_CONTEXT_NONE;
        int k = run_command(&(Run) { .context = context, .args = args, .build = &build }, words);

        build_context_done(&build);
        return k;
}

static int run_script_of_option(Context *context, const BuildArgs *args, char *const *words)
{
        char *as_command[] = { (char *) "script", args->script, NULL };
        BuildArgs own = *args;

        own.script = NULL;
        return words[0] ? log_error_errno(EINVAL, "'build --script=' does not take '%s'", words[0])
                        : run_words(context, &own, as_command);
}

int build_command_run(Context *context, const BuildArgs *args, char **words)
{
        if (args->file) {
                int k = check_options("--file=", "build-arg file tag", args);

                return k < 0 ? k : build_containerfile(context, args, words);
        }
        if (args->script)
                return run_script_of_option(context, args, words);
        if (!words[0])
                return log_error_errno(EINVAL, "'build' needs a command, or --file= for a Containerfile; see "
                                       "podctl-build(1)");
        return run_words(context, args, words);
}
