/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mman.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/path.h"
#include "build/aci-file.h"
#include "cli/images/fetch-image.h"
#include "cli/terminal/output-file.h"
#include "cli/verbs/sign-registry.h"
#include "cli/verbs/verbs.h"
#include "image/export/image-export.h"
#include "image/name/image-location.h"
#include "image/trust/simple-signing.h"
#include "keys/gpg-sign.h"
#include "shared/explain.h"

typedef struct SignArgs {
        char *key;
        char *output;
        char *store;
        bool overwrite;
} SignArgs;

static const Option options[] = {
        { "key", &option_string, offsetof(SignArgs, key), "KEY",
          "The secret key, as gpg knows it, or a file with one in PEM" },
        { "output", &option_string, offsetof(SignArgs, output), "FILE",
          "Where the signature of an ACI goes; by default FILE.asc" },
        { "overwrite", &option_bool, offsetof(SignArgs, overwrite), NULL, "Replace the signature if there is one" },
        { "store", &option_string, offsetof(SignArgs, store), "DIR",
          "The store of signatures that one of an OCI image goes to" },
        {},
};

static int make(const SignArgs *args, int fd, GpgSignForm form, GpgMade *ret)
{
        _cleanup_free_ char *message = NULL;
        int r = gpg_sign(args->key, fd, form, ret, &message);

        return r < 0 ? log_error_errno(r, "Cannot sign with key '%s': %s", args->key, explained(message, r)) : 0;
}

/* ACIs: a signature beside the file */

static int sign_data(const SignArgs *args, int fd, const char *path)
{
        _cleanup_(output_done) Output output = OUTPUT_NONE;
        _cleanup_(gpg_made_done) GpgMade made = {};
        int r = output_open_file(path, args->overwrite, &output);

        if (r >= 0)
                r = make(args, fd, GPG_SIGN_DETACHED, &made);
        if (r < 0)
                return r;
        r = loop_write(output.fd, made.data, made.size);
        if (r < 0)
                return log_error_errno(r, "Cannot write %s: %m", path);
        r = output_commit(&output);
        if (r >= 0 && !streq(path, "-"))
                (void) printf("%s\n", path);
        return r;
}

/* Nobody would ask for a signature beside anything else. */
static int check_aci(int fd, const char *path)
{
        _cleanup_(aci_file_done) AciFile file = {};
        _cleanup_free_ char *message = NULL;
        struct stat st;
        int r = fstat(fd, &st) < 0 ? -errno : 0;

        if (r >= 0 && S_ISREG(st.st_mode))
                r = aci_file_read(fd, &file, &message);
        if (r >= 0 && !(file.manifest && file.has_rootfs))
                r = explain(&message, EMEDIUMTYPE, "it is not an ACI; an OCI image is signed by its name and digest, "
                            "with --store=");
        return r < 0 ? log_error_errno(r, "Cannot sign %s: %s", path, explained(message, r)) : 0;
}

static int sign_file(const SignArgs *args, const char *path)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        _cleanup_free_ char *beside = strjoin(path, ".asc");
        int r;

        if (fd < 0)
                return log_error_errno(errno, "Cannot read %s: %m", path);
        if (!beside)
                return log_oom();
        r = check_aci(fd, path);
        return r < 0 ? r : sign_data(args, fd, args->output ?: beside);
}

/* OCI images: a signed statement in a store of signatures, containers-signature(5) */

static int write_statement(const char *name, const Digest *digest)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_close_ int fd = memfd_create("statement", MFD_CLOEXEC);
        _cleanup_free_ char *text = NULL;
        int r = fd < 0 ? -errno : simple_signing_format(SIMPLE_SIGNING_TYPE, name, digest, &o);

        if (r >= 0)
                r = json_format_compact(o, &text);
        if (r >= 0)
                r = loop_write(fd, text, strlen(text));
        return r < 0 ? r : TAKE_FD(fd);
}

/* Beside those that are there: all are looked at, and one suffices. */
static int add_to_store(const char *directory, const GpgMade *made)
{
        _cleanup_close_ int fd = mkdir_open_at(AT_FDCWD, directory, 0755);

        if (fd < 0)
                return log_error_errno(fd, "Cannot create %s: %m", directory);
        for (unsigned n = 1; n <= SIGNATURES_MAX; n++) {
                _cleanup_free_ char *name = strprintf("signature-%u", n);
                int r = name ? 0 : -ENOMEM;

                if (r >= 0 && faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) >= 0)
                        continue;
                if (r >= 0)
                        r = write_file_at(fd, name, made->data, made->size, 0644);
                if (r < 0)
                        return log_error_errno(r, "Cannot write %s/%s: %m", directory, name);
                (void) printf("%s/%s\n", directory, name);
                return 0;
        }
        return log_error_errno(EMFILE, "%s is full of signatures; remove those that are not needed", directory);
}

