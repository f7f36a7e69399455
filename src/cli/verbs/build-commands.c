/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/nearest.h"
#include "basic/parse.h"
#include "basic/shell-words.h"
#include "build/build-appc-settings.h"
#include "build/build-config.h"
#include "build/build-script.h"
#include "cli/images/print-manifest.h"
#include "cli/verbs/build-commands.h"
#include "cli/verbs/build-containerfile.h"
#include "cli/verbs/build-pod.h"
#include "cli/verbs/build-run-cache.h"
#include "shared/explain.h"

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

/* Without a value, as with buildah. */
static int parse_pull(const Option *option, const char *value, void *field)
{
        return option_choice.parse(option, value ?: "always", field);
}

static void free_pull(void *field)
{
        option_choice.free(field);
}

static const OptionType option_pull = { parse_pull, free_pull, OPTION_VALUE_OPTIONAL };

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
        { "exclude", &option_strv, offsetof(BuildArgs, exclude), "GLOB", "begin, copy: leave such files out" },
        { "file", &option_string, offsetof(BuildArgs, file), "FILE",
          "Build by this Containerfile, with buildah, into the store", .letter = 'f' },
        { "from", &option_string, offsetof(BuildArgs, from), "IMAGE|DIR|TAR",
          "begin: what to begin with; copy: what to take files from" },
        { "label", &option_strv, offsetof(BuildArgs, labels), "NAME=VALUE", "--file: a label of the image" },
        { "net", &option_string, offsetof(BuildArgs, net), "NETWORK",
          "run: the network, as for podctl run; none for no network" },
        { "network", &option_string, offsetof(BuildArgs, network), "NETWORK",
          "--file: the network of RUN, as buildah has it: host, none or private" },
        { "no-cache", &option_bool, offsetof(BuildArgs, no_cache), NULL,
          "--file: repeat every step, which is always so" },
        { "overwrite", &option_bool, offsetof(BuildArgs, overwrite), NULL,
          "write: replace the file if there is one" },
        { "platform", &option_string, offsetof(BuildArgs, platform), "OS/ARCH",
          "begin, --file: what the image is for; by default this host" },
        { "pull", &option_pull, offsetof(BuildArgs, pull), "WHEN",
          "--file: ask for newer images, which is always so", .choices = "always|missing|newer|true" },
        { "script", &option_string, offsetof(BuildArgs, script), "FILE",
          "The same as the command script, with --cache" },
        { "secret", &option_strv, offsetof(BuildArgs, secrets), "NAME[=FILE]",
          "run: a file in /run/secrets, not in the image; --file: id=NAME,src=FILE" },
        { "tag", &option_strv, offsetof(BuildArgs, tags), "NAME", "--file: a name of the image in the store",
          .letter = 't' },
        { "target", &option_string, offsetof(BuildArgs, target), "STAGE", "--file: the stage that is the image" },
        { "user", &option_string, offsetof(BuildArgs, user), "USER[:GROUP]",
          "run: who the command runs as; by default the image's user" },
        { "workdir", &option_string, offsetof(BuildArgs, workdir), "PATH",
          "run: where the command runs; by default the image's directory" },
        {},
};

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
        int k = build_pod_end(r->context, r->build, BUILD_DIRECTORY, &message);

        build_context_done(r->build);
        return k < 0 ? build_failed(r, k, message) : 0;
}

/* Options */

/* Commands whose words are a program's command line, from the first one on that is no option. */
static const struct {
        const char *command, *operation, *remedy;
} command_lines[] = {
        { "cmd",        "set", "write -- before a command that is set: podctl build cmd set -- ls -l"        },
        { "entrypoint", "set", "write -- before a command that is set: podctl build entrypoint set -- ls -l" },
        { "health",     "set", "write -- before a command that is set: podctl build health set -- ls -l"     },
        { "post-stop",  "set", "write -- before a command that is set: podctl build post-stop set -- ls -l"  },
        { "pre-start",  "set", "write -- before a command that is set: podctl build pre-start set -- ls -l"  },
        { "run",        NULL,  "write -- before the command that is run: podctl build run -- ls -l"          },
        {}
};

const char *build_option_remedy(char *const *before)
{
        FOREACH_ROW(row, command_lines)
                if (streq_ptr(before[0], row->command))
                        return row->remedy;
        return NULL;
}

