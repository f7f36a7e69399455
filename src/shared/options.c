/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/nearest.h"
#include "basic/parse.h"
#include "basic/utf8.h"
#include "shared/options.h"

static int parse_string(const Option *option, const char *value, void *field)
{
        return free_and_strdup(field, value) < 0 ? log_oom() : 0;
}

static int parse_strv(const Option *option, const char *value, void *field)
{
        return strv_extend(field, value) < 0 ? log_oom() : 0;
}

static int parse_commas(const Option *option, const char *value, void *field)
{
        _cleanup_strv_free_ char **parts = NULL;

        if (strv_split(value, ',', &parts) < 0)
                return log_oom();
        /* Else --caps-retain=$UNSET would leave all of them. */
        if (!parts || !*parts)
                return log_error_errno(EINVAL, "Option --%s needs a value", option->name);
        if (strv_extend_strv(field, parts) < 0)
                return log_oom();
        return 0;
}

static int parse_bool_value(const Option *option, const char *value)
{
        int b = value ? parse_boolean(value) : true;

        if (b < 0)
                return log_error_errno(b, "Option --%s takes true or false, not '%s'", option->name, value);
        return b;
}

static int parse_bool(const Option *option, const char *value, void *field)
{
        int b = parse_bool_value(option, value);

        if (b < 0)
                return b;
        *(bool *) field = b;
        return 0;
}

static int parse_tristate(const Option *option, const char *value, void *field)
{
        int b = parse_bool_value(option, value);

        if (b < 0)
                return b;
        *(int *) field = b;
        return 0;
}

static int parse_number(const Option *option, const char *value, void *field)
{
        int r = parse_uint64(value, field);

        return r < 0 ? log_error_errno(r, "Option --%s takes a number, not '%s'", option->name, value) : 0;
}

static int parse_duration_value(const Option *option, const char *value, void *field)
{
        int r = parse_duration(value, field);

        return r < 0 ? log_error_errno(r, "Option --%s takes a duration such as 30s, 10m or 24h, not '%s'",
                                       option->name, value)
                     : 0;
}

static int parse_size_value(const Option *option, const char *value, void *field)
{
        int r = parse_size(value, field);

        return r < 0 ? log_error_errno(r, "Option --%s takes a size such as 500M or 20G, not '%s'", option->name, value)
                     : 0;
}

static int parse_choice(const Option *option, const char *value, void *field)
{
        _cleanup_strv_free_ char **choices = NULL;

        if (strv_split(option->choices, '|', &choices) < 0)
                return log_oom();
        if (!strv_contains(choices, value))
                return log_error_errno(EINVAL, "Option --%s takes one of %s, not '%s'", option->name,
                                       option->choices, value);
        return parse_string(option, value, field);
}

static void free_string(void *field)
{
        char **text = field;

        *text = mfree(*text);
}

static void free_strv(void *field)
{
        char ***list = field;

        *list = strv_free(*list);
}

const OptionType option_string = { parse_string, free_string, OPTION_VALUE_REQUIRED };
const OptionType option_strv = { parse_strv, free_strv, OPTION_VALUE_REQUIRED };
const OptionType option_commas = { parse_commas, free_strv, OPTION_VALUE_REQUIRED };
const OptionType option_bool = { parse_bool, NULL, OPTION_VALUE_OPTIONAL };
const OptionType option_tristate = { parse_tristate, NULL, OPTION_VALUE_OPTIONAL };
const OptionType option_uint64 = { parse_number, NULL, OPTION_VALUE_REQUIRED };
const OptionType option_size = { parse_size_value, NULL, OPTION_VALUE_REQUIRED };
const OptionType option_duration = { parse_duration_value, NULL, OPTION_VALUE_REQUIRED };
const OptionType option_choice = { parse_choice, free_string, OPTION_VALUE_REQUIRED };

const Option *options_find(const Option *options, const char *word)
{
        const char *name = startswith(word, "--");
        size_t n;

        if (!options)
                return NULL;

        if (!name) {
                for (const Option *o = options; o->name; o++)
                        if (o->letter && word[0] == '-' && word[1] == o->letter)
                                return o;
                return NULL;
        }

        n = strcspn(name, "=");
        for (const Option *o = options; o->name; o++)
                if (strlen(o->name) == n && strncmp(o->name, name, n) == 0)
                        return o;
        return NULL;
}

bool option_takes_next_word(const Option *option, const char *word)
{
        if (option->type->value != OPTION_VALUE_REQUIRED)
                return false;
        return startswith(word, "--") ? !strchr(word, '=') : !word[2];
}

static const char *inline_value(const Option *option, const char *word)
{
        const char *equals;

        if (startswith(word, "--")) {
                equals = strchr(word, '=');
                return equals ? equals + 1 : NULL;
        }
        if (!word[2])
                return NULL;
        return word[2] == '=' ? word + 3 : word + 2;
}

