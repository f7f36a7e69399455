/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "basic/fs.h"
#include "basic/lock.h"
#include "basic/log.h"
#include "basic/unix-socket.h"
#include "cli/group/group-helper.h"
#include "cli/persona.h"
#include "config.h"
#include "image/name/image-location.h"
#include "shared/explain.h"

#define MESSAGE_MAX 65536
#define N_FDS 2 /* standard output and error */

/* The message: the name by which podctl was called, the verb and its words, each with a NUL after it, and the two
 * files. The answer is one byte, the exit status. */

typedef struct Allowed {
        const char *verb;
        const char *options; /* separated by '|' */
        bool admin;          /* only for those who are in group podctl-admin, too */
        int (*check)(const char *word, char **reterr_message); /* for each word that is not an option */
} Allowed;

static int check_remote(const char *word, char **reterr_message)
{
        ImageLocation l = {};
        int r = image_location_parse(word, &l, reterr_message);
        bool remote = r >= 0 && (l.type == IMAGE_AT_REGISTRY || l.type == IMAGE_AT_URL || l.type == IMAGE_AT_DISCOVERY);

        image_location_done(&l);
        if (r < 0)
                return r;
        return remote ? 0
                      : explain(reterr_message, EPERM,
                                "'%s': files are fetched by root only, images of registries and sites "
                                "by the group " GROUP_NAME " too",
                                word);
}

/* Not --name, which could pass one image off as another, nor options that read a file or disable protection. */
#define FETCH_OPTIONS "format|full|no-store|pull-policy|store-only"

static const Allowed allowed[] = {
        { "events", "follow|format|since|until" },
        { "fetch", FETCH_OPTIONS, .check = check_remote },
        { "image fetch", FETCH_OPTIONS, .check = check_remote },
        { "image cat-manifest", "pretty-print" },
        { "image list", "fields|format|full|no-legend|order|sort" },
        { "list", "all|format|full|image|label|name|no-legend|state" },
        { "logs", "all|app|follow|grep|lines|no-pager|output|priority|reverse|since|until", .admin = true },
        { "port", "format" },
        { "restart", "format", .admin = true },
        { "stats", "format|interval|watch" },
        { "status", "format|wait|wait-ready" },
        { "stop", "force|format|time", .admin = true },
        /* Not --verbose, which shows volumes: these are for root. */
        { "system df", "format|full|no-legend" },
        {}
};

static int check_option(const Allowed *a, const char *word, char **reterr_message)
{
        _cleanup_strv_free_ char **names = NULL;
        const Option *o = NULL;

        for (size_t i = 0; podctl_verbs[i]; i++)
                if (streq(podctl_verbs[i]->name, a->verb))
                        o = options_find(podctl_verbs[i]->options, word);
        if (strv_split(a->options, '|', &names) < 0)
                return -ENOMEM;
        if (o && strv_contains(names, o->name))
                return 0;
        return explain(reterr_message, EPERM, "option '%.*s' of '%s' is for root, not for the group " GROUP_NAME,
                       (int) strcspn(word, "="), word, a->verb);
}

