/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "foreign/draft/foreign-size.h"
#include "foreign/quadlet/quadlet-mounts.h"
#include "foreign/quadlet/quadlet-program.h"

#define lose(step, ...) quadlet_step_tell(step, FINDING_LOST, __VA_ARGS__)
#define change(step, ...) quadlet_step_tell(step, FINDING_CHANGED, __VA_ARGS__)

#define NO_LABELS "files are not labelled for SELinux"

static int add_part(QuadletStep *step, const char *fields, const char *target, const char *sub_path)
{
        if (!path_is_absolute(target) || strchr(target, ',') || !fields)
                return fields ? lose(step, "'%s' is not a valid place for a mount", target) : -ENOMEM;
        return pod_draft_add_mount(step->pod, step->app, fields, target, sub_path);
}

static int add(QuadletStep *step, const char *fields, const char *target)
{
        return add_part(step, fields, target, NULL);
}

/* Options of a volume, each with what is said of it. NULL: it is as here anyway. */
static const struct {
        const char *option, *field;
        FindingState state;
        const char *why;
} options[] = {
        { "ro", ",readOnly=true", FINDING_CARRIED, NULL },
        { "readonly", ",readOnly=true", FINDING_CARRIED, NULL },
        { "rw", "", FINDING_CARRIED, NULL },
        { "z", "", FINDING_CHANGED, NO_LABELS },
        { "Z", "", FINDING_CHANGED, NO_LABELS },
        { "idmap", "", FINDING_CARRIED, NULL },
        { "rbind", "", FINDING_CARRIED, NULL },
        { "bind", ",recursive=no", FINDING_CARRIED, NULL },
        { "private", "", FINDING_CARRIED, NULL },
        { "rprivate", "", FINDING_CARRIED, NULL },
        { "slave", ",propagation=slave", FINDING_CARRIED, NULL },
        { "rslave", ",propagation=slave", FINDING_CARRIED, NULL },
        { "copy", "", FINDING_CARRIED, NULL },
        /* For hosts that are no Linux */
        { "cached", "", FINDING_CARRIED, NULL },
        { "consistent", "", FINDING_CARRIED, NULL },
        { "delegated", "", FINDING_CARRIED, NULL },
        { "U", "", FINDING_LOST, "owners stay as they are; use chown, with the IDs that the image has" },
};

static int add_options(QuadletStep *step, const char *text, char **fields)
{
        _cleanup_strv_free_ char **words = NULL;
        int r = strv_split(text, ',', &words);

        STRV_FOREACH(word, words) {
                char *longer;
                size_t i = 0;

                while (i < ELEMENTSOF(options) && !streq(options[i].option, *word))
                        i++;
                if (r < 0 || i == ELEMENTSOF(options))
                        return r < 0 ? r : lose(step, "option '%s' is not possible", *word);
                if (options[i].why)
                        r = quadlet_step_tell(step, options[i].state, "%s", options[i].why);
                longer = strjoin(*fields, options[i].field);
                if (!longer)
                        return -ENOMEM;
                free(*fields);
                *fields = longer;
        }
        return r;
}

static int path_fields(QuadletStep *step, const char *source, char **ret)
{
        _cleanup_free_ char *path = quadlet_path(step, source);

        if (!path)
                return lose(step, "cannot find the directory of '%s'", source);
        if (strchr(path, ','))
                return lose(step, "there is a comma in '%s'", path);
        *ret = strjoin("kind=host,source=", path);
        return *ret ? quadlet_step_check_path(step, path) : -ENOMEM;
}

static int image_fields(QuadletStep *step, const char *image, char **ret)
{
        _cleanup_free_ char *name = NULL;
        int r = strchr(".~", *image) ? lose(step, "'%s' is not a valid name of an image", image)
                                     : quadlet_image_name(step, image, &name);

        if (r < 0 || step->state == FINDING_LOST)
                return r;
        if (strchr(name, ','))
                return lose(step, "there is a comma in '%s'", name);
        *ret = strjoin("kind=image,image=", name);
        return *ret ? 0 : -ENOMEM;
}

/* podman's has a layer on top that can be written to, and stays. */
static int volume_of_image_fields(QuadletStep *step, const QuadletFile *file, char **ret)
{
        const QuadletEntry *driver = quadlet_file_find(file, "Volume", "Driver"),
                           *image = quadlet_file_find(file, "Volume", "Image");
        int r;

        if (!driver || !streq(driver->value, "image"))
                return image ? lose(step, "%s.volume has an Image= and not Driver=image", file->stem) : 0;
        if (!image)
                return lose(step, "%s.volume has Driver=image and no Image=", file->stem);
        r = image_fields(step, image->value, ret);
        return r < 0 || step->state == FINDING_LOST ? r : change(step, "the files of an image cannot be written to");
}