static int refuse_unknown(const OptionSet *sets, const char *word, char *const *before)
{
        const char *remedy = sets->remedy && before ? sets->remedy(before) : NULL;
        _cleanup_free_ char *name = startswith(word, "--") ? strndup(word + 2, strcspn(word + 2, "=")) : NULL;
        Nearest near = { .written = strempty(name) };

        for (; name && sets->options; sets++)
                for (const Option *o = sets->options; o->name; o++)
                        if (o->help)
                                nearest_offer(&near, o->name);
        if (near.known)
                return log_error_errno(EINVAL, "Unknown option '--%s'; did you mean '--%s'?", name, near.known);
        if (remedy)
                return log_error_errno(EINVAL, "Unknown option '%.*s'; %s", (int) strcspn(word, "="), word, remedy);
        return log_error_errno(EINVAL, "Unknown option '%.*s'", (int) strcspn(word, "="), word);
}

/* A long option; a short one like -i may be the beginning of another program's -it. */
static bool is_own(const OptionSet *sets, const char *word)
{
        for (; startswith(word, "--") && sets->options; sets++)
                if (options_find(sets->options, word))
                        return true;
        return false;
}

static int refuse_foreign(const OptionSet *sets, const char *word)
{
        const char *hint = sets->hint && !is_own(sets, word) ? sets->hint(sets->command, word) : NULL;

        return hint ? log_error_errno(EINVAL, "Unknown option '%.*s': %s", (int) strcspn(word, "="), word, hint) : 0;
}

/* "-id" of docker and podman. What may follow a short option that takes no value is "=no", or "no". */
static bool is_cluster(const Option *option, const char *word)
{
        return word[1] != '-' && word[2] && word[2] != '=' && option->type->value == OPTION_VALUE_OPTIONAL &&
               parse_boolean(word + 2) < 0;
}

/* before: the words before it that are none; NULL: they are not known. */
static int parse_one(const OptionSet *sets, char ***words, char *const *before)
{
        const OptionSet *all = sets;
        const char *word = **words, *value;

        if (!word || word[0] != '-' || !word[1] || streq(word, "--") || streq(word, "---"))
                return 0;
        if (refuse_foreign(sets, word) < 0)
                return -EINVAL;

        for (; sets->options; sets++) {
                const Option *o = options_find(sets->options, word);
                int r;

                if (!o)
                        continue;
                if (is_cluster(o, word))
                        return log_error_errno(EINVAL, "Unknown option '%s'; short options are written apart, -%c -%c",
                                               word, word[1], word[2]);

                (*words)++;
                value = inline_value(o, word);
                if (option_takes_next_word(o, word)) {
                        value = **words;
                        if (!value)
                                return log_error_errno(EINVAL, "Option --%s needs a value", o->name);
                        (*words)++;
                }

                r = o->type->parse(o, value, (char *) sets->target + o->offset);
                return r < 0 ? r : 1;
        }

        return refuse_unknown(all, word, before);
}

int options_parse_one(const OptionSet *sets, char ***words)
{
        return parse_one(sets, words, NULL);
}

int options_parse(const OptionSet *sets, char **words, char ***ret_rest)
{
        _cleanup_strv_free_ char **rest = new0(char *, 1);
        int r;

        if (!rest)
                return log_oom();

        while (*words) {
                r = parse_one(sets, &words, rest);
                if (r < 0)
                        return r;
                if (r > 0)
                        continue;
                if (streq(*words, "--")) {
                        words++;
                        break;
                }
                if (strv_extend(&rest, *words++) < 0)
                        return log_oom();
                if (sets->ends && sets->ends(rest))
                        break;
        }
        if (strv_extend_strv(&rest, words) < 0)
                return log_oom();

        *ret_rest = TAKE_PTR(rest);
        return 0;
}

bool option_is_given(const Option *option, const void *target)
{
        const void *field = (const char *) target + option->offset;

        return option->type == &option_bool ? *(const bool *) field : *(void *const *) field != NULL;
}

void options_free(const Option *options, void *target)
{
        for (const Option *o = options; o && o->name; o++)
                if (o->type->free)
                        o->type->free((char *) target + o->offset);
}

static void print_option_help(const Option *o, FILE *f)
{
        char letter[] = { '-', o->letter, ',', 0 };
        bool optional = o->metavar && o->type->value == OPTION_VALUE_OPTIONAL;
        _cleanup_free_ char *spelled =
                strprintf("%s --%s%s%s%s%s", o->letter ? letter : "   ", o->name, optional ? "[" : "",
                          o->metavar ? "=" : "", strempty(o->metavar), optional ? "]" : "");

        if (spelled)
                (void) fprintf(f, "  %s%*s %s\n", spelled, (int) MAX(1, 34 - (int) utf8_columns(spelled)), "", o->help);
}

static int compare_options(const void *a, const void *b)
{
        return strcmp((*(const Option *const *) a)->name, (*(const Option *const *) b)->name);
}

/* Sorted by name, whatever the order and the parts the table is put together from. */
void options_print_help(const Option *options, FILE *f)
{
        _cleanup_free_ const Option **sorted = NULL;
        size_t n = 0, k = 0;

        for (const Option *o = options; o && o->name; o++)
                n++;
        sorted = new0(const Option *, n + 1);
        for (const Option *o = options; sorted && o && o->name; o++)
                if (o->help)
                        sorted[k++] = o;
        if (k > 0)
                qsort(sorted, k, sizeof(Option *), compare_options);
        for (size_t i = 0; i < k; i++)
                print_option_help(sorted[i], f);
}
