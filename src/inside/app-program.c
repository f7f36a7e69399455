/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inside/app-die.h"
#include "inside/app-program.h"

/* Returns the interpreter in the first line of a script, of which buffer has n bytes. */
static const char *interpreter_of_script(char *buffer, size_t n)
{
        char *interpreter = buffer + 2 + strspn(buffer + 2, " \t");

        buffer[n] = 0;
        interpreter[strcspn(interpreter, " \t\n")] = 0;
        return interpreter;
}

/* Returns the loader of a program, which a segment names (elf(5)). */
static const char *interpreter_of_program(int fd, char *buffer, size_t size)
{
        const Elf64_Ehdr header = *(const Elf64_Ehdr *) buffer;
        off_t at = (off_t) header.e_phoff;
        Elf64_Phdr segment = {};

        for (unsigned i = 0; i < header.e_phnum && segment.p_type != PT_INTERP; i++, at += (off_t) sizeof(segment))
                if (pread(fd, &segment, sizeof(segment), at) != (ssize_t) sizeof(segment))
                        return NULL;
        if (segment.p_type != PT_INTERP || segment.p_filesz >= size ||
            pread(fd, buffer, segment.p_filesz, (off_t) segment.p_offset) != (ssize_t) segment.p_filesz)
                return NULL;
        buffer[segment.p_filesz] = 0;
        return buffer;
}

/* Returns the interpreter that execve() would look for, in buffer; NULL: none is known. */
static const char *interpreter_of(const char *path, char *buffer, size_t size)
{
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : pread(fd, buffer, size - 1, 0);
        const Elf64_Ehdr *header = (const Elf64_Ehdr *) buffer;
        const char *result = NULL;

        if (n > 2 && buffer[0] == '#' && buffer[1] == '!')
                result = interpreter_of_script(buffer, (size_t) n);
        else if (n >= (ssize_t) sizeof(*header) && memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
                 header->e_ident[EI_CLASS] == ELFCLASS64)
                result = interpreter_of_program(fd, buffer, size);
        if (fd >= 0)
                (void) close(fd);
        return result;
}

void app_program_check(const char *path)
{
        _Alignas(Elf64_Ehdr) char buffer[4096];
        const char *interpreter;
        struct stat st;

        if (stat(path, &st) < 0 || faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
                die("cannot execute %s: %m", path);
        if (!S_ISREG(st.st_mode))
                die("cannot execute %s: it is not a file", path);
        interpreter = interpreter_of(path, buffer, sizeof(buffer));
        if (interpreter && *interpreter && stat(interpreter, &st) < 0)
                die("cannot execute %s: its interpreter %s: %m", path, interpreter);
}

void app_program_die_of_size(const char *path, char *const *argv, char *const *environment)
{
        char *const *const lists[] = { argv, environment };
        size_t all = 0;

        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                for (char *const *s = lists[i]; *s; s++) {
                        size_t n = strlen(*s) + 1;

                        all += n + sizeof(char *);
                        if (n > 131072)
                                die("cannot execute %s: %s of %zu bytes (%.24s…) is longer than the 131072 bytes that "
                                    "the kernel takes", path, i == 0 ? "an argument" : "a variable", n, *s);
                }
        die("cannot execute %s: the command line and the environment have %zu bytes, more than the kernel takes; see "
            "--rlimit=RLIMIT_STACK",
            path, all);
}