/* "NAME.volume", a name, or a path. */
static int source_fields(QuadletStep *step, const char *source, char **ret)
{
        const QuadletFile *file = quadlet_find_unit(step->files, step->n_files, source);
        _cleanup_free_ char *name = file ? quadlet_name_of(file) : strdup(source);
        int r;

        if (*source == '/' || *source == '.')
                return path_fields(step, source, ret);
        if (!file && endswith(source, ".volume"))
                return lose(step, "there is no file %s among those that were given", source);
        if (file && !streq(file->suffix, "volume"))
                return lose(step, "%s is not a volume", source);
        r = file ? volume_of_image_fields(step, file, ret) : 0;
        if (r < 0 || *ret || step->state == FINDING_LOST)
                return r;
        r = name ? quadlet_step_check_name(step, FOREIGN_VOLUME, name) : -ENOMEM;
        if (r < 0 || step->state == FINDING_LOST)
                return r;
        *ret = strjoin("kind=named,volume=", name);
        return *ret ? 0 : -ENOMEM;
}

/* sub_path: what of the volume; NULL: all. */
static int add_source(QuadletStep *step, const char *source, const char *target, const char *wanted,
                      const char *sub_path)
{
        _cleanup_free_ char *fields = NULL;
        int r = source ? source_fields(step, source, &fields) : 0;

        if (!source)
                fields = strdup("kind=empty,fromImage=yes");
        if (r < 0 || step->state == FINDING_LOST)
                return r;
        r = fields ? add_options(step, strempty(wanted), &fields) : -ENOMEM;
        return r < 0 ? r : add_part(step, fields, target, sub_path);
}

int quadlet_volume(QuadletStep *step, const QuadletRow *row, const char *value)
{
        _cleanup_strv_free_ char **parts = NULL;
        size_t n;
        int r = strv_split(value, ':', &parts);

        if (r < 0)
                return r;
        n = strv_length(parts);
        if (n == 0 || n > 3 || string_has_empty_part(value, ':'))
                return lose(step, "write SOURCE:TARGET:OPTIONS");
        return n == 1 ? add_source(step, NULL, parts[0], NULL, NULL)
                      : add_source(step, parts[0], parts[1], parts[2], NULL);
}

/* ",size=64Mi"; nothing for what each tmpfs has. */
static int tmpfs_field(QuadletStep *step, const char *word, char **ret)
{
        static const char *const usual[] = { "rw", "nodev", "nosuid", "tmpcopyup", "notmpcopyup", NULL };
        const char *text = startswith(word, "size=");
        _cleanup_free_ char *size = NULL;
        int r = text ? foreign_size_parse(text, &size) : 0;

        if (r == -EINVAL || streq_ptr(size, "0"))
                return lose(step, FOREIGN_SIZE_RULE, text);
        if (r < 0)
                return r;
        if (!text && !startswith(word, "mode=") && !strv_contains((char *const *) usual, word))
                return lose(step, "option '%s' of a tmpfs is not possible, only size and mode", word);
        *ret = text ? strjoin(",size=", size) : startswith(word, "mode=") ? strjoin(",", word) : strdup("");
        return *ret ? 0 : -ENOMEM;
}

static int tmpfs_fields(QuadletStep *step, const char *text, char **ret)
{
        _cleanup_strv_free_ char **words = NULL;
        _cleanup_free_ char *fields = strdup("kind=tmpfs");
        int r = strv_split(text, ',', &words);

        STRV_FOREACH(word, words) {
                _cleanup_free_ char *field = NULL;
                char *longer;

                r = r < 0 || !fields ? -ENOMEM : tmpfs_field(step, *word, &field);
                if (r < 0 || step->state == FINDING_LOST)
                        return r;
                longer = strjoin(fields, field);
                free(fields);
                fields = longer;
        }
        *ret = TAKE_PTR(fields);
        return *ret ? 0 : -ENOMEM;
}

/* Unless it is told not to, podman copies into a tmpfs what the image has there; Docker and Compose do not. */
static int add_tmpfs(QuadletStep *step, const char *wanted, const char *target)
{
        _cleanup_strv_free_ char **words = NULL;
        _cleanup_free_ char *fields = NULL;
        int r = tmpfs_fields(step, wanted, &fields);

        if (r < 0 || step->state == FINDING_LOST)
                return r;
        r = strv_split(wanted, ',', &words);
        if (r >= 0 && !strv_contains(words, "notmpcopyup") && !quadlet_file_is(step->file, "compose"))
                r = change(step, "it begins empty; what the image has there is not copied into it");
        return r < 0 ? r : add(step, fields, target);
}

