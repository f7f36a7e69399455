/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/start/pod-json.h"
#include "cri/cri-answer.h"
#include "cri/cri-find.h"
#include "cri/cri-method.h"
#include "streaming/stream-server.h"

/* What lasts: the answer is a URL that the client connects to, for which streaming/ is there. */

static GrpcCode offer(const StreamRequest *request, char **ret_url, char **reterr_message)
{
        int r = stream_server_offer(STREAM_DIR, request, ret_url);

        if (r >= 0)
                return GRPC_OK;
        return call_refuse(call_code_of(r), reterr_message, "cannot offer a stream in " STREAM_DIR ": %s",
                           strerror(-r));
}

static GrpcCode find_container(Context *c, const char *id, CriContainer *ret, char **reterr_message)
{
        GrpcCode code = cri_container_ask(c, id, ret, reterr_message);

        if (code != GRPC_OK)
                return code;
        if (!streq(pod_app_state(ret->pod, ret->app->name), "running"))
                return call_refuse(GRPC_FAILED_PRECONDITION, reterr_message, "container '%s' is not running", id);
        return GRPC_OK;
}

/* As the interface says it of both calls. */
static GrpcCode check_streams(const StreamRequest *request, char **reterr_message)
{
        if (request->tty && request->has_stderr)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "with tty, stderr is a part of stdout");
        if (!request->has_stdin && !request->has_stdout && !request->has_stderr)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "one of stdin, stdout and stderr is needed");
        return GRPC_OK;
}

static GrpcCode offer_command(Context *c, StreamRequest *request, const char *id, char **ret_url,
                              char **reterr_message)
{
        _cleanup_(cri_container_done) CriContainer found = {};
        GrpcCode code = check_streams(request, reterr_message);

        if (code == GRPC_OK)
                code = find_container(c, id, &found, reterr_message);
        if (code != GRPC_OK)
                return code;
        if (request->work == STREAM_ATTACH && request->has_stdin && !found.record->open_input &&
            !found.record->terminal)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message,
                                   "container '%s' has no standard input; it was made without stdin", id);
        request->pod = found.pod->uuid.s;
        request->app = found.app->name;
        request->ends_stdin = found.record->input_once;
        return offer(request, ret_url, reterr_message);
}

static GrpcCode exec(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__ExecRequest *asked = request;
        Cri__ExecResponse *answer = response;
        _cleanup_strv_free_ char **words = NULL;
        StreamRequest wanted = { .work = STREAM_EXEC, .tty = asked->tty, .has_stdin = asked->stdin,
                                 .has_stdout = asked->stdout, .has_stderr = asked->stderr };

        if (asked->n_cmd == 0)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "the command has no words");
        for (size_t i = 0; i < asked->n_cmd; i++)
                if (strv_extend(&words, asked->cmd[i]) < 0)
                        return GRPC_RESOURCE_EXHAUSTED;
        wanted.argv = words;
        return offer_command(c, &wanted, asked->container_id, &answer->url, reterr_message);
}

static GrpcCode attach(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__AttachRequest *asked = request;
        Cri__AttachResponse *answer = response;
        StreamRequest wanted = { .work = STREAM_ATTACH, .tty = asked->tty, .has_stdin = asked->stdin,
                                 .has_stdout = asked->stdout, .has_stderr = asked->stderr };

        return offer_command(c, &wanted, asked->container_id, &answer->url, reterr_message);
}

static GrpcCode read_ports(const Cri__PortForwardRequest *asked, uint32_t **ret, char **reterr_message)
{
        _cleanup_free_ uint32_t *ports = new_array(uint32_t, asked->n_port);

        if (!ports)
                return GRPC_RESOURCE_EXHAUSTED;
        for (size_t i = 0; i < asked->n_port; i++) {
                if (asked->port[i] < 1 || asked->port[i] > UINT16_MAX)
                        return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "there is no port %i",
                                           asked->port[i]);
                ports[i] = (uint32_t) asked->port[i];
        }
        *ret = TAKE_PTR(ports);
        return GRPC_OK;
}

static GrpcCode port_forward(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__PortForwardRequest *asked = request;
        Cri__PortForwardResponse *answer = response;
        _cleanup_(cri_sandbox_done) CriSandbox found = {};
        _cleanup_free_ uint32_t *ports = NULL;
        GrpcCode code = read_ports(asked, &ports, reterr_message);

        if (code == GRPC_OK)
                code = cri_sandbox_ask(c, asked->pod_sandbox_id, &found, reterr_message);
        if (code != GRPC_OK)
                return code;
        if (found.pod->state != POD_RUNNING)
                return call_refuse(GRPC_FAILED_PRECONDITION, reterr_message, "sandbox '%s' is not running",
                                   asked->pod_sandbox_id);
        return offer(&(StreamRequest) { .work = STREAM_PORT_FORWARD, .pod = found.pod->uuid.s, .ports = ports,
                                        .n_ports = asked->n_port }, &answer->url, reterr_message);
}

const CriMethod cri_streaming_methods[] = {
        CRI_METHOD(RuntimeService, Exec, exec, exec),
        CRI_METHOD(RuntimeService, Attach, attach, attach),
        CRI_METHOD(RuntimeService, PortForward, port_forward, port_forward),
        {},
};