int group_helper_check(const char *verb, char *const *words, bool admin, char **reterr_message)
{
        const Allowed *a = allowed;
        int r = 0;

        while (a->verb && !streq(a->verb, verb))
                a++;
        if (!a->verb)
                return explain(reterr_message, EPERM, "'%s' is for root, not for the group " GROUP_NAME, verb);
        if (a->admin && !admin)
                return explain(reterr_message, EPERM, "'%s' is for root and for members of the group " ADMIN_GROUP_NAME,
                               verb);
        STRV_FOREACH(word, words) {
                /* The words go to the log. */
                if (!string_is_ascii_printable(*word))
                        return explain(reterr_message, EPERM, "the command contains unprintable characters");
                /* A word that begins with '-' is checked as an option, any other as a word of the verb, even if it may
                 * be the value of an option. */
                if (**word == '-')
                        r = check_option(a, *word, reterr_message);
                else
                        r = a->check ? a->check(*word, reterr_message) : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}

/* The member's side */

bool group_helper_is_there(void)
{
        return access(GROUP_SOCKET, W_OK) >= 0;
}

static char *compose(const Verb *verb, char *const *words, size_t *ret_size)
{
        char *text = NULL;
        FILE *f = open_memstream(&text, ret_size);

        if (!f)
                return NULL;
        (void) fprintf(f, "%s%c%s%c", persona_name(), 0, verb->name, 0);
        STRV_FOREACH(word, words)
                (void) fprintf(f, "%s%c", *word, 0);
        return fclose(f) == 0 ? text : mfree(text);
}

int group_helper_ask(const Verb *verb, char *const *words)
{
        static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = GROUP_SOCKET };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        _cleanup_free_ char *text = NULL;
        unsigned char status;
        ssize_t k;
        size_t n;
        int r;

        text = compose(verb, words, &n);
        if (!text)
                return log_oom();
        if (n > MESSAGE_MAX)
                return log_error_errno(E2BIG, "The command is too long");
        if (fd < 0 || connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
                return log_error_errno(errno,
                                       "Cannot connect to " GROUP_SOCKET ": %m; systemctl start podctl-group.socket");
        r = unix_send(fd, text, n, (const int[N_FDS]) { STDOUT_FILENO, STDERR_FILENO }, N_FDS);
        if (r < 0)
                return log_error_errno(r, "Cannot ask at " GROUP_SOCKET ": %m");
        do
                k = recv(fd, &status, 1, 0);
        while (k < 0 && errno == EINTR);
        return k == 1 ? status : log_error_errno(k < 0 ? errno : ECONNRESET, "There was no answer from " GROUP_SOCKET
                                                 "; journalctl -u 'podctl-group@*' may say why");
}

/* Root's side */

/* So that no user keeps the others out, by sending nothing or by requesting very much at once. */
#define SILENCE_SECONDS 3
#define SILENCE_REFUSED_USEC 200000
#define COMMANDS_OF_USER_MAX 8
#define TURNS "/run/podctl/commands"

/* Locks one of the places for commands that a user may run at the same time. -EBUSY: they are all taken. */
static int take_turn(uid_t uid)
{
        int r = mkdir_p_at(AT_FDCWD, TURNS, 0700);

        for (unsigned i = 0; r >= 0 && i < COMMANDS_OF_USER_MAX; i++) {
                char path[sizeof(TURNS) + 32];
                int fd;

                (void) snprintf(path, sizeof(path), TURNS "/%u.%u", uid, i);
                fd = lock_file_at(AT_FDCWD, path, LOCK_EX | LOCK_NB);
                if (fd != -EAGAIN)
                        return fd;
        }
        return r < 0 ? r : -EBUSY;
}

static int limit_silence(int connection, bool refused)
{
        const struct timeval time = refused ? (struct timeval) { .tv_usec = SILENCE_REFUSED_USEC }
                                            : (struct timeval) { .tv_sec = SILENCE_SECONDS };

        return setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)) < 0 ? -errno : 0;
}

