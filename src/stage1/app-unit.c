/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/signal-util.h"
#include "stage1/app-unit.h"
#include "config.h"

int unit_quote(const char *s, char **ret)
{
        char *quoted = malloc(strlen(s) * 4 + 3), *p = quoted;

        if (!quoted)
                return -ENOMEM;

        *p++ = '"';
        for (; *s; s++) {
                unsigned char c = (unsigned char) *s;

                if (c < ' ' || c == 127)
                        p += sprintf(p, "\\x%02x", c);
                else {
                        if (c == '"' || c == '\\')
                                *p++ = '\\';
                        if (c == '%')
                                *p++ = '%';
                        *p++ = *s;
                }
        }
        *p++ = '"';
        *p = 0;

        *ret = quoted;
        return 0;
}

static void print_assignment(FILE *f, const char *key, const char *value)
{
        _cleanup_free_ char *quoted = NULL;

        if (unit_quote(value, &quoted) >= 0)
                (void) fprintf(f, "%s=%s\n", key, quoted);
}

/* A setting that systemd does not unquote: what would be a specifier is doubled, and a slash guards the end, where a
 * backslash would join the next line and a space be lost. */
static void print_directory(FILE *f, const char *key, const char *value)
{
        (void) fprintf(f, "%s=", key);
        for (const char *p = value; *p; p++)
                (void) fprintf(f, "%s%c", *p == '%' ? "%" : "", *p);
        (void) fputs(endswith(value, "\\") || endswith(value, " ") ? "/\n" : "\n", f);
}

/* ":" keeps systemd from replacing variables; the program may be a path that needs quoting itself. "@" hands over
 * the name the image gave as argv[0]. */
static void print_exec(FILE *f, const char *program, char *const *argv)
{
        _cleanup_free_ char *quoted = NULL;

        if (unit_quote(program, &quoted) < 0)
                return;
        (void) fprintf(f, "ExecStart=:@%s", quoted);
        STRV_FOREACH(word, argv) {
                _cleanup_free_ char *q = NULL;

                if (unit_quote(*word, &q) >= 0)
                        (void) fprintf(f, " %s", q);
        }
        (void) fputc('\n', f);
}

static void print_unit_section(FILE *f, const PlanApp *app)
{
        (void) fprintf(f,
                       "[Unit]\n"
                       "Description=App %s\n"
                       "DefaultDependencies=no\n"
                       "Requires=systemd-journald.socket\n"
                       "Wants=podctl-apps.target\n"
                       "After=systemd-journald.socket podctl-apps.target\n"
                       "Conflicts=shutdown.target\n"
                       "Before=shutdown.target pod.target\n"
                       "\n",
                       app->app->name);
}

/* The record of the exit is written outside the app's root, by us; see app-exited.c. */
static void print_service_section(FILE *f, const PlanApp *app, const AppIdentity *identity)
{
        const App *a = app->app->app;

        (void) fprintf(f,
                       "[Service]\n"
                       "Type=%s\n"
                       "SyslogIdentifier=%s\n"
                       "RootDirectory=" POD_STAGE2_DIR "/%s/rootfs\n"
                       "RootDirectoryStartOnly=yes\n"
                       "MountAPIVFS=yes\n"
                       "TimeoutStartSec=infinity\n"
                       "ExecStopPost=+" PKGLIBDIR "/app-exited %s\n"
                       "User=%u\n"
                       "Group=%u\n",
                       app->notify ? "notify" : "exec", app->app->name, app->app->name, app->app->name,
                       identity->uid, identity->gid);
        if (app->notify)
                (void) fputs("NotifyAccess=all\n", f);
        if (a->stop_signal)
                (void) fprintf(f, "KillSignal=%i\n", signal_from_string(a->stop_signal));
        print_exec(f, identity->program, a->exec);
}

static void print_environment(FILE *f, const PlanApp *app)
{
        STRV_FOREACH(e, app->environment)
                print_assignment(f, "Environment", *e);
        print_directory(f, "WorkingDirectory", app->app->app->working_directory ?: "/");
}

static void print_confinement(FILE *f, const PlanApp *app)
{
        const App *a = app->app->app;

        if (!app->unrestricted) {
                (void) fputs("CapabilityBoundingSet=", f);
                STRV_FOREACH(c, app->capabilities)
                        (void) fprintf(f, "%sCAP_%s", c == app->capabilities ? "" : " ", *c);
                (void) fputc('\n', f);
        }
        if (a->n_supplementary_gids > 0) {
                (void) fputs("SupplementaryGroups=", f);
                for (size_t i = 0; i < a->n_supplementary_gids; i++)
                        (void) fprintf(f, "%s%u", i ? " " : "", a->supplementary_gids[i]);
                (void) fputc('\n', f);
        }
        STRV_FOREACH(line, app->limits)
                (void) fprintf(f, "%s\n", *line);
}

static void print_stdio(FILE *f, const PodSettings *settings)
{
        static const char journal[] = "StandardInput=null\nStandardOutput=journal\nStandardError=journal\n";
        static const char terminal[] =
                "StandardInput=tty-force\nStandardOutput=tty\nStandardError=tty\nTTYPath=/dev/console\n";
        static const char sockets[] = "StandardInput=file:" POD_STDIO_DIR "/in\n"
                                      "StandardOutput=file:" POD_STDIO_DIR "/out\n"
                                      "StandardError=file:" POD_STDIO_DIR "/err\n";

        (void) fputs(!settings->interactive ? journal : settings->sockets ? sockets : terminal, f);
}

int app_unit_format(const PlanApp *app, const AppIdentity *identity, const PodSettings *settings, char **ret)
{
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return -ENOMEM;

        print_unit_section(f, app);
        print_service_section(f, app, identity);
        print_environment(f, app);
        print_confinement(f, app);
        print_stdio(f, settings);

        if (fclose(f) != 0)
                return -ENOMEM;
        *ret = TAKE_PTR(text);
        return 0;
}