bool build_options_end(char *const *words)
{
        FOREACH_ROW(row, command_lines)
                if (streq(words[0], row->command))
                        return row->operation ? streq_ptr(words[1], row->operation) && words[2] : words[1] != NULL;
        return false;
}

/* script: the build stays open, and locked, from its first line to its last */

static int run_command(Run *r, char **words);

static int run_line(const Run *script, const char *line)
{
        _cleanup_strv_free_ char **words = NULL, **rest = NULL;
        BuildArgs args = {};
        OptionSet sets[] = { { build_options, &args, .remedy = build_option_remedy, .ends = build_options_end }, {} };
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
                                         .line = words, .depth = script->depth + 1, .cache = script->cache },
                                rest);
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
        bool tries = r->args->tries_cache && !r->args->caches;
        int k = tries ? build_run_try_cache(r->context, &cache) : build_run_open_cache(r->context, &cache), applied;

        if (k < 0)
                return tries ? run_lines(r, path, text) : k;
        r->cache = cache;
        k = run_lines(r, path, text);
        /* Also for what comes before a line that fails. */
        applied = build_run_apply_cache(r);
        build_run_trim_cache(r->cache);
        r->cache = NULL;
        return k != 0 ? k : applied;
}

/* --cache, --cache=yes, --cache=no. */
static int wants_cache(const Run *r)
{
        int wanted = r->args->tries_cache;

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
        char *lines;
        size_t size;
        int k;

        if (cached < 0)
                return cached;
        if (r->depth >= BUILD_SCRIPTS_MAX)
                return log_error_errno(ELOOP, "%s is called by %u scripts that call each other", r->words[0], r->depth);
        k = read_file_at(AT_FDCWD, r->words[0], BUILD_SCRIPT_MAX, &text, &size);
        if (k < 0)
                return log_error_errno(k, "Cannot read %s: %m", r->words[0]);
        if (strlen(text) != size)
                return log_error_errno(EINVAL, "Cannot read %s: it is not a text", r->words[0]);
        lines = build_script_behind_mark(text);
        return cached ? run_lines_cached(r, r->words[0], lines) : run_lines(r, r->words[0], lines);
}

/* All */

#define BEGIN_OPTIONS "exclude from platform"
#define COPY_OPTIONS "chmod chown exclude from platform"
#define FILE_OPTIONS "build-arg file label network no-cache platform pull secret tag target"
#define RUN_OPTIONS "cache env net secret user workdir"
#define SETTING(setting) { setting, NULL, "", 1, -1, CHANGES, run_setting, build_inputs_none }
#define APPC_SETTING(setting) { setting, NULL, "", 1, -1, CHANGES, run_appc_setting, build_inputs_none }

static const Command commands[] = {
        { "begin",       "",                BEGIN_OPTIONS,          0,  0, ALONE,   build_run_begin                   },
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
        const char *remedy = build_option_remedy((char *[]) { (char *) command, NULL });
        _cleanup_strv_free_ char **taken = NULL;

        if (strv_split(options, ' ', &taken) < 0)
                return log_oom();
        FOREACH_ROW(option, build_options)
                if (option_is_given(option, args) && !strv_contains(taken, option->name))
                        return log_error_errno(EINVAL, "'build %s' does not take --%s%s%s", command, option->name,
                                               remedy ? "; " : "", strempty(remedy));
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
        if (build_context_is_open(r->build))
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
        _cleanup_(build_other_done) BuildOther other = BUILD_OTHER_NONE;
        _cleanup_free_ char *message = NULL;
        int k = open_build(r, &message);

        if (k < 0)
                return build_failed(r, k, message);
        if (r->args->from) {
                k = build_run_open_other(r, &other);
                if (k < 0)
                        return k;
                r->other = &other;
        }
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
        own.tries_cache = true;
        return words[0] ? log_error_errno(EINVAL, "'build --script=' does not take '%s'", words[0])
                        : run_words(context, &own, as_command);
}

int build_command_run(Context *context, const BuildArgs *args, char **words)
{
        if (args->file) {
                int k = check_options("--file=", FILE_OPTIONS, args);

                return k < 0 ? k : build_containerfile(context, args, words);
        }
        if (args->script)
                return run_script_of_option(context, args, words);
        if (!words[0])
                return log_error_errno(EINVAL, "'build' needs a command, or --file= for a Containerfile; see "
                                       "podctl-build(1)");
        return run_words(context, args, words);
}