/* Whether a member is in the group podctl-admin, as of when they connected (unix(7) and socket(7), SO_PEERGROUPS). */
static bool is_admin(int connection, const struct ucred *who)
{
        static gid_t groups[NGROUPS_MAX];
        socklen_t size = sizeof(groups);
        const struct group *admins = getgrnam(ADMIN_GROUP_NAME);

        if (!admins || getsockopt(connection, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
                return false;
        for (size_t i = 0; i < size / sizeof(groups[0]); i++)
                if (groups[i] == admins->gr_gid)
                        return true;
        return who->gid == admins->gr_gid;
}

typedef struct Command {
        char **words; /* the name, the verb, and so on */
        int fds[N_FDS];
} Command;

static void command_done(Command *c)
{
        strv_free(c->words);
        for (size_t i = 0; i < N_FDS; i++)
                safe_close(c->fds[i]);
}

static int receive(int fd, Command *ret)
{
        _cleanup_free_ char *text = new_array(char, MESSAGE_MAX + 1);
        ssize_t n;
        int r;

        if (!text)
                return -ENOMEM;
        n = unix_receive(fd, text, MESSAGE_MAX, ret->fds, N_FDS);
        if (n <= 0)
                return n < 0 ? (int) n : -ECONNRESET;
        if (ret->fds[N_FDS - 1] < 0 || text[n - 1] != 0)
                return -EBADMSG;
        for (const char *p = text; p < text + n; p += strlen(p) + 1) {
                r = strv_extend(&ret->words, p);
                if (r < 0)
                        return r;
        }
        return strv_length(ret->words) < 2 ? -EBADMSG : 0;
}

static int receive_in_time(int connection, bool refused, Command *ret)
{
        int r = limit_silence(connection, refused);

        return r < 0 ? r : receive(connection, ret);
}

/* A verb's name may be two words. */
static int arguments_of(const Command *c, char ***ret)
{
        _cleanup_strv_free_ char **name = NULL;
        int r = strv_split(c->words[1], ' ', &name);

        if (r < 0)
                return r;
        r = strv_extend(ret, streq(c->words[0], "rkt") ? "rkt" : "podctl");
        if (r < 0)
                return r;
        r = strv_extend_strv(ret, name);
        return r < 0 ? r : strv_extend_strv(ret, c->words + 2);
}

/* The command gets root's rights from us and nothing else, and from the caller only the words and the files. There is
 * no pager: it would be root's, and can start other programs. */
static _noreturn_ void become(const Command *c, char *const *argv)
{
        static char *const environment[] = {
                (char *) "SYSTEMD_PAGER=cat",
                (char *) "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                (char *) "LC_ALL=C.UTF-8",
                NULL,
        };
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(c->fds[0], STDOUT_FILENO) >= 0 &&
            dup2(c->fds[1], STDERR_FILENO) >= 0)
                (void) execve(BINDIR "/podctl", argv, environment);
        _exit(EXIT_PODCTL_FAILED);
}

static int wait_for(pid_t pid, int connection)
{
        _cleanup_close_ int pidfd = (int) syscall(SYS_pidfd_open, pid, 0);
        struct pollfd fds[] = { { .fd = pidfd, .events = POLLIN }, { .fd = connection, .events = POLLRDHUP } };
        siginfo_t info = {};

        while (pidfd >= 0 && poll(fds, ELEMENTSOF(fds), -1) < 0 && errno == EINTR)
                ;
        /* The caller is gone. */
        if (pidfd < 0 || !fds[0].revents)
                (void) kill(pid, SIGTERM);
        while (waitid(P_PID, (id_t) pid, &info, WEXITED) < 0)
                if (errno != EINTR)
                        return -errno;
        return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

static int carry_out(int connection, const Command *c)
{
        _cleanup_strv_free_ char **argv = NULL;
        int r = arguments_of(c, &argv);
        pid_t pid;

        if (r < 0)
                return r;
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                become(c, argv);
        return wait_for(pid, connection);
}

int group_helper_serve(int connection)
{
        _cleanup_(command_done) Command c = { .fds = { -EBADF, -EBADF } };
        _cleanup_free_ char *message = NULL, *text = NULL;
        _cleanup_close_ int turn = -EBADF;
        struct ucred who = {};
        unsigned char status;
        int r;

        if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &who, &(socklen_t) { sizeof(who) }) < 0)
                return log_error_errno(errno, "Cannot find out which user asks: %m");
        turn = take_turn(who.uid);
        if (turn < 0 && turn != -EBUSY)
                return log_error_errno(turn, "Cannot lock in " TURNS ": %m");
        r = receive_in_time(connection, turn < 0, &c);
        if (r < 0)
                return log_error_errno(r == -EAGAIN ? -ETIMEDOUT : r, "User %u sent no command: %m", who.uid);
        r = turn < 0 ? explain(&message, EBUSY, "you have %i commands running already; wait for one of them",
                               COMMANDS_OF_USER_MAX)
                     : group_helper_check(c.words[1], c.words + 2, is_admin(connection, &who),
                                          &message);
        if (r < 0) {
                (void) dprintf(c.fds[1], "podctl: %s\n", explained(message, r));
                status = EXIT_PODCTL_FAILED;
                log_notice("User %u was refused: %s", who.uid, strempty(message));
        } else {
                text = strv_join(c.words + 1, " ");
                log_info("For user %u: %s", who.uid, strempty(text));
                r = carry_out(connection, &c);
                status = r < 0 ? EXIT_PODCTL_FAILED : (unsigned char) r;
        }
        (void) send(connection, &status, 1, MSG_NOSIGNAL);
        return 0;
}
