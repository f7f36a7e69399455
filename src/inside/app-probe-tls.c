/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A check of an app by HTTPS, for app-health and app-hook, beside which it runs, like app-probe:
 *
 *   app-probe-tls --join=PID HTTPS HOST PORT PATH [HEADER…]
 *
 * As with Kubernetes, certificates are not verified: that somebody answers is all that is asked. It is a program of its
 * own since it is not static: its library is that of the host, whose /usr is the pod's. It speaks to the app as nobody
 * of the pod, who can touch nothing. */

#include <grp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "inside/probe-http.h"
#include "inside/probe-io.h"

#define NOBODY 65534

static int become_nobody(void)
{
        return setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
                               setresuid(NOBODY, NOBODY, NOBODY) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0
                       ? -1
                       : 0;
}

static ssize_t send_tls(void *ssl, const void *data, size_t n)
{
        return SSL_write(ssl, data, (int) n);
}

static ssize_t receive_tls(void *ssl, void *data, size_t n)
{
        return SSL_read(ssl, data, (int) n);
}

static SSL *new_session(SSL_CTX **ret_context)
{
        /* Neither files nor variables of anybody change what is done. */
        if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
                return NULL;
        *ret_context = SSL_CTX_new(TLS_client_method());
        if (!*ret_context)
                return NULL;
        SSL_CTX_set_verify(*ret_context, SSL_VERIFY_NONE, NULL);
        return SSL_new(*ret_context);
}

static bool ask(int fd, char *const words[])
{
        SSL_CTX *context = NULL;
        SSL *ssl = new_session(&context);
        bool connected = ssl && SSL_set_fd(ssl, fd) == 1 && SSL_connect(ssl) == 1, good = false;

        if (connected)
                good = probe_http_ask(&(ProbeChannel) { ssl, send_tls, receive_tls }, words);
        else
                (void) printf("port %s: no answer of TLS\n", words[1]);
        SSL_free(ssl);
        SSL_CTX_free(context);
        return good;
}

int main(int argc, char *argv[])
{
        int fd;

        if (argc < 6 || strcmp(argv[2], "HTTPS") != 0)
                return EXIT_FAILURE;
        if (become_nobody() < 0) {
                perror("cannot become nobody");
                return EXIT_FAILURE;
        }
        (void) signal(SIGPIPE, SIG_IGN);
        fd = probe_connect(argv[3], argv[4]);
        return fd >= 0 && ask(fd, argv + 3) ? EXIT_SUCCESS : EXIT_FAILURE;
}