int quadlet_tmpfs(QuadletStep *step, const QuadletRow *row, const char *value)
{
        _cleanup_free_ char *target = NULL, *wanted = NULL;
        int r = split_pair(value, ':', &target, &wanted);

        return r < 0 ? r : add_tmpfs(step, strempty(wanted), target);
}

int quadlet_shm_size(QuadletStep *step, const QuadletRow *row, const char *value)
{
        _cleanup_free_ char *wanted = strjoin("size=", value), *fields = NULL;
        int r = wanted ? tmpfs_fields(step, wanted, &fields) : -ENOMEM;

        return r < 0 || step->state == FINDING_LOST ? r : add(step, fields, "/dev/shm");
}

int quadlet_timezone(QuadletStep *step, const QuadletRow *row, const char *value)
{
        _cleanup_free_ char *fields = streq(value, "local")
                                              ? strdup("kind=host,readOnly=true,source=/etc/localtime")
                                              : strjoin("kind=host,readOnly=true,source=/usr/share/zoneinfo/", value);

        if (path_has_dotdot(value) || strchr(value, ','))
                return lose(step, "'%s' is not a valid time zone", value);
        return add(step, fields, "/etc/localtime");
}

/* Mount=type=bind,source=…,destination=… */

static const char *field(char *const *fields, const char *const *names)
{
        const char *value = NULL;

        for (; !value && *names; names++)
                value = strv_env_get(fields, *names);
        return value;
}

static const char *const source_names[] = { "source", "src", NULL },
                         *const target_names[] = { "destination", "target", "dst", NULL },
                         *const sub_path_names[] = { "subpath", "volume-subpath", NULL };

static int mount_options(char *const *fields, char ***ret)
{
        static const char *const known[] = { "type=", "source=", "src=", "destination=", "target=", "dst=",
                                             "subpath=", "volume-subpath=" };

        STRV_FOREACH(f, fields) {
                bool skip = false;
                const char *text = streq(*f, "ro=true") || streq(*f, "readonly=true") ? "ro"
                                   : streq(*f, "ro=false")                            ? "rw"
                                   : startswith(*f, "bind-propagation=") ?: *f;

                for (size_t i = 0; i < ELEMENTSOF(known); i++)
                        skip = skip || startswith(*f, known[i]);
                if (!skip && strv_extend(ret, startswith(text, "tmpfs-") ?: text) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* podman-run(1), "Options specific to type=image". */
static int add_image(QuadletStep *step, char *const *wanted, const char *source, const char *target,
                     const char *sub_path)
{
        static const char *const as_it_is[] = { "ro", "rw=false", "readwrite=false", NULL },
                                *const writable[] = { "rw", "rw=true", "readwrite", "readwrite=true", NULL };
        _cleanup_free_ char *fields = NULL;
        int r;

        STRV_FOREACH(option, wanted) {
                if (strv_contains((char *const *) writable, *option))
                        return lose(step, "the files of an image cannot be written to; leave out '%s'", *option);
                if (!strv_contains((char *const *) as_it_is, *option))
                        return lose(step, "option '%s' is not possible", *option);
        }
        if (!source)
                return lose(step, "there is no source, which names the image");
        r = image_fields(step, source, &fields);
        return r < 0 || step->state == FINDING_LOST ? r : add_part(step, fields, target, sub_path);
}

int quadlet_mount(QuadletStep *step, const QuadletRow *row, const char *value)
{
        _cleanup_strv_free_ char **fields = NULL, **wanted = NULL;
        _cleanup_free_ char *joined = NULL;
        const char *type, *source, *target, *sub_path;
        int r = strv_split(value, ',', &fields);

        if (r >= 0)
                r = mount_options(fields, &wanted);
        joined = r >= 0 ? strv_join(wanted, ",") : NULL;
        if (!joined)
                return -ENOMEM;
        type = strv_env_get(fields, "type") ?: "bind";
        source = field(fields, source_names);
        target = field(fields, target_names);
        sub_path = field(fields, sub_path_names);
        if (sub_path)
                sub_path += strspn(sub_path, "/");
        if (!target)
                return lose(step, "there is no destination");
        if (sub_path && !streq(type, "image") && !streq(type, "volume"))
                return lose(step, "only an image or a volume has a subpath");
        if (sub_path && !path_is_below(sub_path))
                return lose(step, "'%s' is not a valid path below the %s", sub_path, type);
        if (streq(type, "tmpfs"))
                return add_tmpfs(step, joined, target);
        if (streq(type, "image"))
                return add_image(step, wanted, source, target, sub_path);
        if (streq(type, "volume") || (streq(type, "bind") && source))
                return add_source(step, source, target, joined, sub_path);
        return lose(step, "type '%s' is not possible, only bind, image, volume and tmpfs", type);
}