static int sign_statement(const SignArgs *args, const char *name, const Digest *digest)
{
        _cleanup_(docker_reference_done) DockerReference reference = {};
        _cleanup_(gpg_made_done) GpgMade made = {};
        _cleanup_free_ char *directory = NULL, *below = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (!args->store)
                return log_error_errno(EINVAL, "A signature of an OCI image needs --store=DIR, the store of signatures "
                                       "that it goes to");
        r = docker_reference_parse(name, &reference);
        if (r < 0)
                return log_error_errno(r, "Cannot sign '%s': it is not the name of an image in a registry", name);
        below = simple_signing_directory(reference.path, digest);
        directory = below ? path_join(args->store, below) : NULL;
        if (!directory)
                return log_oom();
        fd = write_statement(name, digest);
        if (fd < 0)
                return log_error_errno(fd, "Cannot sign '%s': %m", name);
        r = make(args, fd, GPG_SIGN_INLINE, &made);
        return r < 0 ? r : add_to_store(directory, &made);
}

/* Images of the store */

static int sign_stored_aci(const SignArgs *args, ImageStore *store, const Image *image)
{
        _cleanup_close_ int fd = open(P_tmpdir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        _cleanup_free_ char *message = NULL;
        int r;

        if (!args->output)
                return log_error_errno(EINVAL, "A signature of an ACI of the store needs --output=FILE");
        r = fd < 0 ? -errno : image_export_aci(store, image, fd, &message);
        if (r < 0)
                return log_error_errno(r, "Cannot sign image %s: %s", DIGEST_FILE(&image->id), explained(message, r));
        return sign_data(args, fd, args->output);
}

static int sign_stored(Context *c, const SignArgs *args, const char *text)
{
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_close_ int lock = -EBADF;
        const char *name;
        ImageStore *store;
        int r;

        lock = context_lock_images(c, LOCK_SH, &store);
        r = lock < 0 ? lock : find_image(c, text, &image);
        if (r < 0)
                return r;
        if (image->kind == IMAGE_APPC)
                return sign_stored_aci(args, store, image);
        name = image_display_name(image, text);
        if (!name)
                return log_error_errno(EINVAL, "Image %s has no name that could be signed; 'podctl image tag' gives it "
                                       "one", DIGEST_FILE(&image->id));
        return sign_statement(args, name, &image->id);
}

/* All */

/* "NAME[:TAG]@DIGEST": the image itself need not be here. */
static int sign_by_digest(const SignArgs *args, const char *word, const char *at)
{
        _cleanup_free_ char *name = strndup(word, (size_t) (at - word)), *full = NULL;
        Digest digest;

        if (!name)
                return log_oom();
        if (digest_parse(at + 1, &digest) < 0)
                return log_error_errno(EINVAL, "'%s' is not a digest, such as sha256:…", at + 1);
        if (!strchr(name, '/') || image_name_complete(name, &full) < 0)
                return log_error_errno(EINVAL, "'%s' is not the full name of an image; write HOST/NAME[:TAG]", name);
        return sign_statement(args, full, &digest);
}

/* Else an image, by its name or ID, unless there is a file of that name. */
static bool is_path(const char *word)
{
        return strchr("./", word[0]) || endswith(word, ".aci");
}

static int sign_with_pem(Context *c, const SignArgs *args, const char *text, size_t size, const char *word)
{
        if (is_path(word))
                return log_error_errno(EINVAL, "%s is a file: a key in PEM signs images of registries, and a key of "
                                       "gpg signs ACIs", word);
        if (args->store || args->output || args->overwrite)
                return log_error_errno(EINVAL, "A signature with a key in PEM goes to the registry of the image; "
                                       "--store=, --output= and --overwrite are for those of gpg");
        return sign_in_registry(c, args->key, text, size, word);
}

static int run(Context *c, void *userdata, char **words)
{
        const SignArgs *args = userdata;
        const char *word = words[0], *at = strrchr(word, '@');
        _cleanup_free_ char *pem = NULL;
        size_t n = 0;
        int r;

        if (!args->key)
                return log_error_errno(EINVAL, "'podctl sign' needs --key=KEY, as 'gpg --list-secret-keys' lists them");
        r = sign_key_read(args->key, &pem, &n);
        if (r != 0)
                return r < 0 ? r : sign_with_pem(c, args, pem, n, word);
        if (startswith(word, "docker:"))
                return log_error_errno(EINVAL, "A signature in a registry needs --key=FILE, with a secret key in PEM; "
                                       "'openssl genpkey' makes one");
        if (at && !path_is_absolute(word) && !startswith(word, "."))
                return sign_by_digest(args, word, at);
        if (is_path(word) || access(word, F_OK) >= 0)
                return sign_file(args, word);
        return sign_stored(c, args, word);
}

const Verb verb_sign = {
        .name = "sign",
        .usage = "FILE|IMAGE",
        .summary = "Sign an image",
        .options = options,
        .args_size = sizeof(SignArgs),
        .min_words = 1,
        .max_words = 1,
        .completes = "FILE",
        .run = run,
};
