/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "basic/log.h"
#include "basic/size-format.h"
#include "cli/start/app-processes.h"
#include "cli/start/pod-json.h"
#include "cli/terminal/table.h"
#include "cli/verbs/verbs.h"
#include "pod/pod-usage.h"
#include "shared/explain.h"

/* ps(1) knows about processes; which ones they are, the control groups of the apps say. */

typedef struct TopArgs {
        char *format;
} TopArgs;

static const Option options[] = {
        { "format", &option_choice, offsetof(TopArgs, format), "FORMAT", "json or json-pretty",
          .choices = JSON_FORMATS },
        {},
};

#define PS "LC_ALL=C exec ps -ww -o pid= -o uid= -o pcpu= -o rss= -o args= -p "

typedef struct Process {
        uint32_t pid, uid;
        char cpu[16];
        uint64_t memory;     /* bytes */
        const char *command;
} Process;

typedef struct Top {
        Pod *pod;
        uid_t base;
        Table *table;        /* one of the two */
        json_object *list;
} Top;

static int add_row(Top *t, const char *app, const Process *p)
{
        char pid[16], user[16], memory[SIZE_STRING_MAX];

        (void) snprintf(pid, sizeof(pid), "%u", p->pid);
        (void) snprintf(user, sizeof(user), "%u", p->uid);
        return table_add_row(t->table, (const char *[]) { app, pid, user, p->cpu, format_size(p->memory, memory),
                                                          p->command });
}

static int add_object(Top *t, const char *app, const Process *p)
{
        json_object *o = json_object_new_object();

        if (!o || json_object_array_add(t->list, o) < 0) {
                json_object_put(o);
                return -ENOMEM;
        }
        json_object_object_add(o, "app", json_object_new_string(app));
        json_object_object_add(o, "pid", json_object_new_int64(p->pid));
        json_object_object_add(o, "user", json_object_new_int64(p->uid));
        json_object_object_add(o, "cpu", json_object_new_double_s(strtod(p->cpu, NULL), p->cpu));
        json_object_object_add(o, "memory", json_object_new_int64((int64_t) p->memory));
        json_object_object_add(o, "command", json_object_new_string(p->command));
        return 0;
}

/* Users as the pod numbers them. */
static int add_process(Top *t, const char *app, char *line)
{
        Process p = {};
        int n = 0;

        line[strcspn(line, "\n")] = 0;
        if (sscanf(line, " %" SCNu32 " %" SCNu32 " %15s %" SCNu64 " %n", &p.pid, &p.uid, p.cpu, &p.memory, &n) != 4)
                return 0;
        p.uid -= p.uid >= t->base ? t->base : 0;
        p.memory *= 1024;
        p.command = line + n;
        return t->table ? add_row(t, app, &p) : add_object(t, app, &p);
}

static int read_processes(Top *t, const char *app, FILE *f)
{
        _cleanup_free_ char *line = NULL;
        size_t size = 0;
        int r = 0;

        while (r >= 0 && getline(&line, &size, f) > 0)
                r = add_process(t, app, line);
        return r;
}

/* ps fails when none of them is there any more, which is not an error. */
static int add_app(Top *t, const char *app)
{
        _cleanup_strv_free_ char **pids = NULL;
        _cleanup_free_ char *list = NULL, *command = NULL;
        FILE *f;
        int r;

        /* The control group goes with the app. */
        r = app_processes(t->pod, app, &pids);
        if (r < 0 || strv_length(pids) == 0)
                return r == -ENOENT || r == -ENODEV ? 0 : r;
        list = strv_join(pids, ",");
        command = list ? strjoin(PS, list) : NULL;
        if (!command)
                return -ENOMEM;
        f = popen(command, "re");
        if (!f)
                return -errno;
        r = read_processes(t, app, f);
        return pclose(f) == 127 << 8 && r >= 0 ? -ENOENT : r;
}

static int add_all(Top *t)
{
        _cleanup_close_ int group = pod_group_open(t->pod);
        int r = group;

        for (size_t i = 0; r >= 0 && i < t->pod->manifest->n_apps; i++)
                r = add_app(t, t->pod->manifest->apps[i].name);
        return r < 0 ? log_error_errno(r, "Cannot list the processes of pod '%s': %m", pod_display_name(t->pod)) : 0;
}

static int print_table(Top *t)
{
        _cleanup_(table_done) Table table = { .n_columns = 6, .flexible = TABLE_COLUMN(5) };
        int r;

        t->table = &table;
        if (table_add_legend(&table, (const char *[]) { "APP", "PID", "USER", "CPU%", "MEMORY", "COMMAND" }) < 0)
                return log_oom();
        r = add_all(t);
        if (r < 0)
                return r;
        return table_print(&table, stdout) < 0 ? log_oom() : 0;
}

static int print_list(Top *t, const char *format)
{
        _cleanup_json_object_ json_object *list = json_object_new_array();
        int r;

        t->list = list;
        if (!list)
                return log_oom();
        r = add_all(t);
        if (r >= 0)
                (void) print_json(list, format);
        return r;
}

static int run(Context *c, void *userdata, char **words)
{
        const TopArgs *args = userdata;
        _cleanup_(pod_freep) Pod *pod = NULL;
        _cleanup_free_ char *message = NULL;
        Top t = {};
        int r;

        r = context_find_pod(c, words[0], &pod);
        if (r < 0)
                return r;
        if (pod->state != POD_RUNNING)
                return log_error_errno(ESRCH, "Pod '%s' is not running, but %s", words[0],
                                       pod_state_to_string(pod->state));
        r = pod_load(pod, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot read pod %s", pod->uuid.s);
        t.pod = pod;
        if (pod_uid_base(pod, &t.base) < 0)
                return log_error_errno(EINVAL, "Pod '%s' has no valid user IDs", pod_display_name(pod));
        return args->format ? print_list(&t, args->format) : print_table(&t);
}

const Verb verb_top = {
        .name = "top",
        .usage = "POD",
        .summary = "List the processes of a pod",
        .options = options,
        .args_size = sizeof(TopArgs),
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .min_words = 1,
        .max_words = 1,
        .completes = "POD",
        .run = run,
};
